# SPDX-License-Identifier: Apache-2.0
"""What each supported ONNX operator becomes in the float graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from firebrick.frontend.onnx_scope import Op, ShapeArithmetic, Value
from firebrick.frontend.onnx_window import convolution, max_pool
from firebrick.ir.graph import (
    AddNode,
    BatchNormNode,
    ConcatNode,
    FloatArray,
    GlobalAveragePoolNode,
    IdentityNode,
    ReluNode,
)

_EXPLICIT_SOFTMAX_AXIS = 13
"""Opset from which Softmax works along one axis instead of along all from that axis on."""


def _batch_norm(op: Op) -> None:
    value = op.value(0, "NCHW")
    for name, normal in (("training_mode", 0), ("spatial", 1)):
        if op.attribute_int(name, normal) != normal:
            raise op.fail(name, 1 - normal, f"is not {normal}")
    scale, bias, mean, var = (op.floats(index) for index in range(1, 5))
    epsilon = op.attribute_float("epsilon", 1e-5)
    op.add(BatchNormNode(op.name, (value.name,), scale, bias, mean, var, epsilon), value.axes)


def _relu(op: Op) -> None:
    value = op.value(0)
    op.add(ReluNode(op.name, (value.name,)), value.axes)


def _concat(op: Op) -> None:
    indices = range(len(op.proto.input))
    if not any(isinstance(op.scope.values.get(x), Value) for x in op.proto.input):
        _shape_arithmetic(op)
        return
    axes = op.value(0).axes
    values = [op.value(index, axes) for index in indices]
    axis = op.attribute_int("axis", 1)
    if not -len(axes) <= axis < len(axes) or axes[axis] != "C":
        raise op.fail("axis", axis, f"is not the channels of {axes}")
    op.add(ConcatNode(op.name, tuple(x.name for x in values)), axes)


def _add(op: Op) -> None:
    if op.is_constant(0) or op.is_constant(1):
        value, offset = _with_constant(op)
        _affine(op, value, np.ones_like(offset), offset)
        return
    first = op.value(0)
    second = op.value(1, first.axes)
    op.add(AddNode(op.name, (first.name, second.name)), first.axes)


def _mul(op: Op) -> None:
    value, scale = _with_constant(op)
    _affine(op, value, scale, np.zeros_like(scale))


def _with_constant(op: Op) -> tuple[Value, FloatArray]:
    """The two operands of which one is constant, the latter as one number for each channel."""
    index = 0 if op.is_constant(0) else 1
    value, array = op.value(1 - index), op.floats(index)
    rank, channel = len(value.axes), value.axes.index("C")
    shape = (1,) * (rank - array.ndim) + array.shape
    channels = value.shape.channels
    expected = tuple(channels if axis == channel else 1 for axis in range(rank))
    if len(shape) != rank or any(a not in (1, b) for a, b in zip(shape, expected, strict=True)):
        raise op.fail(f"input[{index}]", array.shape, f"is not one number a channel, {expected}")
    return value, np.ascontiguousarray(np.broadcast_to(array.reshape(-1), channels))


def _affine(op: Op, value: Value, scale: FloatArray, offset: FloatArray) -> None:
    """A batch norm with given factors, which later passes know how to fold."""
    mean, var = np.zeros_like(scale), np.ones_like(scale)
    node = BatchNormNode(op.name, (value.name,), scale, offset, mean, var, epsilon=0.0)
    op.add(node, value.axes)


def _global_average_pool(op: Op) -> None:
    value = op.value(0, "NCHW")
    op.add(GlobalAveragePoolNode(op.name, (value.name,)), value.axes)


def _average_pool(op: Op) -> None:
    value = op.value(0, "NCHW")
    kernel = op.attribute_ints("kernel_shape", ())
    whole = [value.shape.height, value.shape.width]
    if kernel != whole:
        raise op.fail("kernel_shape", kernel, f"is not the whole map, {whole}")
    auto_pad = op.attribute_text("auto_pad", "NOTSET")
    if auto_pad not in ("NOTSET", "VALID"):
        raise op.fail("auto_pad", auto_pad, "is not NOTSET or VALID")
    pads = op.attribute_ints("pads", (0,) * 4)
    if any(pads):
        raise op.fail("pads", pads, "is not zero")
    op.add(GlobalAveragePoolNode(op.name, (value.name,)), value.axes)


def _reduce_mean(op: Op) -> None:
    value = op.value(0)
    axes = op.axes(len(value.axes))
    reduced = {value.axes[x] for x in axes or ()}
    if reduced != {"H", "W"}:
        raise op.fail("axes", axes, f"is not height and width of {value.axes}")
    kept = value.axes
    if not op.attribute_int("keepdims", 1):
        kept = kept.replace("H", "").replace("W", "")
    op.add(GlobalAveragePoolNode(op.name, (value.name,)), kept)


def _dropout(op: Op) -> None:
    if op.has_input(2) and bool(np.any(op.constant(2))):
        raise op.fail("training_mode", True, "is not false")
    _identity(op)


def _identity(op: Op) -> None:
    if op.is_constant(0):
        op.scope.constants[op.proto.output[0]] = op.scope.constants[op.proto.input[0]]
        return
    _pass_through(op, op.value(0).axes)


def _pass_through(op: Op, axes: str) -> None:
    op.add(IdentityNode(op.name, (op.value(0).name,), op.proto.op_type), axes)


def _transpose(op: Op) -> None:
    value = op.value(0)
    rank = len(value.axes)
    order = op.attribute_ints("perm", range(rank - 1, -1, -1))
    if sorted(order) != list(range(rank)):
        raise op.fail("perm", order, f"is not an order of {rank} axes")
    op.bind(Value(value.name, "".join(value.axes[x] for x in order), value.shape))


def _flatten(op: Op) -> None:
    value = op.value(0)
    axis, rank = op.attribute_int("axis", 1), len(value.axes)
    if axis not in (1, 1 - rank) or value.axes[0] != "N":
        raise op.fail("axis", axis, f"of {value.axes} is not 1, which keeps frames apart")
    _pass_through(op, "NC")


def _reshape(op: Op) -> None:
    """To (frames, channels). A shape computed from shapes can mean nothing else on a 1x1 map."""
    value = op.value(0)
    if not op.is_shape_arithmetic(1):
        shape = op.ints(1)
        channels = value.shape.channels
        is_flat = len(shape) == 2 and shape[0] in (-1, 0, 1) and shape[1] in (-1, channels)
        if not is_flat or value.axes[0] != "N":
            raise op.fail("shape", shape, f"is not (frames, {channels} channels)")
    _pass_through(op, "NC")


def _squeeze(op: Op) -> None:
    if not isinstance(op.scope.values.get(op.proto.input[0]), Value):
        _shape_arithmetic(op)
        return
    value = op.value(0)
    axes = op.axes(len(value.axes))
    removed = {value.axes[x] for x in axes} if axes is not None else {"H", "W"}
    if not removed <= {"H", "W"}:
        raise op.fail("axes", axes, f"is not height and width of {value.axes}")
    _pass_through(op, "".join(x for x in value.axes if x not in removed))


def _softmax(op: Op) -> None:
    value = op.value(0)
    is_explicit = op.scope.opset >= _EXPLICIT_SOFTMAX_AXIS
    rank = len(value.axes)
    axis = op.attribute_int("axis", -1 if is_explicit else 1)
    if not -rank <= axis < rank:
        raise op.fail("axis", axis, f"is not within rank {rank}")
    axis %= rank
    # On a 1x1 map the older form, over all axes from `axis` on, is over the channels too.
    over = value.axes[axis] if is_explicit else value.axes[axis:]
    if "C" not in over or "N" in over:
        raise op.fail("axis", axis, f"is not the channels of {value.axes}")
    op.add(IdentityNode(op.name, (value.name,), "Softmax"), value.axes)


def _constant(op: Op) -> None:
    op.scope.constants[op.proto.output[0]] = op.constant_value()


def _shape_arithmetic(op: Op) -> None:
    for index in range(len(op.proto.input)):
        known = op.is_constant(index) or op.is_shape_arithmetic(index)
        if not known and op.proto.op_type != "Shape":
            rule = "is not a shape; only shapes are computed with this operator"
            raise op.fail(f"input[{index}]", repr(op.proto.input[index]), rule)
    op.bind(ShapeArithmetic())


HANDLERS: Mapping[str, Callable[[Op], None]] = {
    "Add": _add,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": _shape_arithmetic,
    "Concat": _concat,
    "Constant": _constant,
    "Conv": convolution,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Gather": _shape_arithmetic,
    "GlobalAveragePool": _global_average_pool,
    "Identity": _identity,
    "MaxPool": max_pool,
    "Mul": _mul,
    "ReduceMean": _reduce_mean,
    "Relu": _relu,
    "Reshape": _reshape,
    "Shape": _shape_arithmetic,
    "Slice": _shape_arithmetic,
    "Softmax": _softmax,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _shape_arithmetic,
}
"""By ONNX operator type."""
