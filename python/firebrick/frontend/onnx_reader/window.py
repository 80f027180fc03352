# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that slide a window over the map: Conv and MaxPool."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firebrick.frontend.onnx_reader.elementwise import is_positive
from firebrick.frontend.onnx_reader.scope import NO_PADS, Op, Value
from firebrick.ir.graph import ConvNode, FloatArray, MaxPoolNode, Shape
from firebrick.ir.limits import MAX_VALUES

Pads = tuple[int, int, int, int]


def convolution(op: Op) -> None:
    """Conv, its groups, dilation and unequal sides expanded to zeros."""
    value = op.value(0, "NCHW", padded=True)
    weights = op.floats(1)
    if weights.ndim != 4 or weights.size < 1:
        raise op.fail("weights", weights.shape, "is not of shape (O, I, height, width)")
    sides = op.attribute_ints("kernel_shape", weights.shape[2:])
    if list(weights.shape[2:]) != sides:
        raise op.fail("kernel_shape", sides, f"is not that of the weights, {weights.shape}")
    dilations = op.attribute_ints("dilations", (1, 1))
    if len(dilations) != 2 or min(dilations) < 1:
        raise op.fail("dilations", dilations, "is not two positive numbers")
    stride = _side(op, "strides", (1, 1))
    reach = ((sides[0] - 1) * dilations[0] + 1, (sides[1] - 1) * dilations[1] + 1)
    whole = _all_pads(op, value, reach, stride)
    kernel, pads = square(op, weights, dilations, whole)
    kernel = _ungrouped(op, kernel, value.shape.channels)
    bias = op.floats(2) if op.has_input(2) else np.zeros(len(kernel), np.float32)
    op.add(ConvNode(op.name, (value.name,), kernel, bias, stride, pads), value.axes)


def square(
    op: Op, weights: FloatArray, dilations: Sequence[int], pads: Pads
) -> tuple[FloatArray, Pads]:
    """The same convolution with a square kernel and equal padding at the top and at the left.

    Zeros before the taps stand for padding that one side has more of, zeros between them for
    dilation, zeros behind them for what one side is shorter; zeros cost nothing.

    Args:
        op: node, for messages.
        weights: (O, I, height, width).
        dilations: of height and width.
        pads: top, left, bottom, right.

    Raises:
        FirebrickError: the kernel would be too large.
    """
    taps = [(size - 1) * step + 1 for size, step in zip(weights.shape[2:], dilations, strict=True)]
    pad = max(pads[:2])
    before = [pad - x for x in pads[:2]]
    side = max(a + b for a, b in zip(before, taps, strict=True))
    after = [side - a - b for a, b in zip(before, taps, strict=True)]
    result = (pad, pad, pads[2] + after[0], pads[3] + after[1])
    if weights.shape[2:] == (side, side):
        return weights, result
    size = weights.shape[0] * weights.shape[1] * side**2
    most = min(MAX_VALUES, op.scope.budget.left)
    if size > most:
        raise op.fail("kernel", f"{side}x{side}", f"makes {size} weights with zeros, over {most}")
    whole = np.zeros((*weights.shape[:2], side, side), np.float32)
    rows, columns = (
        slice(first, first + reach, step)
        for first, reach, step in zip(before, taps, dilations, strict=True)
    )
    whole[:, :, rows, columns] = weights
    return whole, result


def max_pool(op: Op) -> None:
    """MaxPool; zeros that a Pad put around what is never negative are like its own padding."""
    value = op.value(0, "NCHW", padded=True)
    kernel, stride = _side(op, "kernel_shape", ()), _side(op, "strides", (1, 1))
    _no_dilation(op)
    if value.pads != NO_PADS and not is_positive(op, value.name):
        rule = "of a Pad are zeros, which may win over what no ReLU made"
        raise op.fail("pads", value.pads, rule)
    pads = _all_pads(op, value, (kernel, kernel), stride)
    ceil = bool(op.attribute_int("ceil_mode", 0))
    op.add(MaxPoolNode(op.name, (value.name,), kernel, stride, ceil, pads), value.axes)


def _all_pads(op: Op, value: Value, reach: tuple[int, int], stride: int) -> Pads:
    """Those of a Pad before, and the operator's own on what that gives."""
    top, left, bottom, right = value.pads
    shape = value.shape
    around = Shape(shape.channels, shape.height + top + bottom, shape.width + left + right)
    own = _pads(op, around, reach, stride)
    return top + own[0], left + own[1], bottom + own[2], right + own[3]


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


def _pads(op: Op, shape: Shape, reach: tuple[int, int], stride: int) -> Pads:
    """Pads at top, left, bottom and right, with `auto_pad` worked out.

    Args:
        op: node.
        shape: of the map.
        reach: rows and pixels that a window spans.
        stride: both directions.
    """
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
    for size, span in zip((shape.height, shape.width), reach, strict=True):
        total = max((-(-size // stride) - 1) * stride + span - size, 0)
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
