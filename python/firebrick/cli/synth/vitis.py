# SPDX-License-Identifier: Apache-2.0
"""`synth --tool vitis`: SystemVerilog that `generate` wrote, to a kernel and an .xclbin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firebrick import console
from firebrick.boards import Board
from firebrick.cli.files import read_plan_and_board
from firebrick.cli.plan_view import exceeding, predicted, print_bars
from firebrick.cli.synth.vivado import print_counts
from firebrick.errors import CheckFailed
from firebrick.plan.plan import Plan
from firebrick.synth.vitis.project import Step, check_card
from firebrick.synth.vitis.tool import VitisRun, find_vitis, run
from firebrick.synth.vivado.project import read_kernel

STEPS = tuple(map(str, Step))
"""That may be left out."""


def synthesize_folder(
    folder: Path, board: str | None, skip: Sequence[str], *, trusted: bool = False, as_json: bool
) -> None:
    """Package the kernel, and link it with the platform of a card.

    Raises:
        CheckFailed: when a step fails, or the kernel exceeds the board's budget.
        FirebrickError: when there is no tool or no board, the board is no card, or the folder is
            another's.
    """
    find_vitis()  # before anything else is asked for
    plan, chosen = read_plan_and_board(folder, board)
    check_card(chosen)
    kernel = read_kernel(folder, trusted=trusted)
    steps = [x for x in Step if x not in skip]
    with console.progress_bars() as progress:
        done = run(kernel, chosen, steps, progress)
    excess = done.resources.excess(chosen.budget()) if done.resources else {}
    if as_json:
        fits = not excess if done.resources else None
        console.emit_json(_fields(done, plan, chosen) | {"fits": fits})
    else:
        _print(done, plan, chosen)
    if excess:
        raise CheckFailed(f"{folder} on {chosen.name}: {exceeding(excess)}")


def _fields(done: VitisRun, plan: Plan, board: Board) -> dict[str, object]:
    known = predicted(plan, board)
    return {
        "tool": "vitis",
        "version": "v++",
        "part": board.part,
        "board": board.name,
        "platform": board.platform,
        "family": str(board.family),
        "resources": done.resources.fields() if done.resources else None,
        "predicted": known.fields() if known else None,
        "budget": board.budget().fields(),
        "clock_mhz": board.clock_mhz,
        # What it runs at: the tool lowers the clock until the kernel keeps it.
        "fmax_mhz": done.clock_mhz,
        "kernel": str(done.kernel),
        "xclbin": str(done.xclbin) if done.xclbin else None,
        "seconds": done.seconds,
        "instances": [],
    }


def _print(done: VitisRun, plan: Plan, board: Board) -> None:
    rows = [
        ("platform", board.platform),
        ("clock", f"{done.clock_mhz or '-'} MHz given, {board.clock_mhz} MHz asked for"),
        ("kernel", done.kernel),
        ("xclbin", done.xclbin or "-"),
    ]
    console.table("Linked by v++" if done.xclbin else "Packaged by Vivado", ("", ""), rows)
    if done.resources:
        print_counts(done.resources, predicted(plan, board))
        print_bars(done.resources, board.budget())
    console.OUT.print(f"{done.seconds:.0f} s")
