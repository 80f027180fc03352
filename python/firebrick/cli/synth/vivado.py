# SPDX-License-Identifier: Apache-2.0
"""`synth --tool vivado`: SystemVerilog that `generate` wrote, to an IP core and a bitstream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firebrick import console
from firebrick.boards import Board
from firebrick.cli.files import read_plan_and_board
from firebrick.cli.plan_view import exceeding, predicted, print_bars
from firebrick.errors import CheckFailed
from firebrick.hardware.resources import Resources
from firebrick.plan.plan import Plan
from firebrick.synth.vivado.project import Step, possible_steps, read_kernel
from firebrick.synth.vivado.tool import Implemented, VivadoRun, find_vivado, run

STEPS = tuple(map(str, Step))
"""That may be left out."""
STAGES = {
    "synth": "synthesized, clock estimated before place and route",
    "route": "placed and routed out of context",
    "design": "with the processing system, placed and routed",
}


def synthesize_folder(
    folder: Path, board: str | None, skip: Sequence[str], *, trusted: bool = False, as_json: bool
) -> None:
    """Out-of-context synthesis, place and route, IP core and, for a Zynq board, bitstream.

    Raises:
        CheckFailed: when a step fails, what is routed misses the clock, or the kernel exceeds the
            board's budget.
        FirebrickError: when there is no tool or no board, or the folder is another's.
    """
    find_vivado()  # before anything else is asked for
    plan, chosen = read_plan_and_board(folder, board)
    kernel = read_kernel(folder, trusted=trusted)
    steps = possible_steps(chosen, skip)
    with console.progress_bars() as progress:
        done = run(kernel, chosen, steps, progress)
    alone = [x for x in done.stages if x.name != "design"][-1]
    resources = alone.utilization.resources
    excess = resources.excess(chosen.budget())
    if as_json:
        console.emit_json(_fields(done, alone, plan, chosen) | {"fits": not excess})
    else:
        _print(done, resources, plan, chosen)
    if excess:
        raise CheckFailed(f"{folder} on {chosen.name}: {exceeding(excess)}")
    for stage in done.stages:
        if stage.name != "synth" and not stage.timing.met:
            timing = stage.timing
            raise CheckFailed(
                f"{folder} on {chosen.name}: {STAGES[stage.name]}: misses {chosen.clock_mhz} MHz: "
                f"setup slack {timing.setup_ns} ns, hold slack {timing.hold_ns} ns"
                + (": no bitstream" if stage.name == "design" else "")
            )


def _fields(done: VivadoRun, alone: Implemented, plan: Plan, board: Board) -> dict[str, object]:
    known = predicted(plan, board)
    return {
        "tool": "vivado",
        "version": alone.utilization.version,
        "part": board.part,
        "board": board.name,
        "family": str(board.family),
        "stage": alone.name,
        "resources": alone.utilization.resources.fields(),
        "predicted": known.fields() if known else None,
        "budget": board.budget().fields(),
        "clock_mhz": board.clock_mhz,
        "fmax_mhz": alone.timing.fmax_mhz,
        "stages": [
            {
                "name": x.name,
                "resources": x.utilization.resources.fields(),
                "fmax_mhz": x.timing.fmax_mhz,
                "setup_slack_ns": x.timing.setup_ns,
                "hold_slack_ns": x.timing.hold_ns,
                "met": x.timing.met,
            }
            for x in done.stages
        ],
        "ip": str(done.core) if done.core else None,
        "bitstream": str(done.bitstream) if done.bitstream else None,
        "handoff": str(done.handoff) if done.handoff else None,
        "seconds": done.seconds,
        "instances": [],
    }


def _print(done: VivadoRun, resources: Resources, plan: Plan, board: Board) -> None:
    rows = [
        (x.name, STAGES[x.name], f"{x.timing.fmax_mhz:.1f}", "met" if x.timing.met else "missed")
        for x in done.stages
    ]
    version = done.stages[0].utilization.version
    heads = ("stage", "", "MHz", f"{board.clock_mhz} MHz asked for")
    console.table(f"{version}: {board.part}", heads, rows)
    print_counts(resources, predicted(plan, board))
    print_bars(resources, board.budget())
    for title, path in (("IP core", done.core), ("bitstream", done.bitstream)):
        console.OUT.print(f"{title}: {path or '-'}")
    console.OUT.print(f"{done.seconds:.0f} s")


def print_counts(counted: Resources, planned: Resources | None) -> None:
    """What a tool counted beside what the plan predicted."""
    before = planned.fields() if planned else {}
    rows = [(name, count, before.get(name, "-")) for name, count in counted.fields().items()]
    console.table("The kernel", ("", "counted", "predicted"), rows)
