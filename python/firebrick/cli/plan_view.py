# SPDX-License-Identifier: Apache-2.0
"""How a plan looks: engines, bars of resources against the budget, what binds, speed."""

from __future__ import annotations

from collections.abc import Mapping

from firebrick import console
from firebrick.boards import Board
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Resources
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.report.figures import TITLES, binding, frames_per_second, gap, slowest

BAR = 40
"""Characters of a full bar."""
MADE_OF = {MemoryKind.LUT: "LUT", MemoryKind.BLOCK: "BRAM", MemoryKind.ULTRA: "UltraRAM"}
SPEED = ("engine", "lanes", "columns", "requantizers", "multipliers", "cycles", "busy")
COST = ("engine", "weights in", "rows in", "DSP", "LUT", "BRAM36", "URAM")


def engine_fields(layer: LayerPlan, plan: Plan) -> dict[str, object]:
    """One engine, for machines."""
    folding = layer.folding
    return {
        "name": layer.name,
        "lanes": folding.lanes,
        "columns": folding.columns,
        "requantizers": folding.drain,
        "multipliers": layer.multipliers,
        "dual": folding.dual,
        "fabric": folding.fabric,
        "cycles": layer.cycles,
        "busy": round(layer.cycles / plan.cycles_per_frame, 4),
        "weights": folding.placement.weights.name.lower(),
        "rows": folding.placement.rows.name.lower(),
        "resources": layer.resources.fields(),
    }


def predicted(plan: Plan, board: Board) -> Resources | None:
    """What a plan predicts, if it is for the board's family."""
    return plan.resources if board.family == plan.family else None


def plan_fields(plan: Plan, board: Board | None) -> dict[str, object]:
    """Everything about a plan, for machines."""
    proven = gap(plan)
    return plan.fields() | {
        "assumed_clock_mhz": board.clock_mhz if board else None,
        "frames_per_second": frames_per_second(plan.cycles_per_frame, board),
        "binds": binding(plan),
        "gap": None if proven is None else round(proven, 6),
        "engines": [engine_fields(x, plan) for x in plan.layers if x.multipliers],
    }


def print_plan(plan: Plan, board: Board | None) -> None:
    """Everything about a plan, for people."""
    engines = [x for x in plan.layers if x.multipliers]
    console.table(f"{plan.model}: engines", SPEED, [_speed(x, plan) for x in engines])
    console.table("Memories, and resources as estimated", COST, [_cost(x) for x in engines])
    console.OUT.print("Estimated for all of it, pools, gearboxes, queues and shell included:")
    print_bars(plan.resources, plan.budget)
    for line in summary(plan, board):
        console.OUT.print(line)


def print_bars(taken: Resources, budget: Resources | None) -> None:
    """One bar a resource; only counts where there is no budget."""
    limits = budget.fields() if budget else {}
    for name, count in taken.fields().items():
        text = f"{TITLES[name]:<14}"
        if not limits:
            console.OUT.print(f"{text}{count:>10,}")
        elif limits[name] or count:
            share = count / limits[name] if limits[name] else float("inf")
            filled = round(min(1.0, share) * BAR)
            bar = "█" * filled + "░" * (BAR - filled)
            percent = f"{share:7.1%}" if limits[name] else "   none"
            console.OUT.print(f"{text}{bar}{percent}  {count:,} of {limits[name]:,}")


def summary(plan: Plan, board: Board | None) -> list[str]:
    """What matters, in sentences."""
    onchip = plan.onchip_bytes
    lines = [
        f"{plan.cycles_per_frame:,} cycles per frame, {plan.latency_cycles:,} cycles latency",
        f"{plan.multipliers:,} multipliers, {plan.mac_efficiency:.1%} busy with nonzero weights",
        f"{onchip['total']:,} bytes on chip: {onchip['weights']:,} of weights, "
        f"{onchip['buffers']:,} of rows, {onchip['queues']:,} of queues",
        f"block memories: {plan.memory_use:.1%} of the bits occupied are used",
    ]
    if board:
        speed = frames_per_second(plan.cycles_per_frame, board)
        lines.insert(
            1,
            f"{speed:,} frames per second at {board.clock_mhz} MHz, a clock that is ASSUMED: "
            "nothing has been placed and routed",
        )
    proven = gap(plan)
    if proven is not None:
        lines.append(
            f"gap: {proven:.2%} at most from the best plan of the search space; with the cycles "
            f"that the solver reckons with, fewer than {plan.bound_cycles:,} are proven impossible"
        )
    return [*lines, _binds(plan)]


def _binds(plan: Plan) -> str:
    found = binding(plan)
    name, layer = found["resource"], slowest(plan)
    if name:
        return f"binds: {TITLES[str(name)]}, {found['share']:.1%} of the budget"
    lanes, columns = layer.folding.lanes, layer.folding.columns
    return (
        f"binds: no resource; {layer.name} is the slowest engine with {lanes} lanes of "
        f"{columns} columns"
    )


def _speed(layer: LayerPlan, plan: Plan) -> tuple[object, ...]:
    folding = layer.folding
    busy = f"{layer.cycles / plan.cycles_per_frame:.0%}"
    return (
        *(layer.name, folding.lanes, folding.columns, folding.drain),
        *(layer.multipliers, layer.cycles, busy),
    )


def _cost(layer: LayerPlan) -> tuple[object, ...]:
    taken, folding = layer.resources, layer.folding
    return (
        *(layer.name, MADE_OF[folding.placement.weights], MADE_OF[folding.placement.rows]),
        *(taken.dsp, taken.lut, taken.bram18 / 2, taken.uram),
    )


def exceeding(excess: Mapping[str, tuple[int, int]]) -> str:
    """Resources needed and available, in words."""
    return ", ".join(f"{n}={x} exceeds {y} available" for n, (x, y) in excess.items())
