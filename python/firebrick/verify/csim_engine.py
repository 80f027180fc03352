# SPDX-License-Identifier: Apache-2.0
"""The csim engine: the generated C++, a thread a function, with channels of their real depth."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firebrick.emit.hls.csim import INPUT_FILE, output_file
from firebrick.emit.hls.dataflow import Channel, dataflow
from firebrick.emit.rtl.generate import check_onchip
from firebrick.errors import CheckFailed
from firebrick.files.cache import cache_folder
from firebrick.files.scratch import scratch_folder
from firebrick.hardware.stream import from_beats
from firebrick.hardware.tensor import IntArray
from firebrick.ops.image import pixel_beats
from firebrick.plan.pipeline import Pipeline
from firebrick.plan.pipeline import build as build_pipeline
from firebrick.processes import started
from firebrick.progress import Progress, silent
from firebrick.verify.csim_build import build
from firebrick.verify.engine import EngineRun, Job
from firebrick.verify.rtl_engine import default_plan

DEADLOCK = 3
"""Exit status of a simulation in which every function waits."""


def run(job: Job) -> EngineRun:
    """Generate, compile (or take from the cache), simulate, read every layer back.

    Raises:
        CheckFailed: when the plan does not stay on chip, or the simulation fails.
        FirebrickError: when the plan is another network's, or a tool is missing.
    """
    chosen = job.plan or default_plan(job.network, job.progress)
    check_onchip(chosen)
    pipeline = build_pipeline(job.network, chosen)
    job.progress("compiling the functions", 0.0)
    binary = build(job.network, pipeline, cache_folder("csim"))
    job.progress("compiling the functions", 1.0)
    with scratch_folder() as scratch:
        start = time.perf_counter()
        tensors = simulate(binary, pipeline, job.pixels, scratch, progress=job.progress)
        seconds = time.perf_counter() - start
    return EngineRun({x.name: tensors[x.name] for x in job.network}, seconds)


def simulate(
    binary: Path,
    pipeline: Pipeline,
    pixels: NDArray[np.integer],
    workdir: Path,
    *,
    progress: Progress = silent,
) -> dict[str, IntArray]:
    """Run a compiled network over photographs, back to back.

    Args:
        binary: from `build`, of the same pipeline.
        pipeline: whose links say how to read the streams.
        pixels: uint8 values (N, C, H, W), as in `Job`.
        workdir: empty folder for stimuli and results.
        progress: told the share of frames done.

    Returns:
        Every layer's output by name, int64 (N, C, H, W), channels in natural order; the last one's
        in the order in which they left.

    Raises:
        CheckFailed: when the simulation fails, with what it said: for a deadlock, each channel that
            is waited for with its level and depth.
    """
    net, frames = dataflow(pipeline), len(pixels)
    beats = pixel_beats(pixels.astype(np.int64), net.input.link.stream.columns)
    beats.astype("<u4").tofile(workdir / INPUT_FILE)
    with (workdir / "errors.txt").open("w+") as errors:
        progress("C simulation", 0.0)
        command: list[str | Path] = [binary.resolve(), workdir.resolve(), str(frames)]
        with started(command, workdir, stdout=subprocess.PIPE, stderr=errors) as process:
            for done, _ in enumerate(process.stdout or (), 1):
                progress("C simulation", min(1.0, done / frames))
        if process.returncode != 0:
            errors.seek(0)
            text = errors.read().strip()
            what = "deadlocked" if process.returncode == DEADLOCK else "failed"
            raise CheckFailed(f"C simulation {what} (status {process.returncode})", log=text)
    taps = [x for x in net.channels if x.link.layer is not None]
    output = pipeline.output_link
    return {
        str(x.link.layer): _read(workdir, x, frames, is_output=x.link.name == output) for x in taps
    }


def _read(workdir: Path, channel: Channel, frames: int, *, is_output: bool = False) -> IntArray:
    """Tensor of the stream that a tap wrote down; of the output as who reads it takes it.

    Raises:
        CheckFailed: when there are not exactly `frames` frames of beats.
    """
    link, stream = channel.link, channel.link.stream
    values = np.fromfile(workdir / output_file(str(link.layer)), "<u4").astype(np.int64)
    expected = frames * stream.frame_beats
    if len(values) != expected * stream.columns:
        count = len(values) // stream.columns
        raise CheckFailed(f"layer {link.layer!r}: beats={count} is not {expected}")
    if stream.tensor.signed:
        values -= (values >> (stream.tensor.bits - 1)) << stream.tensor.bits
    order = None if is_output else link.order
    return from_beats(values.reshape(-1, stream.columns), stream.tensor, order)
