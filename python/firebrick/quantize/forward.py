# SPDX-License-Identifier: Apache-2.0
"""Fast convolutions for calibration: float, and exact integers, both by onnxruntime's float kernel.

Integers below 2**24 and their sums are exact in float32, in any order of summation. So an integer
convolution whose sums provably stay below is computed exactly by a float kernel; one whose sums
may not is cut into groups of input channels that do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import IMAGE, FloatArray
from firebrick.onnx_runtime import onnxruntime
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.base import Operator
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool

EXACT = 1 << 24
"""Float32 holds every integer up to here."""

Array = NDArray[Any]


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
    """`ops.base.requantize` in place on float64, which holds all of its integers exactly.

    |acc + bias| < 2**36 and multiplier < 2**16 keep the product below 2**53.
    """
    column = (slice(None), None, None)
    acc += bias[column].astype(np.float64)
    acc *= multiplier[column].astype(np.float64)
    acc += (1 << shift) >> 1
    acc *= 0.5**shift
    np.floor(acc, out=acc)
    np.clip(acc, output.lo, output.hi, out=acc)
    return acc.astype(np.int8 if output.signed else np.uint8)


def maxpool(x: Array, kernel: int, stride: int, height: int, width: int) -> Array:
    """Maximum of each window, windows clipped at the bottom and right edge."""
    rows = _pool_axis(x, kernel, stride, height, 2)
    return _pool_axis(rows, kernel, stride, width, 3)


def _pool_axis(x: Array, kernel: int, stride: int, count: int, axis: int) -> Array:
    """Maximum along one axis: a square window's maximum is that of its rows' maxima."""
    last = x.shape[axis] - 1
    starts = np.arange(count) * stride
    # beyond the edge, the window's last pixel again
    taps = (np.take(x, np.minimum(starts + tap, last), axis) for tap in range(kernel))
    return np.asarray(reduce(np.maximum, taps))


def fast_operator(operator: Operator) -> Callable[..., Array]:
    """A function that gives the integers of `operator.golden` sooner, in the smallest dtype."""
    if isinstance(operator, Conv):
        weights = operator.codebook[operator.codes]  # not kept, as `operator.weights` is
        sums = IntConv(weights, operator.input, operator.stride, operator.pads)
        return partial(_conv, operator, sums)
    if isinstance(operator, MaxPool):
        height, width = operator.output.height, operator.output.width
        return partial(
            maxpool,
            kernel=operator.kernel,
            stride=operator.stride,
            height=height,
            width=width,
        )
    return partial(_golden, operator)


Function = tuple[str, tuple[str, ...], Callable[..., Array]]
"""A layer: its name, the tensors it reads, what it does to them."""


def run_layers(functions: Iterable[Function], image: Array) -> Iterator[tuple[str, Array]]:
    """Names and outputs of layers in order; a tensor is dropped after its last reader."""
    functions = list(functions)
    last = {source: name for name, inputs, _ in functions for source in inputs}
    tensors = {IMAGE: image}
    for name, inputs, function in functions:
        tensors[name] = function(*(tensors[x] for x in inputs))
        for source in set(inputs):
            if last[source] == name:
                del tensors[source]
        yield name, tensors[name]


def last_layer(functions: Iterable[Function], image: Array) -> Array:
    """Output of the last of some layers."""
    return deque(run_layers(functions, image), 1).pop()[1]


def _conv(operator: Conv, sums: IntConv, x: Array) -> Array:
    acc = sums(x)[:, :, : operator.output.height, : operator.output.width]
    return requantize_fast(acc, operator.bias, operator.multiplier, operator.shift, operator.output)


def _golden(operator: Operator, *inputs: Array) -> Array:
    values = operator.golden(*(x.astype(np.int64) for x in inputs))
    if isinstance(operator, AvgPool):
        return values
    return values.astype(np.int8 if operator.output.signed else np.uint8)
