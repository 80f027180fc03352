# SPDX-License-Identifier: Apache-2.0
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firebrick.plan.order import balance_order


def drift(entries, order):
    """Largest distance between any two of: a lane's running sum, and the mean pace of all."""
    sums = np.cumsum(entries[:, list(order)], 1)
    mean = np.arange(1, entries.shape[1] + 1) * entries.mean()
    both = np.vstack([sums, mean])
    return (both.max(0) - both.min(0)).max()


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_order_is_a_permutation(channels, lanes, seed):
    entries = np.random.default_rng(seed).integers(0, 100, (lanes, channels))
    assert sorted(balance_order(entries)) == list(range(channels))


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_no_other_channel_would_have_kept_lanes_closer(channels, lanes, seed):
    entries = np.random.default_rng(seed).integers(0, 100, (lanes, channels))
    paced = np.vstack([entries, np.full(channels, entries.mean())])
    sums, left = np.zeros(lanes + 1), set(range(channels))
    for pick in balance_order(entries):
        best = min(np.var(sums + paced[:, x]) for x in left)
        sums += paced[:, pick]
        left.remove(pick)
        assert np.var(sums) <= best + 1e-6


def test_lanes_keep_abreast():
    rng = np.random.default_rng(3)
    # a Fire module: short expand1x1 channels first, then long ones
    entries = np.hstack([rng.integers(10, 20, (3, 64)), rng.integers(90, 160, (3, 64))])
    assert drift(entries, balance_order(entries)) < 0.1 * drift(entries, range(128))


def test_one_lane_is_paced_for_the_drain():
    entries = np.array([[1] * 50 + [99] * 50])
    assert drift(entries, balance_order(entries)) <= 50


def test_thousand_channels_on_twenty_lanes_take_a_moment():
    entries = np.random.default_rng(5).integers(0, 9, (20, 1000))
    start = time.perf_counter()
    balance_order(entries)
    assert time.perf_counter() - start < 0.3
