# SPDX-License-Identifier: Apache-2.0
"""What a plan's numbers mean: speed at a clock, fullest resource, proven gap."""

from __future__ import annotations

from firebrick.boards import Board
from firebrick.hardware.resources import Resources
from firebrick.plan.plan import LayerPlan, Plan

FULL = 0.9
"""A resource of which so much is taken can be what keeps a plan from being faster."""
TITLES = {
    "dsp": "DSP",
    "lut": "LUT",
    "lutram": "LUT as memory",
    "ff": "flip-flops",
    "bram36": "BRAM36",
    "uram": "UltraRAM",
}


def frames_per_second(cycles: int, board: Board | None) -> float | None:
    """At the board's assumed clock; None without a board."""
    return speed(cycles, board.clock_mhz) if board else None


def speed(cycles: int, clock_mhz: float) -> float:
    """Frames per second at a clock."""
    return round(clock_mhz * 1e6 / cycles, 1)


def of_peak(plan: Plan, cycles: int | None, board: Board) -> float | None:
    """Nonzero work over two multiplications a cycle in each of the device's DSP slices."""
    return plan.nonzero_macs / (2 * board.device.dsp * cycles) if cycles else None


def shares(taken: Resources, budget: Resources) -> dict[str, float]:
    """Share of the budget that is taken, of what the board has."""
    limits = budget.fields()
    return {name: x / limits[name] for name, x in taken.fields().items() if limits[name]}


def slowest(plan: Plan) -> LayerPlan:
    """The engine that works most of a frame."""
    return max(plan.layers, key=lambda x: x.cycles)


def binding(plan: Plan) -> dict[str, object]:
    """The fullest resource, if it is full; and the slowest engine."""
    full = shares(plan.resources, plan.budget) if plan.budget else {}
    name = max(full, key=lambda x: full[x], default=None)
    share = full[name] if name else 0.0
    return {
        "resource": name if share >= FULL else None,
        "share": round(share, 4),
        "slowest_engine": slowest(plan).name,
    }


def gap(plan: Plan) -> float | None:
    """Share by which the best possible plan may be faster, at most; None if nothing is proven."""
    return plan.cycles_per_frame / plan.bound_cycles - 1 if plan.bound_cycles else None
