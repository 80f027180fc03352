# SPDX-License-Identifier: Apache-2.0
"""When rows pass through one engine that is fed and drained without a pause."""

from __future__ import annotations

from firebrick.hardware.timing import RowTiming


def frame_ends(timing: RowTiming, frames: int) -> list[int]:
    """Cycles, counted from the first input beat, in which the last beat of each frame leaves.

    The rule is the one `RowTiming` documents: an input row begins when its predecessor has ended
    and the ring has a free place; an output row begins when its input rows are there.
    """
    height = timing.frees[-1]  # a frame that is done holds none of its rows
    freed: list[int] = []  # cycle in which each input row (of all frames) is released
    arrived: list[int] = []  # cycle in which each input row has arrived
    ends = []
    done = 0
    for frame in range(frames):
        for needs, frees, cycles in zip(timing.needs, timing.frees, timing.cycles, strict=True):
            while len(arrived) < frame * height + needs:
                row = len(arrived)
                begin = arrived[-1] if arrived else 0
                if row >= timing.ring:
                    if row - timing.ring >= len(freed):
                        raise ValueError(f"row {row} waits for a row that is never released")
                    begin = max(begin, freed[row - timing.ring] + timing.release)
                arrived.append(begin + timing.in_beats)
            done = max(done, arrived[frame * height + needs - 1]) + cycles
            freed += [done] * (frame * height + frees - len(freed))
        ends.append(done + timing.lag - 1)
    return ends
