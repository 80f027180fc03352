# SPDX-License-Identifier: Apache-2.0
"""Reading what earlier commands wrote."""

from __future__ import annotations

from pathlib import Path

from firebrick.boards import Board, load_board, named_board
from firebrick.emit.rtl.generate import MANIFEST
from firebrick.errors import FirebrickError, naming
from firebrick.plan.claims import check_board
from firebrick.plan.plan import Plan
from firebrick.synth.claims import check_resources
from firebrick.synth.folder import read_parts
from firebrick.synth.vendor import read_fields
from firebrick.synth.vivado.project import RTL


def read_manifest_plan(folder: Path) -> Plan:
    """The plan of a folder that `generate` wrote; what can be recomputed of it is.

    Raises:
        FirebrickError: when it is no such folder, or the plan is not that of its hardware.
    """
    fields, target = read_fields(folder)
    path = folder / MANIFEST
    found = Plan.read(fields.take("plan"), f"{path}: plan")
    with naming(f"{path}: plan"):
        check_board(found)
        if target == RTL:
            check_resources(folder, found, read_parts(folder))
    return found


def read_plan_and_board(folder: Path, board: str | None) -> tuple[Plan, Board]:
    """The plan of a generated folder, and a board or the plan's.

    Raises:
        FirebrickError: when there is neither.
    """
    plan = read_manifest_plan(folder)
    chosen = board_of(plan, board)
    if chosen is None:
        raise FirebrickError(f"{folder}: its plan names no board: give --board")
    return plan, chosen


def board_of(plan: Plan, given: str | None) -> Board | None:
    """The board that the user gives, a name or a file; else the plan's, a name; or none.

    Raises:
        FirebrickError: no such board, or a bad file.
    """
    if given is not None:
        return load_board(given)
    return None if plan.board is None else named_board(plan.board)
