# SPDX-License-Identifier: Apache-2.0
"""Commands that make hardware: `boards`, `plan`, `generate`, `synth`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from firebrick import console
from firebrick.boards import Board, all_boards, load_board
from firebrick.commands.files import board_of, read_manifest_plan, read_plan
from firebrick.commands.plan_view import exceeding, plan_fields, print_bars, print_plan
from firebrick.display import show
from firebrick.emit import hls
from firebrick.emit.generate import generate
from firebrick.errors import CheckFailed
from firebrick.hls4ml import generate as hls4ml
from firebrick.ir.network import Network
from firebrick.output import check_file, whole_file
from firebrick.plan.plan import Plan
from firebrick.progress import Progress
from firebrick.quantize import load
from firebrick.report.figures import frames_per_second
from firebrick.search.goal import Goal
from firebrick.search.planner import plan as make_plan
from firebrick.synth.yosys import SynthReport, synthesize

TARGETS: Mapping[str, Callable[[Network, Plan, Path], None]] = {
    "rtl": generate,
    hls.TARGET: hls.generate,
    hls4ml.TARGET: hls4ml.generate,
}
"""What `generate` writes, by target."""


def list_boards(model: Path | None, as_json: bool) -> None:
    """`boards`: what there is, and with a model what it reaches."""
    boards = all_boards()
    fields = [x.fields() for x in boards]
    if model is not None:
        network = load.read(model)
        with console.progress_bars() as progress:
            reached = [_reach(network, x, progress) for x in boards]
        fields = [a | b for a, b in zip(fields, reached, strict=True)]
    if as_json:
        console.emit_json({"boards": fields})
        return
    heads = ("board", "part", "DSP", "LUT", "BRAM", "URAM", "MHz")  # 80 characters wide
    rows = [
        (
            *(x.name, x.part, x.device.dsp, x.device.lut, x.device.bram36, x.device.uram),
            x.clock_mhz,
        )
        for x in boards
    ]
    console.table("Boards: BRAM of 36 kbit; MHz of a clock that is ASSUMED", heads, rows)
    if model is not None:
        columns = ("board", "cycles per frame", "frames/s", "multipliers busy", "fits")
        title = f"{network.name}: predicted; frames per second at the ASSUMED clock"
        console.table(title, columns, [_reach_row(x) for x in fields])


def _reach_row(found: Mapping[str, object]) -> tuple[object, ...]:
    if found["cycles_per_frame"] is None:
        return found["name"], "-", "-", "-", found["reason"]
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


def plan_model(
    model: Path,
    board: str | None,
    multipliers: int | None,
    max_cycles: int | None,
    output: Path | None,
    *,
    store_zeros: bool,
    as_json: bool,
) -> None:
    """`plan`: foldings and memories of every engine within a goal's limits.

    Raises:
        CheckFailed: when nothing fits; nothing is written or shown then.
    """
    chosen = load_board(board) if board is not None else None
    goal = Goal(board=chosen, multipliers=multipliers, max_cycles=max_cycles)
    if output is not None:
        check_file(output)  # before a minute is spent
    network = load.read(model)
    with console.progress_bars() as progress:
        plan = make_plan(network, goal, store_zeros=store_zeros, progress=progress)
    if output is not None:
        with whole_file(output) as temporary:
            temporary.write_text(plan.to_json())
    if as_json:
        console.emit_json(plan_fields(plan, chosen))
    else:
        print_plan(plan, chosen)


def generate_model(model: Path, plan: Path, output: Path, target: str, as_json: bool) -> None:
    """`generate`: the folder of a target."""
    network = load.read(model)
    chosen = read_plan(plan, network)
    TARGETS[target](network, chosen, output)
    fields = {"output": str(output), "target": target, "model_hash": network.digest()}
    show(network.name, fields, as_json)


def synthesize_folder(
    folder: Path, tool: str, board: str | None, *, trusted: bool = False, as_json: bool
) -> None:
    """`synth`: count what generated hardware takes.

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
                "tool": tool,
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
