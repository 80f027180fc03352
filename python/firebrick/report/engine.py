# SPDX-License-Identifier: Apache-2.0
"""The busiest engines of a plan too large to simulate whole, each alone in its bench."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from firebrick.files.cache import cache_folder
from firebrick.files.scratch import scratch_folder
from firebrick.hardware.stream import StreamType
from firebrick.ir.network import Network
from firebrick.plan.engines import Derived, derive
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.report.kept import SIMULATION, kept
from firebrick.verify.check import check_engine, random_tensor

BUSIEST = 3
"""Engines simulated of a plan."""
FRAMES = 3
"""The fewest that show a steady state."""
ANY_SLACK = 1 << 40
"""Cycles are reported here, not judged; every value still has to be right."""


@dataclass(frozen=True, slots=True)
class EngineSimulation:
    """One engine alone, fed random pixels as fast as it takes them.

    Attributes:
        layer: its layer.
        multipliers: of the engine.
        planned_cycles: a frame, by the plan.
        simulated_cycles: between the last two frames.
    """

    layer: str
    multipliers: int
    planned_cycles: int
    simulated_cycles: int


def busiest(plan: Plan) -> list[LayerPlan]:
    """The engines with most multipliers."""
    return sorted(plan.layers, key=lambda x: (-x.multipliers, x.name))[:BUSIEST]


def simulate_engine(
    network: Network, plan: Plan, layer: str, derived: Derived | None = None
) -> EngineSimulation:
    """Simulate one convolution's engine as a plan folds it, and compare every value.

    Args:
        network: the network.
        plan: its plan.
        layer: name of a convolution.
        derived: the engines of the plan, if they are made already.

    Raises:
        CheckFailed: a value differs, or the simulation fails.
    """
    derived = derived or derive(network, plan.foldings)
    engine = derived.engines[layer]
    rng = np.random.default_rng(1)
    pixels = random_tensor(rng, StreamType(engine.operator.input, engine.in_columns[0]), FRAMES)
    with scratch_folder() as scratch:
        measured = check_engine(
            engine,
            [pixels],
            scratch,
            cache_folder("models"),
            in_orders=[engine.in_order],
            out_order=engine.out_order,
            period_slack=ANY_SLACK,
            latency_slack=ANY_SLACK,
            thorough=False,
        )
    planned = next(x for x in plan.layers if x.name == layer)
    return EngineSimulation(layer, planned.multipliers, planned.cycles, measured.period)


def simulate_busiest(network: Network, plan: Plan) -> tuple[EngineSimulation, ...]:
    """The engines with most multipliers, each alone.

    Raises:
        CheckFailed: a value differs, or a simulation fails.
    """
    derived: Derived | None = None
    found = []
    for layer in busiest(plan):

        def make(name: str = layer.name) -> dict[str, Any]:
            nonlocal derived
            derived = derived or derive(network, plan.foldings)
            return asdict(simulate_engine(network, plan, name, derived))

        parts = (plan.to_json(), layer.name)
        found.append(EngineSimulation(**kept("engine", (__name__,), SIMULATION, parts, make)))
    return tuple(found)
