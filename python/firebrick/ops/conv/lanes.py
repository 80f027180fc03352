# SPDX-License-Identifier: Apache-2.0
"""Which lane takes which weight.

A lane keeps the rows of the input channels whose weights it takes, and a channel that two lanes
share is stored once in each. So whole channels are dealt out first, largest first, as long as they
fit a lane's fair share; the rest fills the room that is left, each channel spread over as many
lanes as that takes (McNaughton's wrap-around rule: no more than one shared channel a lane border).
The weights of a shared channel are then dealt out output channel by output channel, always to the
lane that is furthest behind, so any number of lanes works at an even pace.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray

TOLERANCE = 0.004
"""Imbalance of a lane over the mean that is not worth a shared channel."""


def assign(kept: NDArray[np.bool_], lanes: int, tolerance: float = TOLERANCE) -> IntArray:
    """Deal weights to lanes.

    Args:
        kept: weights to work through, shape (output channels, input channels, kernel, kernel).
        lanes: number of lanes, at most one for each weight of an output channel.
        tolerance: how much more than its fair share a lane may take of whole channels.

    Returns:
        The lane of each weight, kept or not, in the shape of `kept`.

    Raises:
        FirebrickError: more lanes than weights of an output channel.
    """
    if not 1 <= lanes <= kept[0].size:
        raise FirebrickError(f"lanes={lanes} is not in 1..{kept[0].size}, the weights of a channel")
    owner = np.zeros(kept.shape, np.int64)
    if lanes == 1:
        return owner
    shares = share_channels(kept.sum((0, 2, 3), dtype=np.int64), lanes, tolerance)
    for channel, holders in enumerate(shares):
        owner[:, channel] = holders[0]
    shared = sorted((c for c, x in enumerate(shares) if len(x) > 1), key=lambda c: shares[c])
    if shared:
        _deal(kept, owner, [(channel, shares[channel]) for channel in shared], lanes)
    return owner


def share_channels(loads: IntArray, lanes: int, tolerance: float) -> list[tuple[int, ...]]:
    """Lanes that keep each channel, by its weights."""
    fair = max(1.0, float(loads.sum()) / lanes)
    room = [(-fair, lane) for lane in range(lanes)]  # a heap: most room first
    shares: list[tuple[int, ...]] = [()] * len(loads)
    waiting: list[int] = []
    for channel in np.argsort(-loads, kind="stable"):
        load = int(loads[channel])
        if -room[0][0] + tolerance * fair < load:
            waiting.append(int(channel))
            continue
        free, lane = room[0]
        heapq.heapreplace(room, (free + load, lane))
        shares[channel] = (lane,)
    # What is left goes over the borders: each channel into the lanes with the most room, until
    # it is used up. Lanes with next to none are left out.
    rooms = sorted(room)
    left_over = [-x for x, _ in rooms]
    order = [lane for _, lane in rooms]
    at = 0
    for channel in waiting:
        rest, holders = float(loads[channel]), list[int]()
        while at < lanes and (rest > tolerance * fair or not holders):
            holders.append(order[at])
            taken = min(rest, left_over[at])
            rest, left_over[at] = rest - taken, left_over[at] - taken
            if left_over[at] > tolerance * fair:
                break
            at += 1
        shares[channel] = tuple(holders or [order[-1]])
    return shares


def _deal(
    kept: NDArray[np.bool_],
    owner: IntArray,
    shared: list[tuple[int, tuple[int, ...]]],
    lanes: int,
) -> None:
    """Give each weight of the shared channels to one of the lanes that keep its channel.

    A channel's weights go to its lanes in runs, in a fixed order of lanes, so that gaps stay short.
    """
    outputs, kernel = kept.shape[0], kept.shape[2]
    flat = kept.reshape(outputs, kept.shape[1], kernel * kernel)
    alone = np.ones(kept.shape[1], bool)
    alone[[channel for channel, _ in shared]] = False
    fixed = np.zeros((outputs, lanes), np.int64)
    for channel in np.flatnonzero(alone).tolist():
        fixed[:, owner[0, channel, 0, 0]] += flat[:, channel].sum(1)
    counts = flat.sum(2)
    level = [0] * lanes  # entries of each lane so far
    for output in range(outputs):
        before = level.copy()
        level = [a + b for a, b in zip(level, fixed[output].tolist(), strict=True)]
        for channel, holders in shared:
            left = int(counts[output, channel])
            given = dict.fromkeys(holders, 0)
            for _ in range(left):
                lane = min(holders, key=level.__getitem__)
                level[lane] += 1
                given[lane] += 1
            runs = np.repeat(list(given), list(given.values()))
            places = np.flatnonzero(flat[output, channel])
            owner[output, channel].reshape(-1)[places] = runs
        # A lane without a weight of a channel spends a filler on it.
        level = [max(a, b + 1) for a, b in zip(level, before, strict=True)]
