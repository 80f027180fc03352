# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.errors import FirebrickError
from firebrick.ops.conv.lanes import TOLERANCE, assign, share_channels


@st.composite
def kept_and_lanes(draw):
    """Random weights, of channels that are anything from empty to full, and a number of lanes."""
    outputs, inputs = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    kernel = draw(st.sampled_from([1, 2, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = rng.random(inputs)[:, None, None] ** draw(st.sampled_from([0, 1, 4]))
    kept = rng.random((outputs, inputs, kernel, kernel)) < density * draw(st.floats(0, 1))
    return kept, draw(st.integers(1, kept[0].size))


def loads_of(kept, owner, lanes):
    """Weights of each lane."""
    return np.bincount(owner[kept], minlength=lanes)


def copies_of(kept, owner, lanes):
    """Channels that lanes keep, beyond one copy of each."""
    held = [np.any(kept & (owner == lane), axis=(0, 2, 3)) for lane in range(lanes)]
    return int(np.sum(held)) - int(np.any(kept, axis=(0, 2, 3)).sum())


@given(kept_and_lanes())
def test_every_weight_has_a_lane(case):
    kept, lanes = case
    owner = assign(kept, lanes)
    assert owner.shape == kept.shape
    assert owner.min() >= 0
    assert owner.max() < lanes


@given(kept_and_lanes())
def test_no_more_shared_channels_than_borders(case):
    kept, lanes = case
    assert copies_of(kept, assign(kept, lanes), lanes) <= lanes - 1


@given(kept_and_lanes())
def test_heaviest_lane_is_near_the_mean(case):
    """Whatever the weights: within their share, a tap's weights and an entry."""
    kept, lanes = case
    owner = assign(kept, lanes)
    each = np.array([loads_of(k, o, lanes) for k, o in zip(kept, owner, strict=True)])
    entries = np.maximum(each, 1).sum(0)  # a lane has one for every output channel
    assert entries.max() <= 1.15 * entries.mean() + kept.sum((2, 3)).max() + 1


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("lanes", [2, 5, 7, 13, 24, 27])
def test_dense_layers_are_dealt_evenly(kernel, lanes):
    """Also where lanes and channels do not divide."""
    kept = np.ones((128, 32, kernel, kernel), bool)
    loads = loads_of(kept, assign(kept, lanes), lanes)
    assert loads.max() <= 1.015 * loads.mean()


@pytest.mark.parametrize("lanes", [3, 7, 13])
def test_pruned_layers_are_dealt_evenly(lanes):
    rng = np.random.default_rng(1)
    kept = rng.random((128, 64, 3, 3)) < 0.3
    owner = assign(kept, lanes)
    loads = loads_of(kept, owner, lanes)
    assert loads.max() <= 1.01 * loads.mean()
    # Not only in the end: a lane that is behind for long starves the drain.
    sums = np.cumsum([loads_of(k, o, lanes) for k, o in zip(kept, owner, strict=True)], axis=0)
    fair = sums.mean(1)
    assert (np.abs(sums - fair[:, None]) <= 0.15 * fair[-1]).all()


def test_more_lanes_than_channels():
    kept = np.ones((48, 3, 7, 7), bool)
    loads = loads_of(kept, assign(kept, 43), 43)
    assert loads.max() <= 1.015 * loads.mean()


def test_one_channel_shared_by_all_lanes():
    kept = np.ones((10, 1, 3, 3), bool)
    owner = assign(kept, 9)
    assert loads_of(kept, owner, 9).tolist() == [10] * 9


def test_whole_channels_where_they_balance():
    kept = np.ones((5, 12, 3, 3), bool)
    owner = assign(kept, 4)
    assert copies_of(kept, owner, 4) == 0
    assert loads_of(kept, owner, 4).tolist() == [135] * 4


def test_a_channel_is_not_shared_for_a_crumb():
    """The last one exceeds its lane's fair share by one weight in two thousand."""
    loads = np.array([1003, 1001, 1000, 1000])
    assert share_channels(loads, 2, TOLERANCE) == [(0,), (1,), (1,), (0,)]
    # Two lanes and three weights: the third lane, which has room for three, is left out.
    assert share_channels(np.array([2003, 997]), 3, TOLERANCE) == [(1, 2), (0,)]


def test_fillers_take_their_time():
    """A lane that has no weight of an output channel spends an entry on it nevertheless."""
    kept = np.zeros((64, 2, 3, 3), bool)
    kept[:, 1] = kept[::8, 0] = True
    owner = assign(kept, 4)
    each = np.array([loads_of(k, o, 4) for k, o in zip(kept, owner, strict=True)])
    entries = np.maximum(each, 1).sum(0)
    assert entries.max() - entries.min() <= 2


def test_runs_of_a_shared_channel_are_in_one_order():
    """Each lane's taps of an output channel lie together, so that its gaps stay short."""
    owner = assign(np.ones((6, 1, 3, 3), bool), 4)
    for taps in owner.reshape(6, 9):
        assert np.count_nonzero(np.diff(taps)) <= 3


def test_weights_that_are_all_zero():
    kept = np.zeros((4, 5, 3, 3), bool)
    assert assign(kept, 7).max() < 7


@pytest.mark.parametrize("lanes", [0, 13])
def test_more_lanes_than_weights(lanes):
    with pytest.raises(FirebrickError, match=rf"^lanes={lanes} is not in 1\.\.12, the weights of"):
        assign(np.ones((4, 3, 2, 2), bool), lanes)
