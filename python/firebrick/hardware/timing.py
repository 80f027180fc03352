# SPDX-License-Identifier: Apache-2.0
"""What the schedule of rows must know of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class RowTiming:
    """When an engine takes and gives rows: all that the network schedule needs to know.

    Output row y starts once `needs[y]` rows of the frame have arrived (on every input) and row
    y-1 is done; it takes `cycles[y]` cycles, after which the first `frees[y]` input rows of the
    frame are no longer held. Of a FORK nothing is said, of a FIFO only what it holds.

    Attributes:
        needs: per output row, rows of the frame that must have arrived whole.
        frees: per output row, rows of the frame released when the row is done.
        cycles: per output row, cycles from its start until the next row can start.
        lag: cycles from the end of a row's work until its last beat leaves.
        ring: input rows the engine can hold.
        in_beats: beats of one input row.
        out_beats: beats of one output row.
        release: cycles from the end of a row's work until the rows it frees make room.
    """

    needs: tuple[int, ...] = ()
    frees: tuple[int, ...] = ()
    cycles: tuple[int, ...] = ()
    lag: int = 0
    ring: int = 0
    in_beats: int = 0
    out_beats: int = 0
    release: int = 0


class Role(Enum):
    """What a stage does with rows."""

    WORK = "work"
    """Holds rows in a ring and works `timing.cycles` on each output row."""
    STREAM = "stream"
    """Passes beats on; some input rows complete an output row, others none. `timing.cycles` are
    what a row takes beyond its input beats."""
    FORK = "fork"
    """Gives each beat to every output."""
    JOIN = "join"
    """Takes beats from all inputs together."""
    FIFO = "fifo"
    """Holds up to `rows` rows."""
