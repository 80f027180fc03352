# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that multiply by a matrix: fully connected layers.

Each is a convolution: 1x1 where it works on channels, or with a kernel as large as the map where
the map was flattened before.
"""

from __future__ import annotations

import numpy as np

from firebrick.frontend.onnx_reader.scope import MERGED, Op, Value
from firebrick.frontend.onnx_reader.window import square
from firebrick.ir.graph import ConvNode, FloatArray


def gemm(op: Op) -> None:
    """Gemm, alpha * x * W + beta * bias."""
    value = op.value(0)
    if op.attribute_int("transA", 0):
        raise op.fail("transA", 1, "is not 0: frames are not mixed")
    with np.errstate(over="ignore"):  # what is infinite is refused with the layer
        weights = op.floats(1) * np.float32(op.attribute_float("alpha", 1.0))
    if weights.ndim != 2:
        raise op.fail("input[1]", weights.shape, "is not a matrix")
    if not op.attribute_int("transB", 0):
        weights = weights.T
    bias = np.zeros(len(weights), np.float32)
    if op.has_input(2):
        with np.errstate(over="ignore"):
            given = op.floats(2) * np.float32(op.attribute_float("beta", 1.0))
        if given.size not in (1, len(bias)) or given.shape[:-1] not in ((), (1,)):
            raise op.fail("input[2]", given.shape, f"is not of shape {bias.shape}")
        bias = np.array(np.broadcast_to(given.reshape(-1), bias.shape))
    _connect(op, value, weights, bias)


def matmul(op: Op) -> None:
    """MatMul by a constant, on the last axis."""
    value = op.value(0)
    weights = op.floats(1)
    if weights.ndim != 2:
        raise op.fail("input[1]", weights.shape, "is not a matrix")
    _connect(op, value, weights.T, np.zeros(weights.shape[1], np.float32))


def _connect(op: Op, value: Value, weights: FloatArray, bias: FloatArray) -> None:
    """A convolution of weights (outputs, inputs) on the last axis of a tensor."""
    last = value.axes[-1]
    size = value.size(last) if last != "N" else 0
    if weights.shape[1] != size or len(weights) < 1:
        raise op.fail("weights", weights.shape[::-1], f"does not take the {size} of {value.axes}")
    pads = (0, 0, 0, 0)
    if last == "C":
        kernel, axes = weights[:, :, None, None], value.axes
    elif MERGED.get(last, "") in ("CHW", "HWC"):
        axes = "NC"
        kernel = weights.reshape(len(weights), *(value.size(x) for x in MERGED[last]))
        kernel = kernel.transpose(0, *(1 + MERGED[last].index(x) for x in "CHW"))
        kernel, pads = square(op, kernel, (1, 1), pads)
    else:
        raise op.fail("input[0]", value.axes, "does not have its channels last")
    kernel = np.ascontiguousarray(kernel, np.float32)
    op.add(ConvNode(op.name, (value.name,), kernel, bias, 1, pads), axes)
