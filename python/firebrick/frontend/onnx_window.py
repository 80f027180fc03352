# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that slide a window over the map: Conv and MaxPool."""

from __future__ import annotations

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_scope import Op
from firebrick.ir.graph import ConvNode, FloatArray, MaxPoolNode, Shape
from firebrick.ir.limits import MAX_VALUES
from firebrick.ir.rules import output_shape

Pads = tuple[int, int, int, int]


def convolution(op: Op) -> None:
    """Conv, its groups expanded to zeros."""
    value = op.value(0, "NCHW")
    weights = op.floats(1)
    if weights.ndim != 4:
        raise op.fail("weights", weights.shape, "is not of rank 4")
    kernel = _side(op, "kernel_shape", tuple(weights.shape[2:]))
    if weights.shape[2:] != (kernel, kernel):
        raise op.fail("kernel_shape", kernel, f"is not that of the weights, {weights.shape}")
    _no_dilation(op)
    weights = _ungrouped(op, weights, value.shape.channels)
    bias = op.floats(2) if op.has_input(2) else np.zeros(len(weights), np.float32)
    stride = _side(op, "strides", (1, 1))
    pads = _pads(op, value.shape, kernel, stride)
    op.add(ConvNode(op.name, (value.name,), weights, bias, stride, pads), value.axes)


def max_pool(op: Op) -> None:
    """MaxPool, whose padding at the far edges is a last, partial window or nothing."""
    value = op.value(0, "NCHW")
    kernel, stride = _side(op, "kernel_shape", ()), _side(op, "strides", (1, 1))
    _no_dilation(op)
    pads = _pads(op, value.shape, kernel, stride)
    if pads[0] or pads[1]:
        raise op.fail("pads", pads, "at the top or left is not supported by maxpool, only 0 is")
    ceil = bool(op.attribute_int("ceil_mode", 0))
    # Padding never wins a maximum, so only the number of windows matters.
    sizes = (value.shape.height + pads[2], value.shape.width + pads[3])
    padded = MaxPoolNode(op.name, (value.name,), kernel, stride, ceil)
    windows = output_shape(padded, [Shape(value.shape.channels, *sizes)])
    inside = (-(-value.shape.height // stride), -(-value.shape.width // stride))
    wanted = (min(windows.height, inside[0]), min(windows.width, inside[1]))
    for rounding in (False, True):
        node = MaxPoolNode(op.name, (value.name,), kernel, stride, rounding)
        try:
            shape = output_shape(node, [value.shape])
        except FirebrickError:
            continue
        if (shape.height, shape.width) == wanted:
            op.add(node, value.axes)
            return
    raise op.fail("pads", pads, f"gives {wanted} windows, neither rounding of {value.shape} does")


def _side(op: Op, field: str, default: tuple[int, ...]) -> int:
    """The one number of a pair that must be square."""
    pair = op.attribute_ints(field, default)
    if len(pair) != 2 or pair[0] != pair[1] or pair[0] < 1:
        raise op.fail(field, pair, "is not two equal, positive numbers")
    return pair[0]


def _no_dilation(op: Op) -> None:
    dilations = op.attribute_ints("dilations", (1, 1))
    if dilations != [1, 1]:
        raise op.fail("dilations", dilations, "is not [1, 1]")


def _pads(op: Op, shape: Shape, kernel: int, stride: int) -> Pads:
    """Pads at top, left, bottom and right, with `auto_pad` worked out."""
    auto_pad = op.attribute_text("auto_pad", "NOTSET")
    pads = op.attribute_ints("pads", (0, 0, 0, 0))
    if len(pads) != 4 or min(pads) < 0:
        raise op.fail("pads", pads, "is not four numbers of 0 or more")
    if auto_pad == "NOTSET":
        return (pads[0], pads[1], pads[2], pads[3])
    if auto_pad == "VALID":
        return (0, 0, 0, 0)
    if auto_pad not in ("SAME_UPPER", "SAME_LOWER"):
        raise op.fail("auto_pad", auto_pad, "is not NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    extra = int(auto_pad == "SAME_LOWER")
    before, after = [], []
    for size in (shape.height, shape.width):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before.append((total + extra) // 2)
        after.append(total - before[-1])
    return (before[0], before[1], after[0], after[1])


def _ungrouped(op: Op, weights: FloatArray, channels: int) -> FloatArray:
    """Weights (O, I / groups, K, K) as (O, I, K, K), zero where a filter does not look."""
    groups = op.attribute_int("group", 1)
    out, part = weights.shape[:2]
    if groups < 1 or out % groups or part * groups != channels:
        rule = f"does not divide weights {weights.shape} and {channels} input channels"
        raise op.fail("group", groups, rule)
    if groups == 1:
        return weights
    size = weights.size * groups
    most = min(MAX_VALUES, op.scope.budget.left)
    if size > most:
        raise op.fail("group", groups, f"expands the weights to {size} values, over {most}")
    dense = np.zeros((out, channels, *weights.shape[2:]), np.float32)
    each = out // groups
    for group in range(groups):
        filters = slice(group * each, (group + 1) * each)
        dense[filters, group * part : (group + 1) * part] = weights[filters]
    return dense
