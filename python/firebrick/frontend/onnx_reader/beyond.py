# SPDX-License-Identifier: Apache-2.0
"""Reading on behind a node that cannot be read, so that one run names all that cannot.

ONNX's own shape inference says what such a node would give; the graph that results is never used.
"""

from __future__ import annotations

import math

import onnx
from onnx import helper, shape_inference

from firebrick.frontend.onnx_reader.scope import MAX_INTS, Op, Value
from firebrick.ir.graph import Shape
from firebrick.ir.limits import MAX_VALUES

Dims = dict[str, list[int]]
_AXES = {2: "NC", 4: "NCHW"}


def dims_of(graph: onnx.GraphProto) -> Dims:
    """Sizes of every tensor for which they are known, by name."""
    small = [x for x in graph.initializer if math.prod(x.dims) <= MAX_INTS]
    large = [x for x in graph.initializer if math.prod(x.dims) > MAX_INTS]
    known = {x.name for x in graph.initializer}
    inputs = [x for x in graph.input if x.name not in known]
    inputs += [helper.make_tensor_value_info(x.name, x.data_type, x.dims) for x in large]
    light = helper.make_graph(graph.node, "shapes", inputs, graph.output, small)
    try:
        model = shape_inference.infer_shapes(helper.make_model(light))
    except Exception:  # it says nothing of a graph that it does not understand
        return {}
    return {
        x.name: [y.dim_value for y in x.type.tensor_type.shape.dim]
        for x in (*model.graph.value_info, *model.graph.output)
    }


def pass_over(op: Op, dims: Dims) -> bool:
    """Let a stand-in give what a node that cannot be read would; whether that is known."""
    for name in op.proto.output[1:]:
        if name and name not in op.scope.constants:
            return False
    sizes = dims.get(op.proto.output[0], [])
    before = next((op.scope.values[x].axes for x in op.proto.input if x in op.scope.values), "")
    axes = before if len(before) == len(sizes) else _AXES.get(len(sizes), "")
    if op.proto.op_type == "Transpose" and axes:
        axes = "".join(axes[x] for x in op.attribute_ints("perm", range(len(axes))))
    if not axes or not set(axes) <= set("NCHW") or min(sizes[1:]) < 1:
        return False
    side = dict(zip(axes, sizes, strict=True))
    shape = Shape(side["C"], side.get("H", 1), side.get("W", 1))
    if shape.values > MAX_VALUES:
        return False
    name = op.name
    op.scope.shapes[name] = shape
    op.bind(Value(name, axes, shape))
    return True
