# SPDX-License-Identifier: Apache-2.0
"""The rtl engine: the generated SystemVerilog in Verilator, under cocotb."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from firebrick.emit.rtl.generate import check_onchip
from firebrick.errors import CheckFailed
from firebrick.files.cache import cache_folder, kept_text
from firebrick.files.key import code_key
from firebrick.files.output import whole_file
from firebrick.files.scratch import scratch_folder
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build as build_pipeline
from firebrick.plan.plan import Plan
from firebrick.progress import Progress
from firebrick.search.goal import FAST_SIMULATION
from firebrick.search.planner import default
from firebrick.verify.engine import EngineRun, Job
from firebrick.verify.simulation.network_bench import build_network, simulate
from firebrick.verify.simulation.verilator import LONG, SHORT

SOON = 100_000
"""Cycles that are simulated in less time than a compiler takes to make them fast."""


def default_plan(network: Network, progress: Progress) -> Plan:
    """A plan chosen for fast simulation, cached by the network's content and the planner's code."""
    code = code_key(default.__module__)
    path = cache_folder("plans") / f"{network.digest()}-{FAST_SIMULATION}-{code}.json"
    return kept_text(
        path,
        lambda text: Plan.from_json(text, str(path)),
        lambda: default(network, progress=progress).to_json(),
    )


def run(job: Job) -> EngineRun:
    """Generate, compile (or take from the cache), simulate, read every layer back.

    Waveforms are kept also when the simulation fails, up to where it stopped.

    Raises:
        CheckFailed: when the plan does not stay on chip, or the simulation fails.
        FirebrickError: when the plan is another network's, or waveforms cannot be written.
    """
    if job.waves is None:
        return _run(job, None)
    failure: CheckFailed | None = None
    with whole_file(job.waves) as temporary:  # before minutes are spent
        try:
            result = _run(job, temporary)
        except CheckFailed as error:
            if not temporary.stat().st_size:
                raise
            failure = error
    if failure is not None:
        raise failure
    return result


def _run(job: Job, waves: Path | None) -> EngineRun:
    chosen = job.plan or default_plan(job.network, job.progress)
    check_onchip(chosen)
    pipeline = build_pipeline(job.network, chosen)
    job.progress("compiling the network", 0.0)
    frames = max(job.frames, len(job.pixels))
    optimize = SHORT if chosen.cycles_per_frame * frames < SOON else LONG
    models, traced = cache_folder("models"), waves is not None
    binary = build_network(job.network, pipeline, models, waves=traced, optimize=optimize)
    job.progress("compiling the network", 1.0)
    with scratch_folder() as workdir:
        start = time.perf_counter()
        try:
            result = simulate(
                binary,
                pipeline,
                job.pixels,
                workdir,
                chosen.cycles_per_frame,
                progress=job.progress,
                waves=traced,
            )
        finally:
            dump = workdir / "dump.fst"
            if waves is not None and dump.is_file():
                shutil.move(dump, waves)
        seconds = time.perf_counter() - start
    ends = result.ends
    return EngineRun(
        tensors={x.name: result.tensors[x.name] for x in job.network},
        seconds=seconds,
        cycles_per_frame=ends[-1] - ends[-2] if len(ends) > 1 else None,
        latency_cycles=ends[0] - result.start,
        predicted_cycles=chosen.cycles_per_frame,
        predicted_latency=chosen.latency_cycles,
    )
