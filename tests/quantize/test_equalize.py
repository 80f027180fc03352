# SPDX-License-Identifier: Apache-2.0
"""Equalization changes ranges, never the function."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import conv_node, graphs

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
from firebrick.quantize.equalize import LARGEST_FACTOR, equalize
from firebrick.quantize.floats import run_float


@settings(max_examples=30, deadline=None)
@given(graph=graphs(grids=False), seed=st.integers(0, 1000))
def test_the_function_and_the_zeros_stay(graph: Graph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (3, 3, graph.input.height, graph.input.width)
    images = rng.normal(size=shape).astype(np.float32)
    even = equalize(graph, images)
    before, after = run_float(graph, images), run_float(even, images)
    assert np.allclose(before, after, atol=1e-4 * max(1.0, float(np.abs(before).max())))
    for a, b in zip(graph.nodes, even.nodes, strict=True):
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
    even = equalize(graph, images)
    ratio = (even.nodes[0].weights / graph.nodes[0].weights)[:, 0, 0, 0]
    assert ratio.min() == 1
    assert 1 < ratio[1] < ratio[2] < ratio[3]
    assert ratio[3] == LARGEST_FACTOR
    assert np.array_equal(even.nodes[2].weights.shape, graph.nodes[2].weights.shape)


def test_logits_are_never_touched() -> None:
    graph, images = uneven()
    assert np.allclose(equalize(graph, images).nodes[2].bias, graph.nodes[2].bias)
    pooled_last = replace(graph, nodes=graph.nodes[:2])
    assert np.array_equal(equalize(pooled_last, images).nodes[0].weights, graph.nodes[0].weights)


@pytest.mark.parametrize(
    "fields", [{"ceiling": 6.0}, {"grid": Grid(0.02, 8, signed=False, narrow=False)}]
)
def test_what_has_a_ceiling_or_a_grid_keeps_its_numbers(fields: dict[str, object]) -> None:
    graph, images = uneven()
    nodes = (replace(graph.nodes[0], **fields), *graph.nodes[1:])
    even = equalize(replace(graph, nodes=nodes), images)
    for before, after in zip(nodes, even.nodes, strict=True):
        if isinstance(before, ConvNode) and isinstance(after, ConvNode):
            assert np.array_equal(after.weights, before.weights)


def test_a_bypass_keeps_its_scale() -> None:
    graph, images = uneven()
    rng = np.random.default_rng(2)
    stem = graph.nodes[0]
    nodes = (
        stem,
        conv_node(rng, "expand", "stem", (4, 4, 1)),
        AddNode("bypass", ("stem", "expand")),
    )
    even = equalize(replace(graph, nodes=nodes), images)
    assert np.array_equal(even.nodes[0].weights, stem.weights)


def test_a_thousand_pools_in_a_row_are_seen_through() -> None:
    graph, images = uneven()
    stem, last = graph.nodes[0], replace(graph.nodes[2], name="last")
    names = ["stem", *(f"pool{n}" for n in range(1500))]
    pools = [MaxPoolNode(b, (a,), 1, 1) for a, b in pairwise(names)]
    far = replace(graph, nodes=(stem, *pools, replace(last, inputs=(names[-1],))))
    near = replace(graph, nodes=(stem, replace(last, inputs=("stem",))))
    expected = equalize(near, images).nodes[0].weights
    assert np.array_equal(equalize(far, images).nodes[0].weights, expected)
