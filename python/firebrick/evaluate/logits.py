# SPDX-License-Identifier: Apache-2.0
"""Logits of many images, by whichever engine, on all cores."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.images import PixelArray, to_float
from firebrick.ir.graph import IMAGE, Graph, QuantNode
from firebrick.ir.network import Network
from firebrick.onnx_runtime import onnxruntime
from firebrick.passes import prepare
from firebrick.passes.drop_identities import drop_identities
from firebrick.plan.plan import Plan
from firebrick.progress import Progress
from firebrick.quantize.floats import run_float
from firebrick.quantize.forward import last_layer
from firebrick.quantize.integer_onnx.export import to_model
from firebrick.quantize.integer_onnx.storage import storages
from firebrick.verify.engine import Job
from firebrick.verify.engines import ENGINES

Logits = Callable[[PixelArray], NDArray[Any]]
"""From images, uint8 (N, C, H, W), to logits (N, classes)."""
ENGINE_NAMES = ("onnxruntime", "numpy", "rtl", "csim")
SIMULATED = ("rtl", "csim")
CORES = len(os.sched_getaffinity(0))
"""Those that this process may use."""


@dataclass(frozen=True, slots=True)
class Share:
    """How images are shared out.

    Attributes:
        room: values of all layers of the images that a worker takes at a time.
        workers: how many work side by side.
    """

    room: int
    workers: int

    def chunk(self, values: int, images: int) -> int:
        """Images to take at a time: as there is room for, and so that every worker has some.

        Args:
            values: of all layers, of one image.
            images: of all.
        """
        return max(1, min(self.room // values, -(-images // self.workers)))


SHARE = Share(1 << 19, CORES)
"""Of onnxruntime: what a core's cache holds is twice as fast as hundreds of images at a time."""
LARGE = Share(1 << 25, CORES)
SHARES = MappingProxyType({"numpy": Share(1 << 19, 1), "rtl": LARGE, "csim": LARGE})
"""Of others. NumPy's matrix products take all cores themselves; simulations take time to start."""


def integer_logits(
    network: Network, engine: str, plan: Plan | None, images: int, progress: Progress
) -> Logits:
    """Logits of a quantized network, int64.

    Args:
        network: quantized.
        engine: one of `ENGINE_NAMES`.
        plan: of the hardware that is simulated; None for one that simulates fast.
        images: that will be given in all: a simulation is made as fast as they are worth.
        progress: told about builds.

    Raises:
        FirebrickError: there is no such engine, or it simulates nothing that has a plan.
    """
    if engine not in ENGINE_NAMES:
        raise FirebrickError(f"evaluate: engine={engine!r} is none of {', '.join(ENGINE_NAMES)}")
    if plan is not None and engine not in SIMULATED:
        raise FirebrickError(f"plan={plan.model}: needs engine {' or '.join(SIMULATED)}")
    output = network.output
    if engine == "onnxruntime":
        session = _session(to_model(network).SerializeToString())
        zero = storages(network)[output].zero
        return lambda x: _run(session, x).astype(np.int64) - zero
    if engine == "numpy":
        functions = [(x.name, x.inputs, x.operator.golden) for x in network]
        return lambda x: last_layer(functions, x.astype(np.int64)).reshape(len(x), -1)

    def simulate(pixels: PixelArray) -> NDArray[Any]:
        run = ENGINES[engine](Job(network, pixels, plan, progress, frames=images))
        return run.tensors[output].reshape(len(pixels), -1)

    return simulate


def float_logits(graph: Graph) -> Logits:
    """Logits of a float network, float32: what a Softmax at its end is given.

    In onnxruntime, unless it has quantizers of QONNX, which onnxruntime does not know.
    """
    how = graph.preprocessing
    if any(isinstance(x, QuantNode) for x in graph.nodes):
        prepared = prepare(graph)
        return lambda x: run_float(prepared, to_float(x, how))
    session = _session(to_onnx(drop_identities(graph)).SerializeToString())
    return lambda x: _run(session, to_float(x, how))


def side_by_side(
    logits: Logits, parts: Iterable[PixelArray], workers: int
) -> Iterator[NDArray[Any]]:
    """Logits of parts, in order; no more parts are taken than are worked on."""
    waiting: deque[Future[NDArray[Any]]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for part in parts:
            waiting.append(pool.submit(logits, part))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _session(model: bytes) -> onnxruntime.InferenceSession:
    """One thread a call, since calls run side by side."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run(session: onnxruntime.InferenceSession, images: NDArray[Any]) -> NDArray[Any]:
    (values,) = session.run(None, {IMAGE: images})
    return np.asarray(values).reshape(len(images), -1)
