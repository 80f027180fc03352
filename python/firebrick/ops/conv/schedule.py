# SPDX-License-Identifier: Apache-2.0
"""Exact cycles of a `conv` engine's rows.

All lanes issue, for each output channel and segment (an *item*), one entry a cycle. Item t may
start on a lane when the lane has issued item t-1 and the drain has popped item t - queue_depth. The
drain pops items in order once every lane has queued its part. In the (max, +) algebra this is
linear, so blocks of `queue_depth` items, whose credits are all known, are solved by cumulative
maxima instead of one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firebrick.hardware.tensor import IntArray

ISSUE = 2
"""Cycles from the decision to start a row (cycle 0 of the row) until its first entry is issued."""
SETTLE = 5
"""Shortest row: cycles from one decision to the next."""
QUEUED = 13
"""Cycles from the issue of an item's last entry until the drain sees it in the queue."""
RELEASE = 4
"""Cycles from the end of a row's work until rows may arrive in place of those it releases."""
FOLLOWED_ROWS = 100
"""Rows after which the queues count as steady, should no state have repeated; where a row has
fewer items than the queues hold, as many more as the drain may take to fall that far behind."""
NEVER = -(1 << 40)


@dataclass(frozen=True, slots=True)
class RowCycles:
    """How the rows of an engine proceed when it never waits for rows or for its output.

    Attributes:
        steady: cycles from a row's start until the next row can start, in the steady state: nearly
            always one number, else a pattern that repeats.
        last_pop: from the end of a row's work until its last item is popped, if the queues were
            empty at its start. (In the steady state they may hold what the lanes did ahead of the
            drain; the next row's output is no later for that.)
    """

    steady: tuple[int, ...]
    last_pop: int


def row_cycles(lengths: IntArray, segments: int, queue_depth: int, groups: int) -> RowCycles:
    """Follow rows, from empty queues, until they leave the queues as some row before did.

    Args:
        lengths: entries of each output channel on each lane, shape (channels, lanes).
        segments: segments of a row.
        queue_depth: items that a lane may have issued and not seen popped.
        groups: cycles that the drain spends on an item.
    """
    entries = np.repeat(lengths, segments, axis=0)
    pops = np.full(queue_depth, NEVER)  # of the last items, relative to the row's start
    cycles: list[int] = []
    last_pops: list[int] = []
    seen: dict[bytes, int] = {}
    followed = FOLLOWED_ROWS
    if len(entries) < queue_depth:
        followed = max(followed, queue_depth * groups)
    while True:
        # What the row before left behind matters only as far as it ends after this row's start.
        state = np.maximum(pops, 0).tobytes()
        if state in seen or len(cycles) == followed:
            return RowCycles(tuple(cycles[seen.get(state, -1) :]), last_pops[0])
        seen[state] = len(cycles)
        done, pops = _row(entries, pops, groups)
        pops = np.maximum(pops - done, NEVER)
        cycles.append(done)
        last_pops.append(int(pops[-1]))


def _row(entries: IntArray, pops: IntArray, groups: int) -> tuple[int, IntArray]:
    """Solve one row.

    Args:
        entries: shape (items, lanes).
        pops: cycles in which the last `queue_depth` items were popped.
        groups: cycles that the drain spends on an item.

    Returns:
        Cycle in which the next row can start, and the last pops. All relative to this row's start.
    """
    depth = len(pops)
    free = np.full(entries.shape[1], ISSUE)  # first cycle in which a lane can issue
    for first in range(0, len(entries), depth):
        block = entries[first : first + depth]
        size = len(block)
        total = np.cumsum(block, axis=0)
        # free[t] = max(free[t-1], credit[t]) + block[t], with total subtracted on both sides
        credit = (pops[:size] + 1)[:, None] - (total - block)
        ahead = np.maximum.accumulate(np.maximum(credit, free), axis=0) + total
        free = ahead[-1]
        # pop[t] = max(queued[t], pop[t-1] + 1) + groups - 1, likewise
        pace = groups * np.arange(size)
        queued = ahead.max(axis=1) - 1 + QUEUED + groups - 1
        popped = np.maximum.accumulate(np.maximum(queued - pace, pops[-1] + groups)) + pace
        pops = np.concatenate((pops, popped))[-depth:]
    return max(int(free.max()), SETTLE), pops
