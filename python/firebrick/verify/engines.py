# SPDX-License-Identifier: Apache-2.0
"""The engines by name. A new one is a function from `Job` to `EngineRun` and a row here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from firebrick.verify import csim_engine, hls4ml_engine, onnxruntime_engine, rtl_engine
from firebrick.verify.engine import EngineRun, Job


def run_numpy(job: Job) -> EngineRun:
    """The reference: every operator's `golden()`, a photograph at a time."""
    start = time.perf_counter()
    frames = []
    for index, image in enumerate(job.pixels):
        job.progress("reference", index / len(job.pixels))
        frames.append(job.network.golden(image[None].astype(np.int64)))
    job.progress("reference", 1.0)
    tensors = {x.name: np.concatenate([f.pop(x.name) for f in frames]) for x in job.network}
    return EngineRun(tensors, time.perf_counter() - start)


def run_onnxruntime(job: Job) -> EngineRun:
    """The integer ONNX in onnxruntime, every layer exposed."""
    start = time.perf_counter()
    tensors = onnxruntime_engine.run(job.network, job.pixels.astype(np.uint8))
    return EngineRun(tensors, time.perf_counter() - start)


ENGINES: Mapping[str, Callable[[Job], EngineRun]] = MappingProxyType(
    {
        "numpy": run_numpy,
        "onnxruntime": run_onnxruntime,
        "rtl": rtl_engine.run,
        "csim": csim_engine.run,
        "hls4ml": hls4ml_engine.run,
    }
)
