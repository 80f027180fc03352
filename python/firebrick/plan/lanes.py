# SPDX-License-Identifier: Apache-2.0
"""Which lane owns which slice of the weights: an input channel, or one kernel row of it.

A channel that two lanes share is stored once in each, so whole channels are dealt out first
(largest first, always to the least loaded lane) and only the lightest are cut into kernel rows, as
few of them as bring the heaviest lane within the tolerance of the mean.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.ops.base import IntArray

Slices = tuple[tuple[tuple[int, int], ...], ...]
"""Per lane, the (natural input channel, kernel row) pairs it owns."""

TOLERANCE = 0.01
"""Imbalance of the heaviest lane over the mean that is not worth another shared channel."""

_Lane = tuple[int, int, int]  # load, slices owned (so that no lane stays empty), lane


def assign(loads: IntArray, lanes: int, tolerance: float = TOLERANCE) -> Slices:
    """Deal slices to lanes.

    Args:
        loads: weights to work through in each slice, shape (input channels, kernel rows).
        lanes: number of lanes, at most one for each slice.
        tolerance: imbalance at which cutting channels ends.

    Raises:
        FirebrickError: more lanes than slices.
    """
    channels, rows = loads.shape
    if not 1 <= lanes <= loads.size:
        raise FirebrickError(f"lanes={lanes} is not in 1..{loads.size}, the number of slices")
    totals = loads.sum(1)
    order = np.argsort(-totals, kind="stable")
    # Dealing the first p channels whole does not depend on what follows: remember each state.
    states: list[list[_Lane]] = []
    owners: list[int] = []
    heap: list[_Lane] = [(0, 0, lane) for lane in range(lanes)]
    for channel in order:
        states.append(list(heap))
        owners.append(_give(heap, int(totals[channel]), rows))
    states.append(heap)
    bound = (1 + tolerance) * float(totals.sum()) / lanes
    deals: list[tuple[int, int, list[tuple[int, int, int]]]] = []
    for cut in _cuts(channels, rows, lanes):
        whole = channels - cut
        heap = list(states[whole])
        pieces = sorted((-int(loads[i, k]), int(i), k) for i in order[whole:] for k in range(rows))
        split = [(_give(heap, -load, 1), i, k) for load, i, k in pieces]
        deals.append((max(lane[0] for lane in heap), whole, split))
        if deals[-1][0] <= bound:
            break
    _, whole, split = min(deals, key=lambda deal: deal[0])
    owned: list[list[tuple[int, int]]] = [[] for _ in range(lanes)]
    for channel, lane in zip(order[:whole], owners, strict=False):
        owned[lane].extend((int(channel), k) for k in range(rows))
    for lane, channel, k in split:
        owned[lane].append((channel, k))
    return tuple(tuple(sorted(lane)) for lane in owned)


def _give(heap: list[_Lane], load: int, slices: int) -> int:
    """Give a load to the least loaded lane; empty lanes come first."""
    before, count, lane = heap[0]
    heapq.heapreplace(heap, (before + load, count + slices, lane))
    return lane


def _cuts(channels: int, rows: int, lanes: int) -> Iterable[int]:
    """Numbers of channels to try to cut, ever coarser: enough for every lane, none for 1x1."""
    if rows == 1:
        yield 0
        return
    cut = max(0, -(-(lanes - channels) // (rows - 1)))
    while cut < channels:
        yield cut
        cut += max(1, cut // 4)
    yield channels
