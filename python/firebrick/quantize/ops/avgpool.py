# SPDX-License-Identifier: Apache-2.0
"""`avgpool`: the division by the number of pixels lives in the scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from onnx import TensorProto

from firebrick.hardware.tensor import MAX_SHIFT, MULTIPLIER_BITS
from firebrick.ir.graph import FloatArray, GlobalAveragePoolNode
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.quantize.exact import Array
from firebrick.quantize.ops.base import Calibration, Recipe, Source
from firebrick.quantize.ops.onnx_nodes import OnnxNodes
from firebrick.quantize.ops.stored import Stored
from firebrick.quantize.scales import multipliers


class AvgPoolRecipe(Recipe[GlobalAveragePoolNode, AvgPool]):
    """Global average, with or without a constant ring."""

    node_type = GlobalAveragePoolNode
    operator_type = AvgPool
    fields = (("multiplier", 0, (1 << MULTIPLIER_BITS) - 1), ("shift", 0, MAX_SHIFT))
    stored = (("bias", TensorProto.INT32),)

    def real(self, node: GlobalAveragePoolNode) -> Callable[..., FloatArray]:
        """Sum in float64, divide."""
        return partial(_real, node)

    def quantize(
        self, node: GlobalAveragePoolNode, inputs: Sequence[Source], calibration: Calibration
    ) -> tuple[AvgPool, float]:
        """The ring becomes the start of the sums; what a layer reads is requantized."""
        (source,) = inputs
        kind = source.kind
        ring = np.zeros(kind.channels) if node.ring is None else node.ring.astype(np.float64)
        bias = np.rint(ring / source.scale).astype(np.int64)
        sums = sum_type(kind, bias)
        count = kind.height * kind.width if node.count is None else node.count
        step = source.scale / count
        if node.name == calibration.logits:
            return AvgPool(node.name, kind, sums, bias), step
        signed = kind.signed or bool(bias.min() < 0)
        output = replace(sums, bits=calibration.output_bits(node), signed=signed)
        values = np.concatenate(
            [
                part.integer.sum((2, 3)) + bias
                for (part,) in calibration.tensors.batches([source.name])
            ]
        )
        # an output step finer than that of the sums would show nothing new
        scale = calibration.scale_choice(node)(values * step, output.lo, output.hi, step)
        multiplier, shift = multipliers(np.array([step / scale]))
        return AvgPool(node.name, kind, output, bias, int(multiplier[0]), shift), scale

    def write(self, operator: AvgPool, inputs: Sequence[str], out: OnnxNodes) -> None:
        """Take the zero point off, sum; requantize unless the sums are asked for."""
        name, (source,), sums = operator.name, inputs, operator.sums
        operator.require(sums.bits <= 32, "bits", sums.bits, "exceeds 32")
        wide = out.node("Cast", [source], f"{name}.wide", to=TensorProto.INT32)
        axes = out.constant(f"{name}.axes", [2, 3], np.int64)
        zero = out.constant(f"{name}.zero", out.narrow(source).zero, np.int32)
        centred = out.node("Sub", [wide, zero], f"{name}.centred")
        total = out.node("ReduceSum", [centred, axes], f"{name}.total", keepdims=1)
        bias = out.constant(f"{name}.bias", operator.bias.reshape(1, -1, 1, 1), np.int32)
        if operator.is_exact and out.stored[name].wide:
            out.node("Add", [total, bias], name)
            return
        biased = out.node("Add", [total, bias], f"{name}.biased")
        long = out.node("Cast", [biased], f"{name}.long", to=TensorProto.INT64)
        multiplier = out.constant(f"{name}.multiplier", operator.multiplier, np.int64)
        scaled = out.node("Mul", [long, multiplier], f"{name}.scaled")
        reach = operator.multiplier << (sums.bits - 1)
        out.requantize(operator, scaled, operator.shift, reach=reach)

    def read(self, layer: Stored) -> AvgPool:
        """The start of the sums is stored."""
        bias = layer.vector("bias", TensorProto.INT32)
        return AvgPool(layer.name, layer.inputs[0], layer.output, bias, **layer.fields)


def _real(node: GlobalAveragePoolNode, x: Array) -> FloatArray:
    count = x.shape[2] * x.shape[3] if node.count is None else node.count
    total = x.sum((2, 3), keepdims=True, dtype=np.float64)
    if node.ring is not None:
        total = total + node.ring[:, None, None]
    return np.asarray(total / count, np.float32)
