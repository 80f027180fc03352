# SPDX-License-Identifier: Apache-2.0
"""What a plan is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.boards import Board
from firebrick.errors import FirebrickError

FAST_SIMULATION = 450
"""Multipliers of the default plan: more cost simulation time, fewer cost cycles."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Limits of a plan: the fewest cycles within them, or the smallest design for `max_cycles`.

    Attributes:
        board: its budget limits every resource.
        multipliers: limit on multipliers that work on weights.
        max_cycles: cycles per frame that are fast enough.
    """

    board: Board | None = None
    multipliers: int | None = None
    max_cycles: int | None = None

    def __post_init__(self) -> None:
        """Ask for something.

        Raises:
            FirebrickError: when nothing limits the search.
        """
        if self.board is None and self.multipliers is None and self.max_cycles is None:
            raise FirebrickError("plan: give a board, a number of multipliers, or most cycles")
