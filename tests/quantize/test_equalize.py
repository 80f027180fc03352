# SPDX-License-Identifier: Apache-2.0
"""Equalization changes ranges, never the function."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import conv_node, graphs, photographs, separable, spread

from firebrick.ir.graph import (
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Preprocessing,
    Shape,
)
from firebrick.ir.grid import Grid
from firebrick.quantize.equalize import LARGEST_FACTOR, candidates
from firebrick.quantize.floats import run_float
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import sqnr_db
from firebrick.quantize.quantizer import quantize
from firebrick.quantize.ranges import channel_ranges

BOTH = pytest.mark.parametrize("which", [0, 1], ids=["as they are", "balanced"])


def even(graph: Graph, images: np.ndarray, which: int) -> Graph:
    """One of the candidates."""
    return list(candidates(graph, channel_ranges(graph, images)))[which]


@settings(max_examples=30, deadline=None)
@given(graph=graphs(grids=False), seed=st.integers(0, 1000))
def test_the_function_and_the_zeros_stay(graph: Graph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (3, 3, graph.input.height, graph.input.width)
    images = rng.normal(size=shape).astype(np.float32)
    before = run_float(graph, images)
    for changed in candidates(graph, channel_ranges(graph, images)):
        after = run_float(changed, images)
        assert np.allclose(before, after, atol=1e-4 * max(1.0, float(np.abs(before).max())))
        for a, b in zip(graph.nodes, changed.nodes, strict=True):
            if isinstance(a, ConvNode) and isinstance(b, ConvNode):
                assert np.array_equal(a.weights == 0, b.weights == 0)


def uneven() -> tuple[Graph, np.ndarray]:
    rng = np.random.default_rng(1)
    stem = conv_node(rng, "stem", "image", (4, 3, 1), relu=True)
    loud = np.array([1, 0.1, 0.01, 1e-9], np.float32)
    stem = replace(
        stem, weights=np.abs(stem.weights) * loud[:, None, None, None], bias=stem.bias * 0
    )
    nodes = (
        stem,
        MaxPoolNode("pool", ("stem",), 2, 2),
        conv_node(rng, "classes", "pool", (5, 4, 1)),
        GlobalAveragePoolNode("logits", ("classes",)),
    )
    graph = Graph("g", Shape(3, 8, 8), nodes, Preprocessing(8))
    return graph, rng.random((2, 3, 8, 8)).astype(np.float32)


def test_quiet_channels_are_amplified_through_a_pool_up_to_a_limit() -> None:
    graph, images = uneven()
    amplified = even(graph, images, 0)
    ratio = (amplified.nodes[0].weights / graph.nodes[0].weights)[:, 0, 0, 0]
    assert ratio.min() == 1
    assert 1 < ratio[1] < ratio[2] < ratio[3]
    assert ratio[3] == LARGEST_FACTOR


def test_balanced_channels_have_the_norm_of_what_reads_them_whatever_it_takes() -> None:
    graph, images = uneven()
    only = replace(graph, nodes=(graph.nodes[0], replace(graph.nodes[2], inputs=("stem",))))
    ranges = {name: np.zeros_like(x) for name, x in channel_ranges(only, images).items()}
    _, balanced = candidates(only, ranges)  # where all is silent nothing comes on top
    writes, reads = (x.weights.astype(np.float64) for x in balanced.nodes)
    share = np.sqrt((writes**2).sum((1, 2, 3)) / (reads**2).sum((0, 2, 3)))
    assert np.allclose(share, share[0], rtol=1e-5)
    factors = (writes / only.nodes[0].weights)[:, 0, 0, 0]
    assert factors[3] / factors[0] > 1e4


def test_however_channels_were_scaled_balanced_filters_are_the_same_but_for_a_factor() -> None:
    graph = separable(4)
    images = np.random.default_rng(0).random((2, 3, 12, 12)).astype(np.float32)
    first, second = (even(x, images, 1) for x in (graph, spread(graph, 1000.0)))
    for a, b in zip(first.nodes, second.nodes, strict=True):
        if isinstance(a, ConvNode) and isinstance(b, ConvNode):
            a_share, b_share = (x.weights / np.linalg.norm(x.weights) for x in (a, b))
            assert np.allclose(a_share, b_share, rtol=0.03)


@pytest.mark.parametrize("ratio", [10.0, 3000.0])
def test_the_spread_of_channels_costs_little(ratio: float) -> None:
    graph, images = separable(4), photographs(count=12)
    tame, wild = (
        sqnr_db(x, quantize(x, QuantizeOptions(crops=16), images[:8]), images[8:])
        for x in (graph, spread(graph, ratio))
    )
    assert tame > 30
    assert wild > tame - 6


@BOTH
def test_logits_are_never_touched(which: int) -> None:
    graph, images = uneven()
    assert np.array_equal(even(graph, images, which).nodes[2].bias, graph.nodes[2].bias)
    pooled_last = replace(graph, nodes=graph.nodes[:2])
    same = even(pooled_last, images, which)
    assert np.array_equal(same.nodes[0].weights, graph.nodes[0].weights)


@BOTH
@pytest.mark.parametrize(
    "fields", [{"ceiling": 6.0}, {"grid": Grid(0.02, 8, signed=False, narrow=False)}]
)
def test_what_has_a_ceiling_or_a_grid_keeps_its_numbers(
    fields: dict[str, object], which: int
) -> None:
    graph, images = uneven()
    nodes = (replace(graph.nodes[0], **fields), *graph.nodes[1:])
    changed = even(replace(graph, nodes=nodes), images, which)
    for before, after in zip(nodes, changed.nodes, strict=True):
        if isinstance(before, ConvNode) and isinstance(after, ConvNode):
            assert np.array_equal(after.weights, before.weights)


@BOTH
def test_a_bypass_keeps_its_scale(which: int) -> None:
    graph, images = uneven()
    rng = np.random.default_rng(2)
    stem = graph.nodes[0]
    nodes = (
        stem,
        conv_node(rng, "expand", "stem", (4, 4, 1)),
        AddNode("bypass", ("stem", "expand")),
    )
    same = even(replace(graph, nodes=nodes), images, which)
    assert np.array_equal(same.nodes[0].weights, stem.weights)


@BOTH
def test_a_channel_without_weights_on_one_side_is_no_obstacle(which: int) -> None:
    graph, images = uneven()
    stem, pool, last, logits = graph.nodes
    stem.weights[1] = 0
    last.weights[:, 2] = 0
    changed = even(replace(graph, nodes=(stem, pool, last, logits)), images, which)
    for node in changed.nodes[:3:2]:
        assert np.isfinite(node.weights).all()
    assert np.allclose(run_float(changed, images), run_float(graph, images), rtol=1e-4)


@BOTH
def test_a_thousand_pools_in_a_row_are_seen_through(which: int) -> None:
    graph, images = uneven()
    stem, last = graph.nodes[0], replace(graph.nodes[2], name="last")
    names = ["stem", *(f"pool{n}" for n in range(1500))]
    pools = [MaxPoolNode(b, (a,), 1, 1) for a, b in pairwise(names)]
    far = replace(graph, nodes=(stem, *pools, replace(last, inputs=(names[-1],))))
    near = replace(graph, nodes=(stem, replace(last, inputs=("stem",))))
    expected = even(near, images, which).nodes[0].weights
    assert np.array_equal(even(far, images, which).nodes[0].weights, expected)
