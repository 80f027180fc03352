# SPDX-License-Identifier: Apache-2.0
"""`maxpool`: the largest integer is that of the largest number, so nothing is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce

import numpy as np
from onnx import TensorProto

from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import FloatArray, MaxPoolNode, Shape
from firebrick.ir.rules import output_shape
from firebrick.ops.maxpool import MaxPool
from firebrick.quantize.exact import Array
from firebrick.quantize.ops.base import MAX_WINDOW, Calibration, Recipe, Source
from firebrick.quantize.ops.onnx_nodes import OnnxNodes
from firebrick.quantize.ops.stored import Stored


class MaxPoolRecipe(Recipe[MaxPoolNode, MaxPool]):
    """Maximum of each window, windows clipped at the edges."""

    node_type = MaxPoolNode
    operator_type = MaxPool
    fields = (
        ("kernel", 1, MAX_WINDOW),
        ("stride", 1, MAX_WINDOW),
        ("pad_top", 0, 63),
        ("pad_left", 0, 63),
    )

    def check(self, node: MaxPoolNode) -> None:
        """Refuse windows too large for a file."""
        for field in ("kernel", "stride"):
            value = getattr(node, field)
            node.require(value <= MAX_WINDOW, field, value, f"exceeds {MAX_WINDOW}")

    def real(self, node: MaxPoolNode) -> Callable[..., FloatArray]:
        """The same for floats as for integers."""
        return partial(_real, node)

    def quantize(
        self, node: MaxPoolNode, inputs: Sequence[Source], calibration: Calibration
    ) -> tuple[MaxPool, float]:
        """Of the input's type and scale."""
        (source,) = inputs
        kind, shape = source.kind, output_shape(node, [source.shape])
        output = replace(kind, height=shape.height, width=shape.width)
        window = (node.kernel, node.stride, *node.pads[:2])
        return MaxPool(node.name, kind, output, *window), source.scale

    def integer(self, operator: MaxPool) -> Callable[..., Array]:
        """On bytes."""
        before = operator.pad_top, operator.pad_left
        return partial(_maxpool, operator, before, operator.output)

    def write(self, operator: MaxPool, inputs: Sequence[str], out: OnnxNodes) -> None:
        """One node, and the zero point taken off where the output is wide."""
        name, (source,) = operator.name, inputs
        past = []
        image, windows = operator.input, operator.output
        top, left = operator.pad_top, operator.pad_left
        sizes = ((top + image.height, windows.height), (left + image.width, windows.width))
        for size, count in sizes:
            reach = (count - 1) * operator.stride + operator.kernel - size
            operator.require(reach > -operator.stride, "output", windows, "leaves pixels unused")
            past.append(max(0, reach))  # padding never wins a maximum: windows are clipped
        is_wide = out.stored[name].wide
        narrow = f"{name}.bytes" if is_wide else name
        zero = out.narrow(source).zero
        out.node(
            "MaxPool",
            [source],
            narrow,
            kernel_shape=[operator.kernel] * 2,
            strides=[operator.stride] * 2,
            pads=[top, left, *past],
        )
        if is_wide:
            wide = out.node("Cast", [narrow], f"{name}.stored", to=TensorProto.INT32)
            out.node("Sub", [wide, out.constant(f"{name}.zero", zero, np.int32)], name)

    def read(self, layer: Stored) -> MaxPool:
        """From its fields alone."""
        (kind,) = layer.inputs
        return MaxPool(name=layer.name, input=kind, output=layer.output, **layer.fields)


def _real(node: MaxPoolNode, x: Array) -> FloatArray:
    output = output_shape(node, [Shape(*x.shape[1:])])
    return np.asarray(_maxpool(node, node.pads[:2], output, x), np.float32)


def _maxpool(
    window: MaxPoolNode | MaxPool, before: tuple[int, int], output: Shape | TensorType, x: Array
) -> Array:
    """A square window's maximum is that of its rows' maxima.

    Args:
        window: whose kernel and stride count.
        before: padding above and left.
        output: whose height and width count.
        x: integers or floats (N, C, H, W).
    """
    kernel, stride = window.kernel, window.stride
    rows = _pool_axis(x, kernel, np.arange(output.height) * stride - before[0], 2)
    return _pool_axis(rows, kernel, np.arange(output.width) * stride - before[1], 3)


def _pool_axis(x: Array, kernel: int, starts: IntArray, axis: int) -> Array:
    """Maximum of windows along one axis, clipped at its ends."""
    last = x.shape[axis] - 1
    # beyond an edge, the pixel at it again, which every such window has
    taps = (np.take(x, np.clip(starts + tap, 0, last), axis) for tap in range(kernel))
    return np.asarray(reduce(np.maximum, taps))
