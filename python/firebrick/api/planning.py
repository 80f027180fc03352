# SPDX-License-Identifier: Apache-2.0
"""From integers to a plan of their hardware."""

from __future__ import annotations

from pathlib import Path

from firebrick.api.models import QuantizedModel, as_network
from firebrick.boards import Board, load_board
from firebrick.plan.plan import Plan
from firebrick.progress import Progress, silent
from firebrick.search import planner
from firebrick.search.goal import Goal


def plan(
    model: QuantizedModel | str | Path,
    *,
    board: Board | str | Path | None = None,
    multipliers: int | None = None,
    max_cycles: int | None = None,
    store_zeros: bool = False,
    progress: Progress = silent,
) -> Plan:
    """Choose the folding and the memories of every engine; `firebrick plan` in a program.

    At least one limit must be given; all that are hold.

    Args:
        model: quantized, or its file.
        board: name of a board, its ``.toml`` file, or a board: its budget is filled.
        multipliers: for weights, at most.
        max_cycles: cycles per frame that are enough: the smallest such design.
        store_zeros: store and multiply pruned zeros, to see what sparsity buys.
        progress: told what is being done and the share done, 0 to 1.

    Returns:
        The plan: cycles, resources, foldings; `Plan.save` writes it.

    Raises:
        CheckFailed: nothing meets the limits; says which one, and the nearest plan.
        FirebrickError: naming file, field, value and rule.
    """
    chosen = board if board is None or isinstance(board, Board) else load_board(str(board))
    goal = Goal(board=chosen, multipliers=multipliers, max_cycles=max_cycles)
    network = as_network(model)
    return planner.plan(network, goal, store_zeros=store_zeros, progress=progress)
