# SPDX-License-Identifier: Apache-2.0
"""Reading what earlier commands wrote."""

from __future__ import annotations

import json
from pathlib import Path

from firebrick.boards import Board, load_board
from firebrick.emit.generate import MANIFEST
from firebrick.errors import FirebrickError
from firebrick.plan.checked import Fields, parse, read_text
from firebrick.plan.plan import Plan


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        FirebrickError: when it cannot be read.
    """
    return Plan.from_json(read_text(path), str(path))


def read_manifest_plan(folder: Path) -> Plan:
    """The plan of a folder that `generate` wrote.

    Raises:
        FirebrickError: when it is no such folder.
    """
    path = folder / MANIFEST
    plan = Fields(parse(read_text(path), str(path)), str(path)).take("plan")
    return Plan.from_json(json.dumps(plan), f"{path}: plan")


def read_plan_and_board(folder: Path, board: str | None) -> tuple[Plan, Board]:
    """The plan of a generated folder, and a board or the plan's.

    Raises:
        FirebrickError: when there is neither.
    """
    plan = read_manifest_plan(folder)
    name = board if board is not None else plan.board
    if name is None:
        raise FirebrickError(f"{folder}: its plan names no board: give --board")
    return plan, load_board(name)
