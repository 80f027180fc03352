# SPDX-License-Identifier: Apache-2.0
"""A graph on pixels, with a border where zeros were, computes what it did on floats."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import assert_engines_agree, conv_node, photographs

from firebrick.errors import FirebrickError
from firebrick.images import centre_crop, framed, of_photographs, to_float
from firebrick.ir.graph import AddNode, ConvNode, GlobalAveragePoolNode, Graph, MaxPoolNode, Shape
from firebrick.preprocessing import Preprocessing
from firebrick.quantize.floats import run_float
from firebrick.quantize.fold_input import fold_input
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import sqnr_db
from firebrick.quantize.quantizer import quantize

Pads = tuple[int, int, int, int]
WHOLE = (104.0, 117.0, 123.0)
"""A mean that a pixel stands for."""


def graph(*readers: tuple[int, int, Pads], how: Preprocessing, side: int = 11) -> Graph:
    """Layers that read the image (kernel, stride, pads), their sum, and an average."""
    rng = np.random.default_rng(5)
    channels = len(how.mean)
    nodes = [
        conv_node(rng, f"c{n}", "image", (4, channels, kernel), stride=stride, pads=pads)
        for n, (kernel, stride, pads) in enumerate(readers)
    ]
    last = nodes[0].name
    if len(nodes) == 2:
        nodes.append(AddNode("sum", ("c0", "c1"), relu=True))
        last = "sum"
    return Graph(
        "g",
        Shape(channels, side, side),
        (*nodes, conv_node(rng, "map", last, (5, 4, 1)), GlobalAveragePoolNode("y", ("map",))),
        how,
    )


def float_difference(model: Graph) -> float:
    """How far the folded graph on pixels is from the graph on floats, at most."""
    rng = np.random.default_rng(1)
    image = model.input
    pixels = rng.integers(0, 256, (2, image.channels, image.height, image.width)).astype(np.uint8)
    folded = fold_input(model)
    assert folded.input == Shape(*framed(pixels, folded.preprocessing).shape[1:])
    wanted = run_float(model, to_float(pixels, model.preprocessing))
    given = framed(pixels, folded.preprocessing).astype(np.float32)
    return float(np.abs(run_float(folded, given) - wanted).max())


@settings(deadline=None, max_examples=60)
@given(
    kernel=st.sampled_from([1, 3, 5, 7]),
    stride=st.integers(1, 3),
    corner=st.integers(0, 3),
    end=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    channels=st.sampled_from(["RGB", "BGR", "GREY", "RAW"]),
)
def test_zeros_become_the_pixel_of_the_mean(
    kernel: int, stride: int, corner: int, end: tuple[int, int], channels: str
) -> None:
    mean = {"GREY": (116.0,), "RAW": (7.0, 255.0)}.get(channels, WHOLE)
    how = Preprocessing(11, channels, mean, tuple(50.0 + n for n in range(len(mean))))
    pads = (corner, corner, *end)
    model = graph((kernel, stride, pads), how=how)
    assert float_difference(model) < 1e-4
    folded = fold_input(model)
    assert folded.preprocessing.border == pads
    (conv, *_) = folded.nodes
    assert isinstance(conv, ConvNode)
    assert (conv.pads, conv.weights.shape[-1]) == ((0, 0, 0, 0), kernel)


def test_the_border_is_in_the_order_of_the_image() -> None:
    how = Preprocessing(11, "BGR", WHOLE, (1.0,) * 3)
    assert fold_input(graph((3, 1, (1,) * 4), how=how)).preprocessing.fill == (123, 117, 104)
    how = Preprocessing(11, "RGB", (103.5, 116.4, 122.6), (1.0,) * 3)
    assert fold_input(graph((3, 1, (1,) * 4), how=how)).preprocessing.fill == (104, 116, 123)


def test_one_channel_whose_zero_is_no_black_pixel_makes_a_border() -> None:
    how = Preprocessing(11, "RGB", (0.0, 117.0, 0.0), (50.0,) * 3)
    model = graph((3, 2, (1,) * 4), how=how)
    assert float_difference(model) < 1e-4
    assert fold_input(model).preprocessing.fill == (0, 117, 0)


@pytest.mark.parametrize("mean", [(0.0,) * 3, (0.4, 0.0, 0.1)])
def test_hardware_pads_with_zeros_itself_where_they_are_pixels(mean: tuple[float, ...]) -> None:
    model = graph((3, 2, (1,) * 4), how=Preprocessing(11, "RGB", mean, (50.0,) * 3))
    folded = fold_input(model)
    assert folded.input == model.input
    assert (folded.preprocessing.border, folded.preprocessing.fill) == ((0, 0, 0, 0), ())
    assert folded.nodes[0].pads == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("first", "second", "kernels"),
    [
        ((3, 1, (1, 1, 1, 1)), (1, 1, (0, 0, 0, 0)), (3, 3)),
        ((7, 2, (3, 3, 3, 3)), (3, 2, (1, 1, 1, 1)), (7, 7)),
        ((3, 2, (1, 1, 1, 1)), (3, 2, (0, 0, 2, 2)), (4, 4)),
        ((5, 2, (2, 2, 1, 1)), (4, 2, (1, 1, 1, 1)), (5, 5)),
        ((3, 3, (0, 0, 2, 1)), (3, 3, (0, 0, 2, 2)), (4, 3)),
    ],
)
def test_layers_padded_otherwise_have_zeros_around_their_kernels(
    first: tuple[int, int, Pads], second: tuple[int, int, Pads], kernels: tuple[int, int]
) -> None:
    model = graph(first, second, how=Preprocessing(11, "BGR", WHOLE, (50.0, 60.0, 70.0)))
    assert float_difference(model) < 1e-4
    folded = fold_input(model).nodes[:2]
    assert tuple(x.weights.shape[-1] for x in folded if isinstance(x, ConvNode)) == kernels


@pytest.mark.parametrize(
    ("rows", "columns", "border"),
    [
        (slice(0, 2), slice(0, 3), (1, 1, 0, 1)),
        (slice(1, 3), slice(1, 2), (0, 0, 1, 0)),
        (slice(2, 3), slice(0, 1), (0, 1, 1, 0)),
        (slice(1, 2), slice(1, 2), (0, 0, 0, 0)),
        (slice(0, 0), slice(0, 0), (0, 0, 0, 0)),
    ],
)
def test_padding_that_zeros_alone_look_at_is_none(
    rows: slice, columns: slice, border: Pads
) -> None:
    """As a rectangular kernel or an unequal padding becomes a square one."""
    model = graph((3, 1, (1, 1, 1, 1)), how=Preprocessing(11, "RGB", WHOLE, (50.0,) * 3))
    first = model.nodes[0]
    assert isinstance(first, ConvNode)
    weights = np.zeros_like(first.weights)
    weights[:, :, rows, columns] = first.weights[:, :, rows, columns]
    model = replace(model, nodes=(replace(first, weights=weights), *model.nodes[1:]))
    assert float_difference(model) < 1e-4
    assert fold_input(model).preprocessing.border == border


@pytest.mark.parametrize(
    ("readers", "mean", "message"),
    [
        ([(3, 1, (1,) * 4)], (104.0, 256.0, 0.0), r"pads=\(1, 1, 1, 1\) .* no pixel 0..255 is"),
        ([(3, 1, (1,) * 4)], (-0.6, 0.0, 0.0), "no pixel 0..255 is zero"),
        ([(3, 1, (1,) * 4)], (0.0, 1e300, 0.0), "no pixel 0..255 is zero"),
        ([(3, 400, (1025,) * 4)], WHOLE, r"1025\) of a layer that reads the image exceeds 1024"),
        (
            [(3, 300, (1000,) * 4), (3, 1, (0,) * 4)],
            WHOLE,
            r"conv 'c1': pads=\(0, 0, 0, 0\) beside the widest, .* more than 16777216 weights",
        ),
    ],
)
def test_what_no_border_can_express_is_refused(
    readers: list[tuple[int, int, Pads]], mean: tuple[float, ...], message: str
) -> None:
    with pytest.raises(FirebrickError, match=message):
        fold_input(graph(*readers, how=Preprocessing(11, "RGB", mean, (50.0,) * 3)))


def test_only_convolutions_may_read_the_image() -> None:
    pool = MaxPoolNode("p", ("image",), 3, 2)
    model = graph((3, 1, (0,) * 4), how=Preprocessing(11))
    with pytest.raises(FirebrickError, match=re.escape("layer 'p': reads the image, which only")):
        fold_input(replace(model, nodes=(pool, *model.nodes)))


@pytest.mark.parametrize("channels", ["RGB", "BGR", "GREY"])
def test_a_padded_network_is_as_good_as_one_without(channels: str) -> None:
    """SQNR is that against the floats with their own zeros, and every engine agrees."""
    mean = (116.0,) if channels == "GREY" else (103.939, 116.779, 123.68)
    how = Preprocessing(16, channels, mean, (57.0,) * len(mean))
    options = QuantizeOptions(8, crops=16, patches=80)
    found = {}
    for pad in (0, 1):
        model = graph((3, 2, (pad,) * 4), how=how, side=15)
        network = quantize(model, options, photographs(count=8))
        found[pad] = sqnr_db(model, network, photographs(count=12)[8:])
        assert (network.image.height, network.image.width) == (15 + 2 * pad, 15 + 2 * pad)
        how_now = network.preprocessing
        assert replace(how_now, border=(0, 0, 0, 0), fill=()) == how
        assert how_now.border == (pad,) * 4
        cuts = np.stack([centre_crop(x, 16, 15, 15) for x in photographs(count=2)])
        assert_engines_agree(network, of_photographs(cuts, how_now))
    assert found[1] > found[0] - 2
    assert found[1] > 38
