# SPDX-License-Identifier: Apache-2.0
"""What the row schedule knows of an instance: its role, its links, its timing."""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.hardware.timing import Role, RowTiming


@dataclass(frozen=True, slots=True)
class Stage:
    """One instance, as the schedule sees it.

    Attributes:
        name: of the instance.
        role: see `Role`.
        inputs: links read; none for the first stage, whose rows come from outside at once.
        outputs: links written; nobody reads the last one.
        timing: row timing; nothing of a FORK.
        held: beats of a WORK stage's output that its queues hold while the output is blocked.
        rows: rows a FIFO holds.
    """

    name: str
    role: Role
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    timing: RowTiming = RowTiming()
    held: int = 0
    rows: int = 0
