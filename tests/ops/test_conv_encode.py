# SPDX-License-Identifier: Apache-2.0
"""What lanes store, decoded as the hardware does, gives the weights back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plan_networks as nets
from firebrick.hardware.tensor import TensorType
from firebrick.ops.conv.encode import encode_lane, kept_weights
from firebrick.ops.conv.lanes import assign


def decode(lane, out_order, shape):
    """Codes of a lane, and how often each weight got an entry that is no filler."""
    codes, seen = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    ends = np.cumsum(lane.lengths)
    for output, end, length in zip(out_order, ends, lane.lengths, strict=True):
        at = -1
        for entry in range(end - length, end):
            at += int(lane.gaps[entry]) + 1
            if lane.codes[entry]:
                place = (output, *lane.positions[at])
                codes[place] = lane.codes[entry]
                seen[place] += 1
    return codes, seen


@given(
    seed=st.integers(0, 2**32 - 1),
    kernel=st.sampled_from([1, 3]),
    density=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    pointwise=st.integers(0, 4),
    gap_bits=st.integers(0, 7),
    store_zeros=st.booleans(),
    data=st.data(),
)
def test_round_trip(seed, kernel, density, pointwise, gap_bits, store_zeros, data):
    source = TensorType(data.draw(st.integers(1, 6)), 5, 5)
    operator = nets.conv(
        "c", source, 7, kernel=kernel, density=density, seed=seed, pointwise=pointwise
    )
    shape = operator.weights.shape
    lanes = data.draw(st.integers(1, shape[1] * kernel * kernel))
    kept = kept_weights(operator, store_zeros)
    # Also owners that the planner would not choose: lanes share taps, and some stay empty.
    owner = (
        assign(kept, lanes)
        if data.draw(st.booleans())
        else np.random.default_rng(seed).integers(0, lanes, shape)
    )
    out_order = tuple(np.random.default_rng(seed).permutation(shape[0]).tolist())
    codes, seen = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for number in range(lanes):
        lane = encode_lane(operator, kept & (owner == number), out_order, gap_bits)
        assert lane.lengths.min() >= 1
        assert lane.lengths.sum() == len(lane.gaps) == len(lane.codes)
        assert lane.gaps.max() < 1 << gap_bits
        assert set(lane.channels) == set(lane.positions[:, 0].tolist())
        mine, entries = decode(lane, out_order, shape)
        codes += mine
        seen += entries
    assert np.array_equal(codes, operator.codes)
    assert np.array_equal(seen, operator.codes != 0)


@pytest.mark.parametrize("store_zeros", [False, True])
def test_an_empty_lane_has_a_filler_for_each_output_channel(store_zeros):
    operator = nets.conv("c", TensorType(3, 5, 5), 6, kernel=3)
    nothing = np.zeros(operator.weights.shape, bool)
    lane = encode_lane(operator, nothing, tuple(range(6)), 4)
    assert lane.channels == ()
    assert lane.lengths.tolist() == [1] * 6
    assert not lane.codes.any()


def test_without_gaps_every_position_is_an_entry():
    """Up to the last of a channel."""
    operator = nets.conv("c", TensorType(9, 5, 5), 6, density=0.4, seed=2)
    kept = kept_weights(operator, store_zeros=False)
    lane = encode_lane(operator, kept, tuple(range(6)), 0)
    assert not lane.gaps.any()
    index = (slice(None), *lane.positions.T)
    last = [np.flatnonzero(row).max(initial=0) + 1 for row in kept[index]]
    assert lane.lengths.tolist() == last


def test_stored_zeros_are_those_of_pruning_alone():
    """Not the ring around a filter that uses its centre tap only."""
    operator = nets.conv("c", TensorType(40, 5, 5), 6, kernel=3, density=0.5, pointwise=3)
    kept = kept_weights(operator, store_zeros=True)
    assert operator.nonzero < 0.6 * kept.sum()
    assert kept[:3].sum((1, 2, 3)).tolist() == [40] * 3
    assert kept[3:].all()
