# SPDX-License-Identifier: Apache-2.0
"""What each supported ONNX operator becomes in the float graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from onnx import TensorProto, numpy_helper

from firebrick.frontend.onnx_reader import elementwise, layout, linear
from firebrick.frontend.onnx_reader.scope import MERGED, Op
from firebrick.frontend.onnx_reader.window import convolution, max_pool
from firebrick.ir.graph import (
    ConcatNode,
    GlobalAveragePoolNode,
    IdentityNode,
    MaxPoolNode,
)

_EXPLICIT_SOFTMAX_AXIS = 13
"""Opset from which Softmax works along one axis instead of along all from that axis on."""
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)


def _concat(op: Op) -> None:
    axes = op.value(0).axes
    values = [op.value(index, axes) for index in range(len(op.proto.input))]
    axis = op.attribute_int("axis", 1)
    if not -len(axes) <= axis < len(axes) or axes[axis] != "C":
        raise op.fail("axis", axis, f"is not the channels of {axes}")
    op.add(ConcatNode(op.name, tuple(x.name for x in values)), axes)


def _global_average_pool(op: Op) -> None:
    value = op.value(0, "NCHW")
    op.add(GlobalAveragePoolNode(op.name, (value.name,)), value.axes)


def _global_max_pool(op: Op) -> None:
    """One window, as wide as the map is."""
    value = op.value(0, "NCHW")
    side = max(value.shape.height, value.shape.width)
    op.add(MaxPoolNode(op.name, (value.name,), kernel=side, stride=side, ceil=True), value.axes)


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
    if not axes and op.attribute_int("noop_with_empty_axes", 0):
        op.bind(value)
        return
    names = [value.axes[x] for x in axes or ()]
    over = {y for x in names for y in MERGED.get(x, x)}
    if not names or not over <= {"H", "W"} or any(value.size(x) > 1 for x in {"H", "W"} - over):
        raise op.fail("axes", axes, f"is not height and width of {value.axes}")
    kept = value.axes
    if not op.attribute_int("keepdims", 1):
        kept = "".join(x for x in kept if x not in names)
    op.add(GlobalAveragePoolNode(op.name, (value.name,)), kept)


def _dropout(op: Op) -> None:
    if op.has_input(2) and bool(np.any(op.constant(2))):
        raise op.fail("training_mode", True, "is not false: export the model in evaluation mode")
    op.bind(op.value(0))


def _identity(op: Op) -> None:
    op.bind(op.value(0, padded=True))


def _cast(op: Op) -> None:
    """Between kinds of real numbers: which they are is chosen when the network is quantized."""
    to = op.attribute_int("to", TensorProto.FLOAT)
    if to not in _FLOATS:
        raise op.fail("to", TensorProto.DataType.Name(to), "is not a type of real numbers")
    op.bind(op.value(0, padded=True))


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
    op.add(IdentityNode(op.name, (value.name,), op.proto.op_type), value.axes)


def _sigmoid(op: Op) -> None:
    """At the end it keeps the order of the logits; a pass refuses it elsewhere."""
    value = op.value(0)
    op.add(IdentityNode(op.name, (value.name,), "Sigmoid"), value.axes)


def _constant(op: Op) -> None:
    op.scope.constants[op.proto.output[0]] = op.constant_value()


def _shape(op: Op) -> None:
    """Sizes of a tensor that is computed from the image; frames are as many as the file says."""
    value = op.value(0)
    rank = len(value.axes)
    if value.axes[0] != "N":
        raise op.fail("input[0]", value.axes, "does not begin with the frames")
    sizes = [op.scope.batch, *(value.size(x) for x in value.axes[1:])]
    start, end = op.attribute_int("start", 0), op.attribute_int("end", rank)
    tensor = numpy_helper.from_array(np.asarray(sizes[start:end], np.int64))
    op.scope.constants[op.proto.output[0]] = tensor


HANDLERS: Mapping[str, Callable[[Op], None]] = {
    "Add": elementwise.add,
    "AveragePool": _average_pool,
    "BatchNormalization": elementwise.batch_norm,
    "Cast": _cast,
    "Clip": elementwise.clip,
    "Concat": _concat,
    "Constant": _constant,
    "Conv": convolution,
    "Div": elementwise.div,
    "Dropout": _dropout,
    "Flatten": layout.flatten,
    "Gemm": linear.gemm,
    "GlobalAveragePool": _global_average_pool,
    "GlobalMaxPool": _global_max_pool,
    "Identity": _identity,
    "LogSoftmax": _softmax,
    "MatMul": linear.matmul,
    "Max": elementwise.maximum,
    "MaxPool": max_pool,
    "Min": elementwise.minimum,
    "Mul": elementwise.mul,
    "Neg": elementwise.neg,
    "Pad": layout.pad,
    "ReduceMean": _reduce_mean,
    "Relu": elementwise.relu,
    "Reshape": layout.reshape,
    "Shape": _shape,
    "Sigmoid": _sigmoid,
    "Softmax": _softmax,
    "Squeeze": layout.squeeze,
    "Sub": elementwise.sub,
    "Sum": elementwise.sum_,
    "Transpose": layout.transpose,
    "Unsqueeze": layout.unsqueeze,
}
"""By ONNX operator type, for nodes that read a tensor computed from the image."""

_NO_NEGATIVE = "train the model with ReLU or ReLU6 in its place"
_NO_PRODUCT = "two tensors are never multiplied: take a model without attention"
_NO_QDQ = "QDQ models are not read: export the float model, or one with QONNX's Quant nodes"
ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu"), _NO_NEGATIVE),
    **dict.fromkeys(("Mish", "PRelu", "Selu", "Swish", "Tanh", "Erf", "Softplus"), _NO_NEGATIVE),
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear", "QLinearConv"), _NO_QDQ),
    **dict.fromkeys(("DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"), _NO_QDQ),
    "ArgMax": "cut it off: the classifier's output is its logits",
    "TopK": "cut it off: the classifier's output is its logits",
    "LRN": "retrain without it, or with batch norm",
    "InstanceNormalization": "retrain with batch norm",
    "LayerNormalization": "retrain with batch norm",
    "Einsum": _NO_PRODUCT,
}
"""What would do instead of an operator that is not read."""
