# SPDX-License-Identifier: Apache-2.0
"""`boards`: what there is, and with a model what it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebrick.cli.options import Json

if TYPE_CHECKING:
    from firebrick.boards import Board
    from firebrick.ir.network import Network
    from firebrick.plan.plan import Plan
    from firebrick.progress import Progress


def boards(
    model: Annotated[
        Path | None,
        typer.Argument(help="Integer ONNX file to plan for each board; can take minutes."),
    ] = None,
    json: Json = False,
) -> None:
    """List the boards that `plan --board` knows and, given a model, what it reaches on each.

    A board is one TOML file: copy one of `hw/boards`, change it, and give its path as `--board`;
    docs/boards.md explains the fields. Clocks are assumed: no vendor tool has placed and routed a
    design, so frames per second are cycles, which are exact, at a clock that is a guess.

    Example: `firebrick boards q.onnx`
    """
    from firebrick import console
    from firebrick.boards import all_boards

    listed = all_boards()
    fields = [x.fields() for x in listed]
    if model is not None:
        from firebrick.quantize.integer_onnx import load

        network = load.read(model)
        with console.progress_bars() as progress:
            reached = [_reach(network, x, progress) for x in listed]
        fields = [a | b for a, b in zip(fields, reached, strict=True)]
    if json:
        console.emit_json({"boards": fields})
        return
    heads = ("board", "part", "DSP", "LUT", "BRAM", "URAM", "MHz")  # 80 characters wide
    rows = [
        (
            *(x.name, x.part, x.device.dsp, x.device.lut, x.device.bram36, x.device.uram),
            x.clock_mhz,
        )
        for x in listed
    ]
    console.table("Boards: BRAM of 36 kbit; MHz of a clock that is ASSUMED", heads, rows)
    if model is not None:
        columns = ("board", "cycles per frame", "frames/s", "multipliers busy", "fits")
        title = f"{network.name}: predicted; frames per second at the ASSUMED clock"
        console.table(title, columns, [_reach_row(x) for x in fields])


def _reach_row(found: Mapping[str, object]) -> tuple[object, ...]:
    if found["cycles_per_frame"] is None:
        return found["name"], "-", "-", "-", found["reason"]
    from firebrick import console

    return (
        *(
            found["name"],
            console.cell(found["cycles_per_frame"]),
            f"{found['frames_per_second']:,.1f}",
        ),
        *(f"{found['mac_efficiency']:.1%}", found["reason"] or "yes"),
    )


def _reach(network: Network, board: Board, progress: Progress) -> dict[str, object]:
    """What the fastest plan for a board gives, or why there is none."""
    from firebrick.errors import CheckFailed
    from firebrick.report.figures import frames_per_second
    from firebrick.search.goal import Goal
    from firebrick.search.planner import plan as make_plan

    def step(_: str, share: float) -> None:
        progress(f"plan for {board.name}", share)

    step("", 0.0)
    plan: Plan | None = None
    reason = None
    try:
        plan = make_plan(network, Goal(board=board), progress=step)
    except CheckFailed as error:
        reason = str(error)
    step("", 1.0)
    cycles = plan.cycles_per_frame if plan else None
    return {
        "fits": reason is None,
        "reason": reason,
        "cycles_per_frame": cycles,
        "frames_per_second": frames_per_second(cycles, board) if cycles else None,
        "mac_efficiency": round(plan.mac_efficiency, 4) if plan else None,
        "resources": plan.resources.fields() if plan else None,
    }
