# SPDX-License-Identifier: Apache-2.0
"""The hls4ml engine: the project that hls4ml writes, compiled and asked by its `predict()`."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick.emit.rtl.generate import MANIFEST
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.files.cache import cache_folder, kept_folder
from firebrick.files.key import code_key, content_key, folder_key
from firebrick.files.scratch import scratch_folder
from firebrick.hardware.stream import from_beats
from firebrick.hardware.tensor import IntArray
from firebrick.hls4ml.generate import CONFIG, generate
from firebrick.hls4ml.optional import optional
from firebrick.hls4ml.sources import BUILD_LIB
from firebrick.ir.network import Network
from firebrick.plan.pipeline import Link
from firebrick.plan.pipeline import build as build_pipeline
from firebrick.plan.plan import Plan
from firebrick.processes import HERE
from firebrick.processes import run as run_command
from firebrick.progress import Progress, silent
from firebrick.verify.engine import EngineRun, Job
from firebrick.verify.rtl_engine import default_plan

TAPS = "firebrick_taps"
"""Function of the compiled project that says where its layers are written down."""
LOG = 4000
"""Characters of a failed compilation that are shown."""
EXACT_BITS = 24
"""Bits of integers that float32 holds exactly."""


def run(job: Job) -> EngineRun:
    """Generate, compile (or take from the cache), predict, read every layer back.

    The logits are what `predict()` gives; other layers are read where they leave their block.

    Raises:
        CheckFailed: when the plan does not stay on chip, or a layer is not written down whole.
        FirebrickError: when the plan is another network's, or hls4ml or g++ is missing.
    """
    chosen = job.plan or default_plan(job.network, job.progress)
    job.progress("compiling the hls4ml project", 0.0)
    project = build(job.network, chosen, cache_folder("hls4ml"))
    job.progress("compiling the hls4ml project", 1.0)
    start = time.perf_counter()
    tensors = predict(project, job.network, chosen, job.pixels, progress=job.progress)
    seconds = time.perf_counter() - start
    return EngineRun({x.name: tensors[x.name] for x in job.network}, seconds)


def build(network: Network, plan: Plan, build_root: Path) -> Path:
    """Write and compile a project, unless the same one is there already; gives its folder.

    Args:
        network: the network.
        plan: its foldings.
        build_root: folder that keeps projects; may be shared by concurrent processes.

    Raises:
        FirebrickError: if hls4ml or g++ is missing, or g++ refuses.
    """
    compiler = shutil.which("g++")
    if compiler is None:
        raise FirebrickError("hls4ml: g++ is missing: install a C++17 compiler of that name")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True)
    build_root.mkdir(parents=True, exist_ok=True)
    with scratch_folder(build_root) as scratch:
        written = scratch / "project"
        generate(network, plan, written)
        key = content_key(
            *(version.stdout, network.digest(), plan.to_json(), code_key(generate.__module__)),
            folder_key(written, (CONFIG, MANIFEST)),  # these hold the scratch folder's path
        )
        made = build_root / f"project-{key}"
        return kept_folder(made, lambda _: _compile(written), "firmware/*.so")


def _compile(project: Path) -> Path:
    """Do what hls4ml's `compile()` does, wherever that is; returns the project."""
    # The folder's path as text in C++ is for weights in files, of which there are none.
    script = (project / BUILD_LIB).read_text().replace('-D WEIGHTS_DIR="${WEIGHTS_DIR}"', "")
    log = project / "build.log"
    with log.open("w") as stream:
        status = run_command(["bash", "-c", script, f"./{BUILD_LIB}"], project, stream, env=HERE)
    if status:
        said = log.read_text(errors="replace")[-LOG:].strip()
        raise FirebrickError(f"hls4ml: Failed to compile project ({status})", log=said)
    return project


def _linked(project: Path) -> Any:
    """hls4ml's handle of a written project, wherever it has been moved."""
    graph = optional("hls4ml.converters").link_existing_project(str(project))
    graph.config.config["OutputDir"] = str(project)
    return graph


def predict(
    project: Path,
    network: Network,
    plan: Plan,
    pixels: NDArray[np.integer],
    *,
    progress: Progress = silent,
) -> dict[str, IntArray]:
    """Run photographs through a compiled project.

    Args:
        project: from `build`, of the same network and plan.
        network: the network.
        plan: its foldings.
        pixels: uint8 values (N, C, H, W), as in `Job`.
        progress: told the share of frames done.

    Returns:
        Every layer's output by name, int64 (N, C, H, W), channels in natural order.

    Raises:
        CheckFailed: when a layer is not written down whole.
    """
    pipeline = build_pipeline(network, plan)
    graph = _linked(project)
    (library,) = (project / "firmware").glob("*.so")
    loaded = ctypes.cdll.LoadLibrary(str(library))
    graph._top_function_lib = loaded  # as `compile()` sets it
    output = next(x for x in network if x.name == network.output).operator.output
    real = np.float32 if max(output.bits, network.image.bits) <= EXACT_BITS else np.float64
    frames = []
    with scratch_folder() as scratch:
        getattr(loaded, TAPS)(bytes(scratch))
        try:
            for index, image in enumerate(pixels):
                progress("predicting", index / len(pixels))
                frames.append(graph.predict(_channels_last(image, real)))
        finally:
            getattr(loaded, TAPS)(b"")
        progress("predicting", 1.0)
        tensors = {
            x.name: read_tap(scratch, pipeline.link(x.name), len(pixels))
            for x in network
            if x.name != network.output
        }
    shape = len(pixels), output.height, output.width, output.channels
    values = np.stack(frames).astype(np.int64).reshape(shape)
    return tensors | {network.output: values.transpose(0, 3, 1, 2)}


def _channels_last(image: NDArray[np.integer], real: type) -> NDArray[np.floating]:
    return np.ascontiguousarray(image.transpose(1, 2, 0)[None].astype(real))


def read_tap(folder: Path, link: Link, frames: int) -> IntArray:
    """Tensor of a row stream that a project wrote down.

    Raises:
        CheckFailed: when there are not exactly `frames` frames of beats.
    """
    stream, path = link.stream, folder / f"{link.layer}.bin"
    values = np.fromfile(path, "<u4").astype(np.int64) if path.is_file() else np.zeros(0, np.int64)
    expected = frames * stream.frame_beats
    if len(values) != expected * stream.columns:
        count = len(values) // stream.columns
        raise CheckFailed(f"layer {link.layer!r}: beats={count} is not {expected}")
    if stream.tensor.signed:
        values -= (values >> (stream.tensor.bits - 1)) << stream.tensor.bits
    return from_beats(values.reshape(-1, stream.columns), stream.tensor, link.order)
