# SPDX-License-Identifier: Apache-2.0
"""`avgpool`: sums; the division by the number of pixels lives in the scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from onnx import TensorProto

from firebrick.ir.graph import FloatArray, GlobalAveragePoolNode
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.quantize.exact import Array
from firebrick.quantize.ops.base import Calibration, Recipe, Source
from firebrick.quantize.ops.onnx_nodes import OnnxNodes
from firebrick.quantize.ops.stored import Stored


class AvgPoolRecipe(Recipe[GlobalAveragePoolNode, AvgPool]):
    """Global average, with or without a constant ring."""

    node_type = GlobalAveragePoolNode
    operator_type = AvgPool
    is_wide = True

    def real(self, node: GlobalAveragePoolNode) -> Callable[..., FloatArray]:
        """Sum in float64, divide."""
        return partial(_real, node)

    def quantize(
        self, node: GlobalAveragePoolNode, inputs: Sequence[Source], calibration: Calibration
    ) -> tuple[AvgPool, float]:
        """The ring becomes the start of the sums."""
        (source,) = inputs
        kind = source.kind
        ring = np.zeros(kind.channels) if node.ring is None else node.ring.astype(np.float64)
        bias = np.rint(ring / source.scale).astype(np.int64)
        operator = AvgPool(node.name, kind, sum_type(kind, bias), bias)
        count = kind.height * kind.width if node.count is None else node.count
        return operator, source.scale / count

    def write(self, operator: AvgPool, inputs: Sequence[str], out: OnnxNodes) -> None:
        """Take the zero point off, sum."""
        name, (source,) = operator.name, inputs
        operator.require(operator.output.bits <= 32, "bits", operator.output.bits, "exceeds 32")
        wide = out.node("Cast", [source], f"{name}.wide", to=TensorProto.INT32)
        axes = out.constant(f"{name}.axes", [2, 3], np.int64)
        zero = out.constant(f"{name}.zero", out.narrow(source).zero, np.int32)
        centred = out.node("Sub", [wide, zero], f"{name}.centred")
        total = out.node("ReduceSum", [centred, axes], f"{name}.total", keepdims=1)
        bias = out.constant(f"{name}.bias", operator.bias.reshape(1, -1, 1, 1), np.int32)
        out.node("Add", [total, bias], name)

    def read(self, layer: Stored) -> AvgPool:
        """The start of the sums is stored."""
        bias = layer.vector("bias", TensorProto.INT32)
        return AvgPool(layer.name, layer.inputs[0], layer.output, bias)


def _real(node: GlobalAveragePoolNode, x: Array) -> FloatArray:
    count = x.shape[2] * x.shape[3] if node.count is None else node.count
    total = x.sum((2, 3), keepdims=True, dtype=np.float64)
    if node.ring is not None:
        total = total + node.ring[:, None, None]
    return np.asarray(total / count, np.float32)
