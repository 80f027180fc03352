# SPDX-License-Identifier: Apache-2.0
"""Layers behind the global average, and the logits that convolutions and additions give."""

from __future__ import annotations

import numpy as np
import pytest
from small_networks import assert_engines_agree, conv_node, photographs

from firebrick.hardware.tensor import TensorType
from firebrick.images import centre_crop
from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Preprocessing,
    Shape,
)
from firebrick.ops.avgpool import AvgPool
from firebrick.quantize.floats import run_float
from firebrick.quantize.ops.base import LOGIT_BITS
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import run_integers, sqnr_db
from firebrick.quantize.quantizer import quantize
from firebrick.quantize.scales import HEADROOM, logit_scale

SIDE, CLASSES = 12, 5
PHOTOGRAPHS = photographs()
OPTIONS = QuantizeOptions(crops=8, patches=60)
PIXELS = np.stack([centre_crop(x, SIDE, SIDE, SIDE) for x in PHOTOGRAPHS])


def graph(*head: Node, relu: bool = True, ring: np.ndarray | None = None) -> Graph:
    """A convolution, its average, and some layers behind."""
    rng = np.random.default_rng(8)
    nodes = (
        conv_node(rng, "body", IMAGE, (8, 3, 3), relu=relu),
        GlobalAveragePoolNode("average", ("body",), ring),
        *head,
    )
    return Graph("headed", Shape(3, SIDE, SIDE), nodes, Preprocessing(SIDE, std=(60.0,) * 3))


def linear(name: str, source: str, shape: tuple[int, int], *, relu: bool = False) -> ConvNode:
    return conv_node(np.random.default_rng(len(name)), name, source, (*shape, 1), relu=relu)


HIDDEN = linear("hidden", "average", (16, 8), relu=True)
HEADS: dict[str, tuple[Node, ...]] = {
    "linear": (linear("classes", "average", (CLASSES, 8)),),
    "clamped": (linear("classes", "average", (CLASSES, 8), relu=True),),
    "hidden": (HIDDEN, linear("classes", "hidden", (CLASSES, 16))),
    "joined": (
        linear("left", "average", (CLASSES, 8)),
        linear("other", "average", (CLASSES, 8)),
        AddNode("classes", ("left", "other")),
    ),
}


@pytest.mark.parametrize("relu", [True, False], ids=["unsigned", "signed"])
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_engines_agree_on_layers_behind_an_average(head: tuple[Node, ...], relu: bool) -> None:
    network = quantize(graph(*head, relu=relu), OPTIONS, PHOTOGRAPHS)
    assert_engines_agree(network, PIXELS)
    types = network.types()
    assert types["average"] == TensorType(8, 1, 1, 8, signed=not relu)
    assert types["classes"].bits == LOGIT_BITS
    assert types["classes"].signed is not getattr(head[-1], "relu", False)
    assert sqnr_db(graph(*head, relu=relu), network, PHOTOGRAPHS) > 28


@pytest.mark.parametrize("bits", [4, 6])
def test_an_average_has_the_bits_of_activations(bits: int) -> None:
    options = QuantizeOptions(crops=8, patches=60, act_bits=bits)
    types = quantize(graph(*HEADS["hidden"]), options, PHOTOGRAPHS).types()
    assert [types[x].bits for x in ("average", "hidden", "classes")] == [bits, bits, LOGIT_BITS]


def test_an_average_with_a_negative_ring_is_signed() -> None:
    ring = np.array([-900, 0, 0, 0, 0, 0, 0, 40], np.float32)
    network = quantize(graph(*HEADS["linear"], ring=ring), OPTIONS, PHOTOGRAPHS)
    assert network.types()["average"].signed
    assert network.golden(PIXELS.astype(np.int64))["average"][:, 0].max() < 0
    assert_engines_agree(network, PIXELS)


def test_an_average_uses_its_range_and_means_what_it_says() -> None:
    model = graph(*HEADS["linear"])
    network = quantize(model, OPTIONS, PHOTOGRAPHS)
    layer, operator = next(network.each(AvgPool))
    mean = run_integers(network, PIXELS)[layer.name]
    assert not operator.is_exact
    assert mean.max() > operator.output.hi / 4
    wanted = run_float(graph(), PIXELS / np.float32(60))
    found = mean[:, :, 0, 0] * network.scales[layer.name]
    assert np.abs(found - wanted).max() < 0.05 * wanted.max()


def test_logits_of_an_average_that_ends_the_network_are_sums() -> None:
    _, operator = next(quantize(graph(), OPTIONS, PHOTOGRAPHS).each(AvgPool))
    assert operator.is_exact


def test_a_max_pool_that_ends_the_network_has_the_bits_of_activations() -> None:
    rng = np.random.default_rng(8)
    nodes = (conv_node(rng, "body", IMAGE, (8, 3, 3)), MaxPoolNode("classes", ("body",), 10, 10))
    model = Graph("pooled", Shape(3, SIDE, SIDE), nodes, Preprocessing(SIDE))
    assert quantize(model, OPTIONS, PHOTOGRAPHS).types()["classes"].bits == 8


@pytest.mark.parametrize("low", [0, -(1 << 15)], ids=["unsigned", "signed"])
def test_logits_twice_those_of_the_calibration_are_not_clamped(low: int) -> None:
    high = (1 << 16) - 1 + low
    scale = logit_scale(np.array([-3.0, 1.0, 3.0]) if low else np.array([0.0, 3.0]), low, high, 0)
    assert scale == pytest.approx(HEADROOM * 3.0 / high)
    assert logit_scale(np.array([0.25]), low, high, 0.5) == 0.5
    assert logit_scale(np.zeros(4), low, high, 0.5) == 0.5


def test_wide_logits_tell_apart_what_bytes_do_not() -> None:
    """Two classes whose weights differ by one part in a hundred."""
    body, classes = graph().nodes[0], linear("classes", "average", (2, 8))
    classes.weights[1] = classes.weights[0] * 1.01
    classes.bias[:] = 0
    network = quantize(graph(classes), QuantizeOptions(8, crops=8, patches=60), PHOTOGRAPHS)
    assert body.relu
    logits = network.golden(PIXELS.astype(np.int64))["classes"][:, :, 0, 0]
    assert np.all(np.sign(logits[:, 1] - logits[:, 0]) == np.sign(logits[:, 0]))
