# SPDX-License-Identifier: Apache-2.0
"""Nodes that read constants alone: computed once, by ONNX's reference evaluator.

How much a node would make is found out by shape inference before it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, TypeProto, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_reader.scope import MAX_FOLDING, MAX_INTS, MAX_RANK, Op
from firebrick.ir.limits import MAX_VALUES

IR_VERSION = 9
"""Of the models of one node."""
_ALL_OF_DEQUANTIZE = 19
"""Opset whose DequantizeLinear takes all that older ones do; the evaluator has no older one."""

Arrays = Mapping[str, NDArray[Any]]

FOLDED = frozenset(
    (
        *("Abs", "Add", "And", "Cast", "CastLike", "Ceil", "Clip", "Concat", "ConstantOfShape"),
        *("DequantizeLinear", "Div", "Equal", "Exp", "Expand", "Flatten", "Floor", "Gather"),
        *("Greater", "Identity", "Less", "Log", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pad"),
        *("Pow", "QuantizeLinear", "Range", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin"),
        *("ReduceProd", "ReduceSum", "Relu", "Reshape", "Round", "Shape", "Sign", "Size", "Slice"),
        *("Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tile", "Transpose", "Unsqueeze", "Where"),
    )
)
"""Operators that are computed: they take a few steps a value, whatever they are given."""


def is_foldable(op: Op) -> bool:
    """Whether a node reads constants alone and is of a kind that is computed."""
    names = [x for x in op.proto.input if x]
    return op.proto.op_type in FOLDED and all(x in op.scope.constants for x in names)


def fold(op: Op) -> None:
    """Compute a node; its outputs become constants.

    Raises:
        FirebrickError: naming the node, and why it cannot be computed or would make too much.
    """
    arrays = {x: op.constant(index) for index, x in enumerate(op.proto.input) if x}
    op.scope.folding -= sum(x.size for x in arrays.values())
    if op.scope.folding < 0:
        rule = f"reads more than {MAX_FOLDING} values with the nodes of constants before it"
        raise op.fail("inputs", len(arrays), rule)
    _bound(op, arrays)
    inputs = [_typed(x, array) for x, array in arrays.items()]
    try:
        evaluator = ReferenceEvaluator(_model(op, inputs, {}))
        with np.errstate(all="ignore"):  # what is not finite is refused where it is used
            results = evaluator.run(None, dict(arrays))
    # The evaluator is NumPy, which raises anything on operands that do not fit.
    except Exception as error:
        raise _failure(op, error) from None
    for name, array in zip((x for x in op.proto.output if x), results, strict=True):
        op.compute(np.asarray(array), name)


def _bound(op: Op, arrays: Arrays) -> None:
    """Refuse a node that would make too much, before it does.

    A small constant may be a shape that the output's depends on; of others the type is enough.
    """
    small = {x: array for x, array in arrays.items() if array.size <= MAX_INTS}
    inputs = [_typed(x, array) for x, array in arrays.items() if x not in small]
    try:
        inferred = shape_inference.infer_shapes(_model(op, inputs, small), data_prop=True)
    except Exception as error:
        raise _failure(op, error) from None
    made_of_numbers = all(x.dtype.kind in "fiubV" for x in arrays.values())
    for value in inferred.graph.output:
        kind = value.type.tensor_type
        dims = [x.dim_value if x.HasField("dim_value") else -1 for x in kind.shape.dim]
        if not made_of_numbers or kind.elem_type == TensorProto.STRING:
            raise op.fail("output", repr(value.name), "is not made of numbers")
        is_known = kind.HasField("shape") and min(dims, default=1) >= 0
        if not is_known or len(dims) > MAX_RANK or math.prod(dims) > MAX_VALUES:
            raise op.fail("output", dims, f"is not known to be of up to {MAX_VALUES} values")


def _model(op: Op, inputs: list[onnx.ValueInfoProto], constants: Arrays) -> onnx.ModelProto:
    """A model of the node alone."""
    outputs = [helper.make_value_info(x, TypeProto()) for x in op.proto.output if x]
    weights = [numpy_helper.from_array(array, x) for x, array in constants.items()]
    opset = op.scope.opset
    if op.proto.op_type == "DequantizeLinear":
        opset = max(opset, _ALL_OF_DEQUANTIZE)
    graph = helper.make_graph([op.proto], "constant", inputs, outputs, weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION
    )


def _typed(name: str, array: NDArray[Any]) -> onnx.ValueInfoProto:
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, kind, array.shape)


def _failure(op: Op, error: Exception) -> FirebrickError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return op.fail("output", repr(op.proto.output[0]), f"cannot be computed: {reason:.200}")
