# SPDX-License-Identifier: Apache-2.0
"""What the row schedule knows of an instance: its role, its links, its timing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from firebrick.ops.base import RowTiming

NO_TIMING = RowTiming((), (), (), 0, 0, 0, 0)
"""Timing of stages without rows of their own."""


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


@dataclass(frozen=True, slots=True)
class Stage:
    """One instance, as the schedule sees it.

    Attributes:
        name: of the instance.
        role: see `Role`.
        inputs: links read; none for the first stage, whose rows come from outside at once.
        outputs: links written; nobody reads the last one.
        timing: row timing; not for FORK and FIFO.
        held: beats of a WORK stage's output that its queues hold while the output is blocked.
        rows: rows a FIFO holds.
    """

    name: str
    role: Role
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    timing: RowTiming = NO_TIMING
    held: int = 0
    rows: int = 0
