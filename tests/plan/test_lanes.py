# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.errors import FirebrickError
from firebrick.plan.lanes import assign


@st.composite
def loads_and_lanes(draw):
    shape = draw(st.tuples(st.integers(1, 24), st.integers(1, 7)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    loads = rng.integers(0, draw(st.sampled_from([1, 2, 50, 1000])) + 1, shape)
    return loads, draw(st.integers(1, loads.size))


@given(loads_and_lanes())
def test_every_slice_is_assigned_once_and_no_lane_is_empty(case):
    loads, lanes = case
    slices = assign(loads, lanes)
    assert len(slices) == lanes
    assert all(slices)
    assigned = sorted(pair for lane in slices for pair in lane)
    assert assigned == [(i, k) for i in range(loads.shape[0]) for k in range(loads.shape[1])]


@given(loads_and_lanes())
def test_heaviest_lane_is_within_a_slice_of_the_lightest_possible(case):
    loads, lanes = case
    slices = assign(loads, lanes)
    heaviest = max(sum(int(loads[i, k]) for i, k in lane) for lane in slices)
    # longest processing time first over whole channels never does worse than this
    assert heaviest <= loads.sum() / lanes + loads.sum(1).max()


def test_few_channels_are_shared():
    rng = np.random.default_rng(1)
    loads = rng.integers(50, 150, (64, 3))
    slices = assign(loads, 13)
    sums = [sum(int(loads[i, k]) for i, k in lane) for lane in slices]
    copies = sum(len({i for i, _ in lane}) for lane in slices) - 64
    assert max(sums) <= 1.01 * np.mean(sums)
    assert copies <= 30  # cutting all of them would make about 120


def test_whole_channels_where_they_balance():
    slices = assign(np.full((12, 3), 7), 4)
    assert all(len({i for i, _ in lane}) == 3 and len(lane) == 9 for lane in slices)


@pytest.mark.parametrize("lanes", [0, 13])
def test_more_lanes_than_slices(lanes):
    with pytest.raises(FirebrickError, match=rf"^lanes={lanes} is not in 1\.\.12, the number"):
        assign(np.ones((4, 3), np.int64), lanes)
