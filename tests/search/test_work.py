# SPDX-License-Identifier: Apache-2.0
"""The estimate that the search lives by, against the engines themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plan_networks as nets
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ops.conv.folding import fewest_columns
from firebrick.plan.engines import derive
from firebrick.search.work import DRAIN_SHARE, GAP_BITS, INPUT_SHARE, works

LAYERS = {
    "squeeze": (256, 64, 1, 0),
    "expand": (32, 128, 3, 64),
    "conv": (48, 64, 3, 0),
    "first": (3, 64, 3, 0),
}
"""Input channels, output channels, kernel, pointwise filters."""


def layer(name, density, store_zeros=False):
    """A network of one convolution, and its work."""
    inputs, outputs, kernel, pointwise = LAYERS[name]
    operator = nets.conv(
        "c",
        TensorType(inputs, 20, 20),
        outputs,
        kernel=kernel,
        density=density,
        pointwise=pointwise,
    )
    network = nets.network([(operator, (IMAGE,))], operator.input)
    return network, works(network, store_zeros)["c"]


def exact(network, choice):
    return sum(derive(network, {"c": choice}).engines["c"].timing().cycles)


@pytest.mark.parametrize("density", [0.2, 0.4, 1.0])
@pytest.mark.parametrize("name", LAYERS)
def test_estimate_is_close(name, density):
    network, work = layer(name, density)
    gap = work.gaps[-1]
    for lanes in (1, 2, 3, 5, 13):
        cycles = exact(network, nets.folded(lanes, 5, 5, gap))
        near = 0.005 if lanes == 1 else 0.06
        assert work.frame_cycles(lanes, 5, gap) == pytest.approx(cycles, rel=near), lanes


@pytest.mark.parametrize("name", LAYERS)
def test_estimate_with_zeros_stored(name):
    network, work = layer(name, 0.3, store_zeros=True)
    assert work.gaps == [0]
    cycles = exact(network, nets.folded(1, 5, 5, 0, store_zeros=True))
    assert work.frame_cycles(1, 5, 0) == pytest.approx(cycles, rel=0.005)


def test_every_gap_of_one_lane_is_estimated_exactly():
    """Its fillers are counted, not guessed: only rows shorter than the engine's pipeline differ."""
    network, work = layer("conv", 0.3)
    for gap in work.gaps:
        cycles = exact(network, nets.folded(1, 10, 10, gap))
        assert abs(work.frame_cycles(1, 10, gap) - cycles) <= 10 * work.operator.output.height


def test_what_was_measured_is_believed():
    _, work = layer("conv", 0.3)
    before = work.frame_cycles(8, 5, 3)
    other = work.frame_cycles(8, 5, 4)
    work.learn(nets.folded(7, 5, 1, 3), round(1.1 * work.frame_cycles(7, 5, 3)))
    assert work.frame_cycles(8, 5, 3) == pytest.approx(1.1 * before, rel=0.01)
    assert work.frame_cycles(8, 5, 4) == other
    work.learn(nets.folded(8, 5, 1, 3), 12_345)
    assert work.frame_cycles(8, 5, 3) == pytest.approx(12_345, rel=0.01)


def test_one_lane_says_nothing_of_several():
    _, work = layer("conv", 0.3)
    before = work.frame_cycles(4, 5, 3)
    work.learn(nets.folded(1, 5, 1, 3), round(1.2 * work.frame_cycles(1, 5, 3)))
    assert work.frame_cycles(4, 5, 3) == before


@given(columns=st.integers(1, 20), gap=st.integers(2, 5), target=st.integers(100, 10**6))
def test_fewest_lanes_are_the_fewest(columns, gap, target):
    _, work = layer("expand", 0.4)
    lanes = work.fewest_lanes(columns, gap, target)
    if lanes is None:
        assert work.frame_cycles(work.most_lanes, columns, gap) > target
        return
    assert 1 <= lanes <= work.most_lanes
    assert work.frame_cycles(lanes, columns, gap) <= target
    assert lanes == 1 or work.frame_cycles(lanes - 1, columns, gap) > target


@given(columns=st.integers(1, 20), target=st.integers(1000, 10**6))
def test_drain_keeps_pace_and_one_less_does_not(columns, target):
    _, work = layer("expand", 0.4)
    if not work.keeps_pace(columns, target):
        return
    outputs = 128 * work.segments(columns) * 20
    drain = work.drain(columns, target)
    assert 1 <= drain <= columns
    assert -(-columns // drain) * outputs <= DRAIN_SHARE * target
    assert drain == 1 or -(-columns // (drain - 1)) * outputs > DRAIN_SHARE * target


@pytest.mark.parametrize("name", LAYERS)
def test_columns_worth_trying_are_the_fewest_for_each_number_of_beats(name):
    _, work = layer(name, 0.4)
    width, least = work.operator.output.width, fewest_columns(work.operator)
    segments = {work.segments(x) for x in range(least, width + 1)}
    assert work.columns()[0] == least
    assert [work.segments(x) for x in work.columns()] == sorted(segments, reverse=True)
    assert all(x == least or work.segments(x - 1) > work.segments(x) for x in work.columns())


def test_a_pool_in_front_sets_the_pace():
    """A pool takes rows while it gives one: its reader must not hold it up."""
    network = nets.chain(size=31)
    found = works(network, store_zeros=False)
    assert found["squeeze"].pace == 15  # rows of conv1, in front of the pool
    assert found["expand"].pace == 7
    squeeze = found["squeeze"]
    least = 15 * squeeze.input_beats(1) / INPUT_SHARE
    assert squeeze.keeps_pace(1, least)
    assert not squeeze.keeps_pace(1, 0.99 * least)


def test_a_kernel_as_large_as_a_map_has_gaps_worth_trying():
    """As a layer behind a flattened map becomes: of more taps than any gap counts."""
    operator = nets.conv("c", TensorType(2, 18, 18), 3, kernel=18, density=0.9)
    work = works(nets.network([(operator, (IMAGE,))], operator.input), store_zeros=False)["c"]
    assert set(work.gaps) <= set(GAP_BITS)
    assert work.fewest_lanes(18, work.gaps[-1], 1e6) == 1
