# SPDX-License-Identifier: Apache-2.0
"""Rows as they would be measured, made by hand."""

from __future__ import annotations

from dataclasses import replace

from firebrick.boards import load_board
from firebrick.hardware.resources import Family, Resources
from firebrick.ops.folding import Folding
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.report.dense import DenseDesign
from firebrick.report.engine import EngineSimulation
from firebrick.report.figures import binding, gap, of_peak
from firebrick.report.measure import Counted, Planned, Simulation
from firebrick.report.rows import BoardRow, Figures, TargetRow

PLAN = Plan(
    model="squeezenet1.1",
    digest="0" * 64,
    board=None,
    family=Family.XCUP,
    budget=None,
    pixels=1,
    layers=(
        LayerPlan("conv1", "conv", Folding(10, lanes=30), 480_000),
        LayerPlan("pool1", "maxpool", Folding(10), 400_000),
        LayerPlan("conv10", "conv", Folding(7, lanes=70), 490_000),
    ),
    skips=(),
    nonzero_macs=380_000_000,
    dense_macs=390_000_000,
    cycles_per_frame=491_000,
    latency_cycles=900_000,
    bound_cycles=490_000,
    weight_bytes={"codes": 1_000_000},
    buffer_bytes=200_000,
    queue_bytes=40_000,
    resources=Resources(dsp=500, lut=40_000, lutram=6_000, ff=70_000, bram18=281, uram=0),
    memory_bits=6_000_000,
)
"""790 multipliers."""
SIMULATION = Simulation(492_000, 905_000, frames=3, differing=0, seconds=20.0)
TARGET = TargetRow(
    *("squeezenet1.1", Figures.of(Planned(PLAN, 12.3)), SIMULATION, ()),
    target=500_000,
    dense=DenseDesign(780, 600_000),
)
KV260, ZCU104 = load_board("kv260"), load_board("zcu104")
FILLED = replace(PLAN, board="kv260", budget=KV260.budget())
BOARD = BoardRow(
    *("squeezenet1.1", Figures.of(Planned(FILLED, 45.6)), SIMULATION, ()),
    board=KV260.name,
    clock_mhz=KV260.clock_mhz,
    binds=binding(FILLED),
    gap=gap(FILLED),
    of_peak=of_peak(FILLED, SIMULATION.cycles_per_frame, KV260),
    counted=Counted(
        "Yosys 0.0", Resources(dsp=500, lut=42_000, lutram=6_000, ff=77_000, bram18=280), 99.0
    ),
)
REFUSED = BoardRow(
    "squeezenet1.1",
    failures=("plan: bram36=300 exceeds 140 available on pynq-z2",),
    board="pynq-z2",
    clock_mhz=100,
)
LARGE = BoardRow(
    *("squeezenet1.1", Figures.of(Planned(PLAN, 50.0)), None, ()),
    board=ZCU104.name,
    clock_mhz=ZCU104.clock_mhz,
    binds=binding(PLAN),
    gap=gap(PLAN),
    of_peak=of_peak(PLAN, PLAN.cycles_per_frame, ZCU104),
    engines=(EngineSimulation("conv1", 300, 480_000, 480_480),),
)
