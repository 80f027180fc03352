# SPDX-License-Identifier: Apache-2.0
"""The rtl engine: the generated SystemVerilog in Verilator, under cocotb."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from firebrick.cache import cache_folder
from firebrick.emit.generate import check_onchip
from firebrick.errors import FirebrickError
from firebrick.ir.network import Network
from firebrick.output import whole_file
from firebrick.plan.pipeline import build as build_pipeline
from firebrick.plan.plan import Plan
from firebrick.plan.planner import FAST_SIMULATION, default
from firebrick.verify.engine import Job, Progress, Run
from firebrick.verify.network_bench import build_network, simulate


def default_plan(network: Network, progress: Progress) -> Plan:
    """A plan chosen for fast simulation, cached by the network's content."""
    path = cache_folder("plans") / f"{network.digest()}-{FAST_SIMULATION}.json"
    if path.is_file():
        try:
            return Plan.from_json(path.read_text(), str(path))
        except FirebrickError:
            path.unlink()  # written by another version
    chosen = default(network, progress=progress)
    with whole_file(path) as temporary:
        temporary.write_text(chosen.to_json())
    return chosen


def run(job: Job) -> Run:
    """Generate, compile (or take from the cache), simulate, read every layer back.

    Raises:
        CheckFailed: when the plan does not stay on chip, or the simulation fails.
        FirebrickError: when the plan is another network's.
    """
    chosen = job.plan or default_plan(job.network, job.progress)
    check_onchip(chosen)
    pipeline = build_pipeline(job.network, chosen)
    waves = job.waves is not None
    job.progress("compiling the network", 0.0)
    binary = build_network(job.network, pipeline, cache_folder("models"), waves=waves)
    job.progress("compiling the network", 1.0)
    with tempfile.TemporaryDirectory(prefix="firebrick-") as scratch:
        workdir = Path(scratch)
        start = time.perf_counter()
        result = simulate(
            binary,
            pipeline,
            job.pixels,
            workdir,
            chosen.cycles_per_frame,
            progress=job.progress,
            waves=waves,
        )
        seconds = time.perf_counter() - start
        if job.waves is not None:
            with whole_file(job.waves) as temporary:
                shutil.move(workdir / "dump.fst", temporary)
    ends = result.ends
    return Run(
        tensors={x.name: result.tensors[x.name] for x in job.network},
        seconds=seconds,
        cycles_per_frame=ends[-1] - ends[-2] if len(ends) > 1 else None,
        latency_cycles=ends[0] - result.start,
        predicted_cycles=chosen.cycles_per_frame,
        predicted_latency=chosen.latency_cycles,
    )
