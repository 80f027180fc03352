# SPDX-License-Identifier: Apache-2.0
"""The image among the inputs of an ONNX graph: its shape, its layout, how it is normalized."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_reader.layout import is_transpose
from firebrick.frontend.onnx_reader.scope import Value
from firebrick.ir.graph import IMAGE, BatchNormNode, Node, Shape
from firebrick.preprocessing import Preprocessing

_TYPES = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8)
_NHWC_TO_NCHW = [0, 3, 1, 2]
_ANY_LAYOUT = ("Add", "Cast", "Clip", "Div", "Identity", "Mul", "Pad", "Quant", "Sub")
"""Operators that are the same in every layout."""

_LOST = (
    ": one number a channel is no input but a constant that the exporter has left out, as it does "
    "for Keras' Normalization: export with tf2onnx.convert.from_keras, or use Rescaling"
)


def find(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    """The input that is no weight.

    Raises:
        FirebrickError: there is not one, or it is no image.
    """
    weights = {x.name for x in graph.initializer}
    inputs = [x for x in graph.input if x.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(repr(x.name) for x in inputs)
        lost = _LOST if any(_is_numbers(x) for x in inputs) else ""
        raise FirebrickError(f"inputs={len(inputs)} ({names}) is not 1 image{lost}")
    image: onnx.ValueInfoProto = inputs[0]
    kind, rank = image.type.tensor_type.elem_type, len(image.type.tensor_type.shape.dim)
    if kind not in _TYPES:
        names = ", ".join(TensorProto.DataType.Name(x) for x in _TYPES)
        raise FirebrickError(f"input {image.name!r}: element type {kind} is not one of {names}")
    if rank != 4:
        raise FirebrickError(f"input {image.name!r}: rank={rank} is not 4")
    return image


def _is_numbers(value: onnx.ValueInfoProto) -> bool:
    """Whether an input is one number a channel."""
    dims = [x.dim_value for x in value.type.tensor_type.shape.dim]
    return bool(dims) and dims[-1] >= 1 and all(x == 1 for x in dims[:-1])


def is_bytes(image: onnx.ValueInfoProto) -> bool:
    """Whether the model takes pixels as bytes."""
    return bool(image.type.tensor_type.elem_type == TensorProto.UINT8)


def value(
    image: onnx.ValueInfoProto,
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, TensorProto],
    size: int | None,
) -> tuple[Value, int]:
    """The image as a tensor, and the frames at a time that the file asks for (1 if it does not).

    Args:
        image: the input.
        nodes: of the graph, those that the output depends on.
        weights: of the graph, by name.
        size: side that the user gives; None for what the file says.

    Raises:
        FirebrickError: a side is open.
    """
    dims = image.type.tensor_type.shape.dim
    axes = "NHWC" if _is_nhwc(image, nodes, weights) else "NCHW"
    sides = {}
    for axis, dim in zip(axes, dims, strict=True):
        side = size if size is not None and axis in "HW" else dim.dim_value
        if side < 1 and axis != "N":
            shown = repr(dim.dim_param) if dim.dim_param else side
            advice = ": give --size" if axis in "HW" else ""
            raise FirebrickError(
                f"input {image.name!r}: dimension {axis}={shown} is not a fixed, positive number"
                f"{advice}"
            )
        sides[axis] = int(side)
    shape = Shape(sides["C"], sides["H"], sides["W"])
    return Value(IMAGE, axes, shape), max(1, sides["N"])


def _is_nhwc(
    image: onnx.ValueInfoProto, nodes: Sequence[onnx.NodeProto], weights: dict[str, TensorProto]
) -> bool:
    """Whether all that reads the image turns it into NCHW, at once or after a few factors."""
    dims = [x.dim_value for x in image.type.tensor_type.shape.dim]
    names, turned = {image.name}, False
    for node in nodes:
        if names.isdisjoint(node.input):
            continue
        if node.op_type in _ANY_LAYOUT:
            names.update(node.output)
        elif _turns(node, dims, weights):
            turned = True
        else:
            return False
    return turned


def _turns(node: onnx.NodeProto, dims: Sequence[int], weights: dict[str, TensorProto]) -> bool:
    attributes = {x.name: helper.get_attribute_value(x) for x in node.attribute}
    if node.op_type == "Transpose":
        return list(attributes.get("perm", ())) == _NHWC_TO_NCHW
    target = weights.get(node.input[1]) if len(node.input) > 1 else None
    if target is None or list(target.dims) != [4]:
        return False
    return is_transpose(node.op_type, numpy_helper.to_array(target).tolist(), dims)


def take_in_factors(
    nodes: Sequence[Node], how: Preprocessing
) -> tuple[tuple[Node, ...], Preprocessing]:
    """Make what a model does to its image first, per channel, part of the preprocessing.

    With `x = (pixel - mean) / std`, `a x + b = (pixel - (mean - b std / a)) / (std / a)`.

    Args:
        nodes: of the graph, in order.
        how: what is done to a photograph before the model sees it.

    Returns:
        The layers that are left, and what is done before them.
    """
    left = list(nodes)
    while True:
        readers = [x for x in left if IMAGE in x.inputs]
        node = readers[0] if readers else None
        # a last layer stays, whatever it is, and factors below 0 are no divisors
        if len(readers) != 1 or not isinstance(node, BatchNormNode) or len(left) == 1:
            return tuple(left), how
        factor = node.scale.astype(np.float64) / np.sqrt(node.var.astype(np.float64) + node.epsilon)
        if not (np.isfinite(factor) & (factor > 0)).all():
            return tuple(left), how
        offset = node.bias - node.mean * factor
        std = np.asarray(how.std) / factor
        mean = np.asarray(how.mean) - offset * std
        how = replace(how, mean=tuple(mean.tolist()), std=tuple(std.tolist()))
        name = node.name
        left = [
            replace(x, inputs=tuple(IMAGE if y == name else y for y in x.inputs))
            for x in left
            if x is not node
        ]
