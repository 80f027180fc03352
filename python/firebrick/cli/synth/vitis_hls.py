# SPDX-License-Identifier: Apache-2.0
"""`synth --tool vitis_hls`: C++ that `generate --target hls` wrote, in the vendor's tool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firebrick import console
from firebrick.boards import Board
from firebrick.cli.files import read_plan_and_board
from firebrick.cli.plan_view import exceeding, predicted, print_bars
from firebrick.errors import CheckFailed
from firebrick.synth.vitis_hls.project import Step, read_project
from firebrick.synth.vitis_hls.tool import VitisHlsRun, find_flow, run

STEPS = tuple(map(str, Step))
"""That may be left out."""


def synthesize_folder(
    folder: Path, board: str | None, skip: Sequence[str], *, trusted: bool = False, as_json: bool
) -> None:
    """C simulation, C synthesis, co-simulation and export; estimates against a board's budget.

    Raises:
        CheckFailed: when a step fails, or the estimates exceed the board's budget.
        FirebrickError: when there is no tool or no board, or the folder is another's.
    """
    find_flow()  # before anything else is asked for
    plan, chosen = read_plan_and_board(folder, board)
    project = read_project(folder, chosen, trusted=trusted)
    steps = [x for x in Step if x not in skip]
    with console.progress_bars() as progress:
        done = run(project, folder, steps, progress)
    resources = done.report.resources
    excess = resources.excess(chosen.budget())
    if as_json:
        known = predicted(plan, chosen)
        fields = {"predicted": known.fields() if known else None, "fits": not excess}
        console.emit_json(_fields(done, chosen) | fields)
    else:
        _print(done, chosen)
    if excess:
        raise CheckFailed(f"{folder} on {chosen.name}: {exceeding(excess)}")


def _fields(done: VitisHlsRun, board: Board) -> dict[str, object]:
    report = done.report
    return {
        "tool": "vitis_hls",
        "version": f"{done.flow} {report.version}",
        "part": report.part,
        "board": board.name,
        "family": str(board.family),
        # C synthesis does not tell LUTs used as memory apart.
        "resources": report.resources.fields() | {"lutram": None},
        "budget": board.budget().fields(),
        "fmax_mhz": round(1e3 / report.period_ns, 1),
        "interval_cycles": report.interval,
        "latency_cycles": report.latency,
        "exported": str(done.exported) if done.exported else None,
        "seconds": done.seconds,
        "instances": [],
    }


def _print(done: VitisHlsRun, board: Board) -> None:
    report = done.report
    rows = [
        ("part", report.part),
        ("clock", f"{1e3 / report.period_ns:.1f} MHz estimated, {board.clock_mhz} MHz asked for"),
        ("cycles per frame", _range(report.interval)),
        ("latency in cycles", _range(report.latency)),
        ("exported", done.exported or "-"),
    ]
    console.table(f"Estimated by {done.flow} {report.version}", ("", ""), rows)
    print_bars(report.resources, board.budget())
    console.OUT.print(
        f"{done.seconds:.0f} s. Estimates of C synthesis: not placed, not routed; LUTs used as "
        "memory are not told apart."
    )


def _range(cycles: tuple[int, int] | None) -> str:
    return "not known to the tool" if cycles is None else " to ".join(f"{x:,}" for x in cycles)
