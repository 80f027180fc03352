# SPDX-License-Identifier: Apache-2.0
"""How much a report measures; what is usual."""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.boards import Board, all_boards, load_board
from firebrick.errors import FirebrickError

TARGETS = (1_000_000, 500_000, 200_000, 100_000)
"""Cycles a frame asked for."""
FASTEST = 50_000
"""Asked of models without pruning, too: those that others' tools were measured on."""
SIMULATED = 4_000
"""Multipliers of the largest plan for a board that is simulated whole: larger ones take hours."""
COUNTED = {True: ("ultra96-v2", "pynq-z2"), False: ("kv260", "zcu104")}
"""Boards whose plans Yosys counts: for pruned models, and for others."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured.

    Attributes:
        targets: cycles a frame; None for the usual ones.
        boards: names or files; None for all.
        synth: boards whose plans Yosys counts; None for the usual ones of each model.
        simulate: multipliers of the largest plan for a board that is simulated whole; of larger
            ones the busiest engines are; 0 simulates nothing for boards.
    """

    targets: tuple[int, ...] | None = None
    boards: tuple[str, ...] | None = None
    synth: tuple[str, ...] | None = None
    simulate: int = SIMULATED

    def chosen_boards(self) -> tuple[Board, ...]:
        """The boards.

        Raises:
            FirebrickError: there is no such board, or one to be counted is not among them.
        """
        boards = all_boards() if self.boards is None else tuple(load_board(x) for x in self.boards)
        names = [x.name for x in boards]
        for name in self.synth or ():
            if name not in names:
                raise FirebrickError(f"synth: {name!r} is none of {', '.join(names) or 'no board'}")
        return boards
