# SPDX-License-Identifier: Apache-2.0
"""Codebooks, GPTQ, scales: each step does what its formula says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from small_networks import conv_node

from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import ConvNode, Graph, Preprocessing, Shape
from firebrick.quantize.exact import IntConv
from firebrick.quantize.floats import run_float
from firebrick.quantize.fold_input import fold_input
from firebrick.quantize.rounding import gptq
from firebrick.quantize.rounding.codebook import cluster_values, linear_values, nearest
from firebrick.quantize.rounding.hessian import Patches, Statistics, Streams, gather_patches
from firebrick.quantize.scales import activation_scale, multipliers, scale_floor

RNG = np.random.default_rng(5)


def problem(seed: int, density: float = 0.5) -> tuple[gptq.Target, np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(200, 12)) @ rng.normal(size=(12, 12))
    mask = rng.random((7, 12)) < density
    values = np.arange(-7.0, 8.0)
    goal = gptq.Target(rng.normal(size=(7, 12)) * mask, mask, inputs.T @ inputs / 200, values)
    return goal, np.full(7, 0.5)


def error(rounded: np.ndarray, goal: gptq.Target) -> float:
    difference = rounded - goal.weights
    return float(np.einsum("oi,ij,oj->", difference, goal.hessian, difference))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("density", [0.5, 1.0])
def test_compensated_rounding_lowers_the_output_error(seed: int, density: float) -> None:
    goal, scale = problem(seed, density)
    plain = np.clip(np.rint(goal.weights / 0.5), -7, 7) * 0.5
    rounded = gptq.round_weights(goal, scale)
    better = gptq.descend(rounded, goal, scale)
    assert error(better, goal) <= error(rounded, goal) * (1 + gptq.DAMPING)
    assert error(better, goal) < 0.9 * error(plain, goal)
    for result in (rounded, better):
        assert not result[~goal.mask].any()
        assert set(np.unique(result / 0.5)) <= set(goal.values)


def test_uncorrelated_inputs_leave_nothing_to_compensate() -> None:
    goal, scale = problem(0)
    goal = gptq.Target(goal.weights, goal.mask, np.diag(np.arange(1.0, 13.0)), goal.values)
    expected = np.clip(np.rint(goal.weights / 0.5), -7, 7) * 0.5
    assert np.array_equal(gptq.round_weights(goal, scale), expected)
    assert np.array_equal(gptq.descend(expected, goal, scale), expected)


def test_best_scale_is_a_minimum() -> None:
    goal, scale = problem(1)
    rounded = gptq.round_weights(goal, scale)
    best = gptq.best_scale(rounded, goal, scale)
    steps = rounded / scale[:, None]
    least = error(steps * best[:, None], goal)
    for factor in (0.99, 1.01):
        assert error(steps * (best * factor)[:, None], goal) > least


def test_target_keeps_the_output_when_inputs_are_distorted() -> None:
    exact = RNG.normal(size=(4000, 6)).astype(np.float32)
    distorted = (exact * np.linspace(0.8, 1.3, 6)).astype(np.float32)
    weights = RNG.normal(size=(3, 6))
    statistics = Statistics.of(Patches(exact, distorted))
    goal = gptq.target(weights, np.ones((3, 6), bool), statistics)
    before = ((exact @ weights.T - distorted @ weights.T) ** 2).mean()
    after = ((exact @ weights.T - distorted @ goal.T) ** 2).mean()
    assert after < before / 2  # the ridge keeps it from going all the way
    same = gptq.target(weights, np.ones((3, 6), bool), Statistics.of(Patches(exact, exact)))
    assert np.allclose(same, weights)


@settings(deadline=None)
@given(
    points=hnp.arrays(np.float64, st.integers(1, 300), elements=st.floats(-1, 1, width=32)),
    count=st.integers(3, 63),
    value_bits=st.sampled_from([6, 8]),
)
def test_a_codebook_is_legal_whatever_the_weights(
    points: np.ndarray, count: int, value_bits: int
) -> None:
    book, steps = cluster_values(points, np.ones_like(points), count, value_bits)
    top = (1 << (value_bits - 1)) - 1
    assert book[0] == 0
    assert len(set(book.tolist())) == len(book) <= count + 1
    assert np.abs(book).max() <= top
    assert 0 < steps <= top


def test_a_codebook_finds_few_distinct_values_exactly() -> None:
    points = np.repeat([-1.0, -0.5, 0.25, 1.0], 10)
    book, steps = cluster_values(points, np.ones(40), 63, 8)
    ascending = np.sort(book) / steps
    assert np.abs(ascending[nearest(ascending, points)] - points).max() < 0.01


def test_importance_draws_the_values() -> None:
    points = np.linspace(-1, 1, 2001)
    importance = np.where(points > 0, 1.0, 1e-6)
    book, _ = cluster_values(points, importance, 15, 8)
    assert (book > 0).sum() > 2 * (book < 0).sum()


def test_linear_values_are_consecutive_and_start_at_zero() -> None:
    assert linear_values(3).tolist() == [0, 1, 2, 3, -4, -3, -2, -1]


@settings(deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(1e-6, 1.0)),
)
def test_multipliers_are_the_nearest_sixteen_bits(ratios: np.ndarray) -> None:
    multiplier, shift = multipliers(ratios)
    assert multiplier.min() >= 0
    assert multiplier.max() < 1 << 16
    assert np.abs(multiplier / 2**shift - ratios).max() <= 0.5 / 2**shift
    assert multiplier.max() >= 1 << 15  # no bit is wasted


def test_scale_floor_keeps_a_bias_in_twenty_bits() -> None:
    bias = np.array([-4e6, 0.0, 123.0])
    floor = scale_floor(bias, 0.02)
    steps = np.abs(bias[[0, 2]] / (0.02 * floor[[0, 2]])).max()
    assert 0.8 * (1 << 19) < steps < 0.88 * (1 << 19)  # an eighth is left for corrections
    assert floor[1] == 0


def test_activation_scale_clips_little_and_has_a_floor() -> None:
    values = np.maximum(RNG.normal(size=100_000), 0)
    scale = activation_scale(values, 0, 255, 0.0)
    assert 0.6 * values.max() < scale * 255 <= values.max()
    assert activation_scale(np.zeros(10), 0, 255, 0.125) == 0.125
    assert activation_scale(-np.ones(10), 0, 255, 0.125) == 0.125
    assert activation_scale(values, 0, 255, 1.0) == 1.0


def test_activation_scale_looks_at_both_signs() -> None:
    values = np.concatenate([-np.abs(RNG.normal(size=10_000)), [0.1]])
    scale = activation_scale(values, -128, 127, 0.0)
    assert 0.6 * -values.min() < 128 * scale <= -values.min()


def test_a_tie_takes_the_lower_value() -> None:
    values = np.array([-3.0, -1.0, 0.0, 2.0])
    points = np.array([-9.0, -2.0, -1.999, -0.5, 0.0, 1.0, 1.001, 9.0])
    assert nearest(values, points).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_sums_beyond_what_float32_holds_are_exact() -> None:
    """Those of one filter among small ones."""
    weights = np.zeros((3, 601, 1, 1), np.int64)
    weights[1] = 127
    weights[2, 0] = 1
    sums = IntConv(weights, TensorType(601, 1, 1), 1, (0, 0, 0, 0))
    found = sums(np.full((1, 601, 1, 1), 255, np.uint8))
    assert found.reshape(-1).tolist() == [0, 601 * 127 * 255, 255]  # odd, and above 2**24


def test_patches_are_what_the_convolution_multiplies() -> None:
    node = conv_node(RNG, "c", "image", (4, 3, 3), stride=2, pads=(1, 1, 0, 1))
    x = RNG.integers(0, 256, (2, 3, 9, 8)).astype(np.uint8)
    size = ((9 + 1 - 3) // 2 + 1, (8 + 2 - 3) // 2 + 1)
    streams = Streams(x.astype(np.float32), x, 0.5)
    patches = gather_patches([streams], len(x), node, size, 1000, np.random.default_rng(0))
    assert patches.real.shape == (2 * size[0] * size[1], 27)
    assert np.array_equal(patches.real, patches.quantized * 2)
    graph = Graph("g", Shape(3, 9, 8), (node,), Preprocessing(9))
    sums = run_float(graph, x.astype(np.float32)).reshape(2, 4, *size) - node.bias[:, None, None]
    found = patches.real @ node.weights.reshape(4, -1).T  # positions in random order
    expected = sums.transpose(0, 2, 3, 1).reshape(-1, 4)
    assert np.allclose(np.sort(found, 0), np.sort(expected, 0), atol=1e-2)


@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_folded_input_computes_the_same_from_raw_pixels(channels: str) -> None:
    node = conv_node(RNG, "c", "image", (4, 3, 3), stride=2)
    how = Preprocessing(9, channels, (104.0, 117.0, 123.0), (57.0, 58.0, 59.0))
    graph = Graph("g", Shape(3, 9, 9), (node,), how)
    pixels = RNG.integers(0, 256, (2, 3, 9, 9)).astype(np.float32)
    ordered = pixels[:, ::-1] if channels == "BGR" else pixels
    mean, std = (np.array(x, np.float32)[:, None, None] for x in (how.mean, how.std))
    expected = run_float(graph, np.ascontiguousarray((ordered - mean) / std))
    folded = fold_input(graph)
    assert isinstance(folded.nodes[0], ConvNode)
    assert np.allclose(run_float(folded, pixels), expected, atol=1e-4)
