# SPDX-License-Identifier: Apache-2.0
"""`synth --tool yosys`: what generated hardware takes, counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firebrick import console
from firebrick.boards import Board
from firebrick.cli.files import board_of, read_manifest_plan
from firebrick.cli.plan_view import exceeding, print_bars
from firebrick.errors import CheckFailed
from firebrick.plan.plan import Plan
from firebrick.synth.yosys.count import SynthReport, synthesize

STEPS = ()
"""That may be left out."""


def synthesize_folder(
    folder: Path,
    board: str | None,
    _skip: Sequence[str] = (),
    *,
    trusted: bool = False,
    as_json: bool,
) -> None:
    """Count with Yosys, each distinct instance by itself.

    Raises:
        CheckFailed: when it exceeds the board's budget.
    """
    plan = read_manifest_plan(folder)
    chosen = board_of(plan, board)
    family = chosen.family if chosen else plan.family
    with console.progress_bars() as progress:
        report = synthesize(
            folder, family, lambda _, share: progress("Yosys", share), trusted=trusted
        )
    predicted = plan.resources if family == plan.family else None
    excess = report.resources.excess(chosen.budget()) if chosen else {}
    if as_json:
        console.emit_json(
            {
                "tool": "yosys",
                "version": report.tool,
                "part": chosen.part if chosen else None,
                "board": chosen.name if chosen else None,
                "family": str(family),
                "resources": report.resources.fields(),
                "predicted": predicted.fields() if predicted else None,
                "budget": chosen.budget().fields() if chosen else None,
                "fits": not excess if chosen else None,
                "seconds": report.seconds,
                "instances": [
                    {"name": x.name, "module": x.module, "resources": x.resources.fields()}
                    for x in report.instances
                ],
            }
        )
    else:
        _print_counts(report, plan if predicted else None, chosen)
    if excess and chosen:
        raise CheckFailed(f"{folder} on {chosen.name}: {exceeding(excess)}")


def _print_counts(report: SynthReport, plan: Plan | None, board: Board | None) -> None:
    """Counts of each instance; of all, beside what the plan predicted and the budget."""
    names = list(report.resources.fields())
    rows = [[x.name, x.module, *x.resources.fields().values()] for x in report.instances]
    console.table(f"Counted by {report.tool}", ("instance", "module", *names), rows)
    counted = report.resources.fields()
    predicted = plan.resources.fields() if plan else {}
    rows = [
        [x, counted[x], predicted.get(x, "-"), _difference(predicted.get(x), counted[x])]
        for x in names
    ]
    console.table("All instances", ("", "counted", "predicted", "predicted / counted"), rows)
    print_bars(report.resources, board.budget() if board else None)
    console.OUT.print(f"{report.seconds:.0f} s. Not placed, not routed, by no vendor tool.")


def _difference(predicted: int | None, counted: int) -> str:
    if predicted is None or not counted:
        return "-"
    return f"{predicted / counted - 1:+.1%}"
