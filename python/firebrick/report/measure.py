# SPDX-License-Identifier: Apache-2.0
"""Plan, simulate and count one network: each measurement kept by its content."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from firebrick import inputs
from firebrick.emit.rtl.generate import generate
from firebrick.errors import CheckFailed
from firebrick.files.key import content_key
from firebrick.files.scratch import scratch_folder
from firebrick.hardware.resources import Family, Resources
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.plan.plan import Plan
from firebrick.progress import Progress, silent
from firebrick.report.kept import RTL, SIMULATION, kept
from firebrick.search import planner
from firebrick.search.goal import Goal
from firebrick.synth.yosys.count import synthesize
from firebrick.verify import rtl_engine
from firebrick.verify.compare import compare
from firebrick.verify.engine import EngineRun, Job
from firebrick.verify.engines import run_numpy

PHOTOGRAPHS = ("chelsea", "coffee", "rocket")


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the seconds that finding it took."""

    plan: Plan
    seconds: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """A whole network in Verilator, photographs back to back, nothing stalled.

    Attributes:
        cycles_per_frame: between the last logits of the last two frames.
        latency_cycles: from the first pixel to the last logit of the first frame.
        frames: photographs.
        differing: values that differ from the reference, of every layer.
        seconds: that it took, compilation not counted.
    """

    cycles_per_frame: int
    latency_cycles: int
    frames: int
    differing: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of a whole generated network.

    Attributes:
        tool: name and version.
        resources: all instances together.
        seconds: that it took, instances known before not counted.
    """

    tool: str
    resources: Resources
    seconds: float


@dataclass(frozen=True)
class Bench:
    """A network on the bench.

    Attributes:
        network: what is measured.
        progress: told about slow steps.
    """

    network: Network
    progress: Progress = silent

    @cached_property
    def pixels(self) -> PixelArray:
        """The photographs."""
        network = self.network
        shape = (network.preprocessing, network.image.height, network.image.width)
        return np.concatenate([inputs.load(name, *shape) for name in PHOTOGRAPHS])

    @cached_property
    def reference(self) -> EngineRun:
        """What every layer must give."""
        return run_numpy(Job(self.network, self.pixels, progress=self.progress))

    def plan(self, goal: Goal, *, store_zeros: bool = False) -> Planned:
        """The plan for a goal.

        Raises:
            CheckFailed: there is none.
        """

        def make() -> dict[str, Any]:
            start = time.perf_counter()
            plan = planner.plan(self.network, goal, store_zeros=store_zeros, progress=self.progress)
            seconds = time.perf_counter() - start
            return {"plan": plan.to_json(), "seconds": round(seconds, 1)}

        parts = (self.network.digest(), repr(goal), str(store_zeros))
        found = kept("plan", (planner.__name__,), (), parts, make)
        return Planned(Plan.from_json(found["plan"]), found["seconds"])

    def simulate(self, plan: Plan) -> Simulation:
        """Every value of every layer, and cycles.

        Raises:
            CheckFailed: the plan does not stay on chip, or the simulation fails.
        """

        def make() -> dict[str, Any]:
            run = rtl_engine.run(Job(self.network, self.pixels, plan, self.progress))
            if run.cycles_per_frame is None or run.latency_cycles is None:
                raise CheckFailed(f"{plan.model}: no two frames were simulated")
            differing = sum(x.differing for x in compare(self.reference.tensors, run.tensors))
            return asdict(
                Simulation(
                    cycles_per_frame=run.cycles_per_frame,
                    latency_cycles=run.latency_cycles,
                    frames=len(self.pixels),
                    differing=differing,
                    seconds=round(run.seconds, 1),
                )
            )

        parts = (content_key(self.pixels.tobytes()), _design(plan))
        made_by = (rtl_engine.__name__, compare.__module__)
        return Simulation(**kept("simulation", made_by, SIMULATION, parts, make))

    def count(self, plan: Plan, family: Family) -> Counted:
        """Resources by Yosys.

        Raises:
            FirebrickError: when Yosys fails.
        """

        def make() -> dict[str, Any]:
            with scratch_folder() as scratch:
                folder = scratch / "rtl"
                generate(self.network, plan, folder)
                report = synthesize(folder, family, lambda _, x: self.progress("Yosys", x))
            return asdict(Counted(report.tool, report.resources, report.seconds))

        made_by = (generate.__module__, synthesize.__module__)
        found = kept("count", made_by, RTL, (_design(plan), str(family)), make)
        return Counted(found["tool"], Resources(**found["resources"]), found["seconds"])


def _design(plan: Plan) -> str:
    """What a plan says of the hardware and of cycles, not whom it is for."""
    layers = tuple(replace(x, resources=Resources()) for x in plan.layers)
    bare = replace(
        *(plan,),
        **{"board": None, "budget": None, "bound_cycles": 0, "resources": Resources()},
        layers=layers,
    )
    return bare.to_json()
