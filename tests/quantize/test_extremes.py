# SPDX-License-Identifier: Apache-2.0
"""Networks and tensors at the ends of what numbers can be: constant, dead, tiny, huge."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from small_networks import assert_engines_agree, conv_node, photographs

from firebrick.errors import FirebrickError
from firebrick.ir.graph import (
    BatchNormNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    Preprocessing,
    Shape,
)
from firebrick.ir.network import Network
from firebrick.passes import prepare
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import run_integers, sqnr_db
from firebrick.quantize.quantizer import quantize
from firebrick.quantize.scales import activation_scale

PHOTOGRAPHS = photographs()
FAST = {"crops": 4, "patches": 40}
OPTIONS = pytest.mark.parametrize(
    "fields", [{}, {"compensate": False}, {"scheme": "linear"}], ids=["default", "plain", "linear"]
)
TINY = float(np.float32(1e-42))
"""A float32 whose leading digits are gone."""


def graph_of(weights: FloatArray, bias: FloatArray, how: Preprocessing | None = None) -> Graph:
    """A stem of 6 channels, a convolution, the average."""
    rng = np.random.default_rng(3)
    stem = conv_node(rng, "stem", "image", (6, 3, 3), relu=True)
    last = ConvNode("last", ("stem",), weights.astype(np.float32), bias.astype(np.float32))
    nodes = (stem, last, GlobalAveragePoolNode("logits", ("last",)))
    return Graph("extreme", Shape(3, 12, 12), nodes, how or Preprocessing(12, "RGB", (0.0,) * 3))


def _alive(graph: Graph, loudness: Sequence[float] = (1.0,) * 6) -> Graph:
    """No channel of the stem is always zero."""
    stem, *rest = graph.nodes
    factors = np.array(loudness, np.float32)[:, None, None, None]
    return replace(graph, nodes=(replace(stem, weights=np.abs(stem.weights) * factors), *rest))


def made(graph: Graph, fields: dict[str, object]) -> Network:
    """Quantized without a warning; every engine agrees on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = quantize(graph, QuantizeOptions(**{**FAST, **fields}), PHOTOGRAPHS)
    assert_engines_agree(network, np.full((1, 3, 12, 12), 9, np.uint8))
    return network


def reals(network: Network, layer: str) -> FloatArray:
    """What the integers of a layer stand for, of one image."""
    pixels = np.full((1, 3, 12, 12), 77, np.uint8)
    return run_integers(network, pixels)[layer][0] * network.scales[layer]


@pytest.mark.parametrize("size", [2.0, 3e-5, TINY, 1e30])
@pytest.mark.parametrize(("sign", "lo", "hi"), [(1, 0, 255), (1, -128, 127), (-1, -128, 127)])
def test_a_constant_has_a_scale_that_gives_it(size: float, sign: int, lo: int, hi: int) -> None:
    value = np.float32(sign * size)
    for values in (np.full(50, value), np.array([value])):
        scale = activation_scale(values, lo, hi, 0.0)
        integer = np.clip(np.rint(float(value) / scale), lo, hi)
        assert abs(integer) > 20
        assert abs(integer * scale / float(value) - 1) < 1e-3


@pytest.mark.parametrize("size", [2.0, 3e-5, TINY, 1e30])
def test_values_next_to_each_other_have_a_scale(size: float) -> None:
    value = np.float32(size)
    pair = np.array([value, np.nextafter(value, np.float32(np.inf))])
    scale = activation_scale(pair, 0, 255, 0.0)
    assert abs(np.rint(size / scale) * scale / size - 1) < 1e-3


@OPTIONS
@pytest.mark.parametrize("loudness", [1e-4, TINY, 0.0])
def test_logits_that_are_nearly_their_bias(loudness: float, fields: dict[str, object]) -> None:
    weights = np.random.default_rng(0).normal(0, 1, (4, 6, 1, 1)) * loudness
    graph = graph_of(weights, np.full(4, 2.0))
    network = made(graph, fields)
    assert sqnr_db(graph, network, PHOTOGRAPHS) > 45
    assert np.abs(reals(network, "last") - 2).max() < 0.02


@OPTIONS
@pytest.mark.parametrize("size", [1e-4, 3.0, 2e5])
def test_a_layer_without_weights_keeps_its_bias(size: float, fields: dict[str, object]) -> None:
    bias = size * np.array([1.0, -0.5, 0.25, 0.0])
    graph = graph_of(np.zeros((4, 6, 1, 1)), bias)
    network = made(graph, fields)
    step = network.scales["last"]
    assert step < size / 100
    assert np.abs(reals(network, "last")[:, 0, 0] - bias).max() <= 0.51 * step


@OPTIONS
def test_outputs_without_weights_keep_their_biases(fields: dict[str, object]) -> None:
    weights = np.random.default_rng(0).normal(0, 1, (60, 6, 1, 1))
    weights[4:] = 0
    largest = 127 * made(graph_of(weights, np.zeros(60)), fields).scales["last"]
    bias = np.zeros(60)
    bias[4:] = np.linspace(-0.9, 0.9, 56) * largest
    network = made(graph_of(weights, bias), fields)
    error = np.abs(reals(network, "last")[4:] - bias[4:, None, None])
    assert error.max() <= 0.55 * network.scales["last"]


@OPTIONS
def test_a_network_that_is_all_zero_has_no_error(fields: dict[str, object]) -> None:
    graph = graph_of(np.zeros((4, 6, 1, 1)), np.zeros(4))
    assert sqnr_db(graph, made(graph, fields), PHOTOGRAPHS) == float("inf")


@OPTIONS
def test_one_output_of_one_weight(fields: dict[str, object]) -> None:
    weights = np.zeros((1, 6, 1, 1))
    weights[0, 1] = 0.5
    graph = _alive(graph_of(weights, np.zeros(1)))
    assert sqnr_db(graph, made(graph, fields), PHOTOGRAPHS) > 35


def test_channels_that_nobody_reads_take_no_integers_from_others() -> None:
    weights = np.zeros((2, 6, 1, 1))
    weights[0, 1] = 0.5
    graph = _alive(graph_of(weights, np.zeros(2)), [1e3, 1, 1e3, 1e3, 1e3, 1e3])
    assert sqnr_db(graph, made(graph, {}), PHOTOGRAPHS) > 35


@OPTIONS
@pytest.mark.parametrize("size", [1e12, 1e18, 3e37])
def test_what_passes_float32_is_one_line_that_names_the_layer(
    size: float, fields: dict[str, object]
) -> None:
    graph = graph_of(np.full((4, 6, 1, 1), size), np.zeros(4))
    with pytest.raises(FirebrickError, match=r"conv 'last': output=\S+ exceeds 1.1e\+12"):
        made(graph, fields)


def test_a_deviation_too_small_to_divide_by_is_refused() -> None:
    how = Preprocessing(12, "RGB", (0.0,) * 3, (1e-39,) * 3)
    with pytest.raises(FirebrickError, match=r"conv 'stem': mean and std=.*float32 does not hold"):
        made(graph_of(np.ones((4, 6, 1, 1)), np.zeros(4), how), {})


def test_a_batch_norm_that_overflows_is_refused_without_a_warning() -> None:
    graph = graph_of(np.full((4, 6, 1, 1), 1e30), np.zeros(4))
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    norm = BatchNormNode("norm", ("last",), ones * 1e20, zeros, zeros, ones)
    logits = replace(graph.nodes[2], inputs=("norm",))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FirebrickError, match=r"conv 'norm': weights\[.*=inf is not finite"):
            prepare(replace(graph, nodes=(*graph.nodes[:2], norm, logits)))


def test_logits_that_should_be_zero_and_are_not_are_all_noise() -> None:
    silent = graph_of(np.zeros((4, 6, 1, 1)), np.zeros(4))
    network = made(graph_of(np.zeros((4, 6, 1, 1)), np.ones(4)), {})
    assert sqnr_db(silent, network, PHOTOGRAPHS) == float("-inf")
