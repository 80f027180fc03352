# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that work value by value: sums, factors, ReLU and its clamps."""

from __future__ import annotations

import math

import numpy as np

from firebrick.frontend.onnx_reader.scope import Op, Value
from firebrick.ir.graph import AddNode, BatchNormNode, FloatArray, MaxPoolNode, ReluNode

_NO_TRAINING_OUTPUTS = 14
"""Opset from which a batch norm is told that it trains by an attribute, no more by its outputs."""
_LOWEST = float(np.finfo(np.float32).min)
_HIGHEST = float(np.finfo(np.float32).max)


def batch_norm(op: Op) -> None:
    """BatchNormalization, as it works after training."""
    value = op.value(0)
    if value.axes[:2] != "NC":
        raise op.fail("input[0]", value.axes, "does not have its channels second")
    for name, normal in (("training_mode", 0), ("spatial", 1)):
        if op.attribute_int(name, normal) != normal:
            raise op.fail(name, 1 - normal, f"is not {normal}")
    given = [x for x in op.proto.output if x]
    if len(given) > 1 and op.scope.opset < _NO_TRAINING_OUTPUTS:
        rule = "is not 1: with more it normalizes by the batch at hand, as in training: export the "
        raise op.fail("outputs", len(given), f"{rule}model in evaluation mode")
    scale, bias, mean, var = (op.floats(index) for index in range(1, 5))
    epsilon = op.attribute_float("epsilon", 1e-5)
    op.add(BatchNormNode(op.name, (value.name,), scale, bias, mean, var, epsilon), value.axes)


def add(op: Op) -> None:
    """Add of two tensors, or of one and a number a channel."""
    if op.is_constant(0) or op.is_constant(1):
        value, offset = _with_constant(op)
        _affine(op, value, np.ones_like(offset), offset)
        return
    _join(op, [op.value(0), op.value(1)])


def sum_(op: Op) -> None:
    """Sum of any number of tensors, or of one and a number a channel."""
    if len(op.proto.input) == 2:
        add(op)
        return
    _join(op, [op.value(index) for index in range(len(op.proto.input))])


def sub(op: Op) -> None:
    """Sub of two tensors, or of one and a number a channel."""
    if op.is_constant(0) or op.is_constant(1):
        value, offset = _with_constant(op)
        sign = -1 if op.is_constant(0) else 1
        _affine(op, value, np.full_like(offset, sign), -sign * offset)
        return
    left, right = op.value(0), op.value(1)
    ones = np.ones(right.shape.channels, np.float32)
    name = op.scope.fresh(f"{op.name}.negative")
    _join(op, [left, op.append(_factors(name, right, -ones, 0 * ones), right.axes)])


def mul(op: Op) -> None:
    """Mul by a number a channel."""
    value, scale = _with_constant(op)
    _affine(op, value, scale, np.zeros_like(scale))


def neg(op: Op) -> None:
    """Neg."""
    value = op.value(0)
    ones = np.ones(value.shape.channels, np.float32)
    _affine(op, value, -ones, 0 * ones)


def div(op: Op) -> None:
    """Div by a number a channel."""
    if op.is_constant(0):
        raise op.fail("input[0]", repr(op.proto.input[0]), "is a constant: it is divided, no more")
    value, divisor = _with_constant(op)
    if not divisor.all():
        raise op.fail("input[1]", 0.0, "is divided by")
    with np.errstate(over="ignore"):  # what is infinite is refused with the layer
        factor = np.reciprocal(divisor)
    _affine(op, value, factor, np.zeros_like(divisor))


def relu(op: Op) -> None:
    """Relu."""
    value = op.value(0)
    op.add(ReluNode(op.name, (value.name,)), value.axes)


def clip(op: Op) -> None:
    """Clip, whose bounds moved from attributes to inputs in opset 11."""
    low, high = op.attribute_float("min", _LOWEST), op.attribute_float("max", _HIGHEST)
    if op.has_input(1):
        low = op.number(1)
    if op.has_input(2):
        high = op.number(2)
    _clamp(op, op.value(0), low, high)


def maximum(op: Op) -> None:
    """Max of a tensor and 0, which is a ReLU."""
    value, low = _with_number(op)
    _clamp(op, value, low, math.inf)


def minimum(op: Op) -> None:
    """Min of what a ReLU gives and a number, as in a ReLU6."""
    value, high = _with_number(op)
    _clamp(op, value, -math.inf, high)


def _clamp(op: Op, value: Value, low: float, high: float) -> None:
    """Clamp to a range that a ReLU with or without ceiling has."""
    has_high = high < _HIGHEST
    if low <= _LOWEST and not has_high:
        op.bind(value)
        return
    if low <= 0 and not has_high and is_positive(op, value.name):
        op.bind(value)
        return
    if low != 0 and not (low <= _LOWEST and is_positive(op, value.name)):
        bound = "nothing" if low <= _LOWEST else low
        raise op.fail("min", bound, "is not 0: only ReLU and ReLU with a ceiling, as ReLU6, exist")
    if has_high and high <= 0:
        raise op.fail("max", high, "is not positive")
    op.add(ReluNode(op.name, (value.name,), high if has_high else None), value.axes)


def is_positive(op: Op, name: str) -> bool:
    """Whether a tensor has no negative values: a ReLU made it, or a pool behind one."""
    nodes = {x.name: x for x in op.scope.nodes}
    while isinstance(node := nodes.get(name), MaxPoolNode):
        name = node.inputs[0]
    return isinstance(node, ReluNode)


def _with_number(op: Op) -> tuple[Value, float]:
    if len(op.proto.input) != 2:
        raise op.fail("inputs", len(op.proto.input), "is not a tensor and a number")
    index = 0 if op.is_constant(0) else 1
    return op.value(1 - index), op.number(index)


def _with_constant(op: Op) -> tuple[Value, FloatArray]:
    """The two operands of which one is constant, the latter as one number for each channel."""
    index = 0 if op.is_constant(0) else 1
    value, array = op.value(1 - index), op.floats(index)
    rank, channel = len(value.axes), value.axes.find("C")
    shape = (1,) * (rank - array.ndim) + array.shape
    channels = value.shape.channels
    expected = tuple(channels if axis == channel else 1 for axis in range(rank))
    if len(shape) != rank or any(a not in (1, b) for a, b in zip(shape, expected, strict=True)):
        raise op.fail(f"input[{index}]", array.shape, f"is not one number a channel, {expected}")
    return value, np.ascontiguousarray(np.broadcast_to(array.reshape(-1), channels))


def _affine(op: Op, value: Value, scale: FloatArray, offset: FloatArray) -> None:
    op.add(_factors(op.name, value, scale, offset), value.axes)


def _factors(name: str, value: Value, scale: FloatArray, offset: FloatArray) -> BatchNormNode:
    """A batch norm with given factors, which later passes know how to fold."""
    mean, var = np.zeros_like(scale), np.ones_like(scale)
    return BatchNormNode(name, (value.name,), scale, offset, mean, var, epsilon=0.0)


def _join(op: Op, values: list[Value]) -> None:
    """The sum of tensors, two at a time; one that is added to itself is doubled."""
    total, *rest = values
    for place, value in enumerate(rest, 1):
        if value.axes != total.axes:
            raise op.fail(f"input[{place}]", value.axes, f"is not in the order {total.axes}")
        name = op.name if value is rest[-1] else op.scope.fresh(f"{op.name}.{place}")
        if value.name == total.name:
            twice = np.full(value.shape.channels, 2, np.float32)
            total = op.append(_factors(name, value, twice, 0 * twice), value.axes)
        else:
            total = op.append(AddNode(name, (total.name, value.name)), total.axes)
    op.bind(total)
