# SPDX-License-Identifier: Apache-2.0
"""Fast convolutions for calibration: float, and exact integers, both by onnxruntime's float kernel.

Integers below 2**24 and their sums are exact in float32, in any order of summation. So an integer
convolution whose sums provably stay below is computed exactly by a float kernel; one whose sums
may not is cut into groups of input channels that do.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import FloatArray
from firebrick.onnx_runtime import onnxruntime

EXACT = 1 << 24
"""Float32 holds every integer up to here."""

Array = NDArray[Any]


def smallest_dtype(kind: TensorType) -> np.dtype[Any]:
    """The narrowest type of NumPy that holds a tensor's values."""
    sizes = (8, 16, 32, 64)
    return np.dtype(f"{'' if kind.signed else 'u'}int{next(x for x in sizes if kind.bits <= x)}")


class FloatConv:
    """A float convolution without bias, ready to run on (N, I, H, W) arrays.

    Args:
        weights: (O, I, K, K).
        stride: both directions.
        pads: top, left, bottom, right.
    """

    def __init__(self, weights: FloatArray, stride: int, pads: tuple[int, int, int, int]) -> None:
        node = helper.make_node(
            "Conv", ["x", "w"], ["y"], strides=[stride, stride], pads=list(pads)
        )
        graph = helper.make_graph(
            [node],
            "conv",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "i", "h", "w"])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "o", "p", "q"])],
            [numpy_helper.from_array(np.ascontiguousarray(weights, np.float32), "w")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        # an idle pool must not burn the cores that NumPy works on meanwhile
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False  # it would keep the largest output
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, x: Array) -> FloatArray:
        """Convolve; `x` is converted to float32."""
        (y,) = self._session.run(None, {"x": np.ascontiguousarray(x, np.float32)})
        return np.asarray(y, np.float32)


class IntConv:
    """The exact sums of an integer convolution, without bias.

    Args:
        weights: integers (O, I, K, K).
        kind: type of the input.
        stride: both directions.
        pads: top, left, bottom, right.
    """

    def __init__(
        self, weights: IntArray, kind: TensorType, stride: int, pads: tuple[int, int, int, int]
    ) -> None:
        self._parts = [
            (channels, FloatConv(weights[:, channels].astype(np.float32), stride, pads))
            for channels in _exact_groups(weights, kind)
        ]

    def __call__(self, x: Array) -> NDArray[np.float64]:
        """Sums (N, O, H, W), integers held in float64."""
        parts = (conv(x[:, channels]).astype(np.float64) for channels, conv in self._parts)
        return reduce(np.add, parts)


def _exact_groups(weights: IntArray, kind: TensorType) -> Iterator[slice]:
    """Cut the input channels so that no partial sum of a group can pass `EXACT`."""
    largest = max(kind.hi, -kind.lo)
    bound = np.abs(weights).sum((2, 3)) * largest  # (O, I)
    start, total = 0, np.zeros(len(weights), np.int64)
    for channel in range(bound.shape[1]):
        if channel > start and (total + bound[:, channel]).max() > EXACT:
            yield slice(start, channel)
            start, total = channel, np.zeros(len(weights), np.int64)
        total = total + bound[:, channel]
    yield slice(start, bound.shape[1])


def requantize_fast(
    acc: NDArray[np.float64], bias: IntArray, multiplier: IntArray, shift: int, output: TensorType
) -> Array:
    """`hardware.tensor.requantize` in place on float64, which holds all of its integers exactly.

    |acc + bias| < 2**36 and multiplier < 2**16 keep the product below 2**53.
    """
    column = (slice(None), None, None)
    acc += bias[column].astype(np.float64)
    acc *= multiplier[column].astype(np.float64)
    acc += (1 << shift) >> 1
    acc *= 0.5**shift
    np.floor(acc, out=acc)
    np.clip(acc, output.lo, output.hi, out=acc)
    return acc.astype(smallest_dtype(output))
