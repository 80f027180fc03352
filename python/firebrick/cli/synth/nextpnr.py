# SPDX-License-Identifier: Apache-2.0
"""`synth --tool nextpnr`: a generated folder to a bitstream for a board with an ECP5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firebrick import console
from firebrick.cli.files import read_manifest_plan
from firebrick.cli.plan_view import exceeding
from firebrick.errors import CheckFailed
from firebrick.plan.plan import Plan
from firebrick.synth.nextpnr.board import Ecp5Board, load_board
from firebrick.synth.nextpnr.flow import Routed, implement

STEPS = ()
"""That may be left out."""
TITLES = {
    "lut4": "LUT4",
    "ff": "flip-flops",
    "ramw": "LUT memory write ports",
    "ebr": "block RAM, 18 kbit",
    "mult18": "multipliers, 18x18",
}


def synthesize_folder(
    folder: Path,
    board: str | None,
    _skip: Sequence[str] = (),
    *,
    trusted: bool = False,
    as_json: bool,
) -> None:
    """Synthesis, placement, routing, timing and a bitstream, all by open tools.

    Args:
        folder: made by `generate`.
        board: name or .toml file of a board with an ECP5; None for the one that comes with us.
        _skip: nothing: it has no steps to leave out.
        trusted: the folder's sources may be other than Firebrick's.
        as_json: for machines.

    Raises:
        CheckFailed: when the design does not fit the device or is slower than the board's clock.
        FirebrickError: when a tool is missing or fails, or the folder is none that it can take.
    """
    chosen = load_board(board)
    plan = read_manifest_plan(folder)
    with console.progress_bars() as progress:
        routed = implement(folder, chosen, progress, trusted=trusted)
    if as_json:
        console.emit_json(_fields(routed, chosen, plan))
    else:
        _print(routed, chosen, plan)
    if routed.excess:
        raise CheckFailed(f"{folder} on {chosen.name}: {exceeding(routed.excess)}")
    if routed.timing is not None and not routed.timing.met:
        raise CheckFailed(
            f"{folder} on {chosen.name}: fmax_mhz={routed.timing.fmax_mhz:.1f} is less than the "
            f"board's clock, {chosen.clock_mhz} MHz"
        )


def _fields(routed: Routed, board: Ecp5Board, plan: Plan) -> dict[str, object]:
    timing = routed.timing
    return {
        "tool": "nextpnr",
        "version": routed.version,
        "part": board.part,
        "board": board.name,
        "resources": {name: count for name, (count, _) in routed.resources.items()},
        "device": {name: most for name, (_, most) in routed.resources.items()},
        "cells": dict(routed.cells),
        "fits": not routed.excess,
        "fmax_mhz": round(timing.fmax_mhz, 2) if timing else None,
        "clock_mhz": board.clock_mhz,
        "baud": board.baud,
        "cycles_per_frame": plan.cycles_per_frame,
        "line_bytes": routed.geometry.line_bytes,
        "bitstream": str(routed.bitstream) if routed.bitstream else None,
        "seconds": routed.seconds,
    }


def _print(routed: Routed, board: Ecp5Board, plan: Plan) -> None:
    rows = [
        [TITLES[name], count, most, f"{count / most:.1%}"]
        for name, (count, most) in routed.resources.items()
    ]
    title = f"{board.title}, {board.part}, by {routed.version}"
    console.table(title, ("", "used", "of", "share"), rows)
    if routed.timing is not None:
        speed = board.clock_mhz * 1e6 / plan.cycles_per_frame
        line = board.baud / 10 / routed.geometry.line_bytes
        console.OUT.print(f"Fmax {routed.timing.fmax_mhz:.2f} MHz, placed, routed and timed")
        console.OUT.print(
            f"{plan.cycles_per_frame:,} cycles per frame: {speed:,.1f} frames per second at the "
            f"board's {board.clock_mhz} MHz; {board.baud:,} baud carry {line:,.1f} images a second"
        )
    if routed.bitstream is not None:
        console.OUT.print(f"bitstream: {routed.bitstream}")
    console.OUT.print(f"{routed.seconds:.0f} s. No board has run it yet.")
