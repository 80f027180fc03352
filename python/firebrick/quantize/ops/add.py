# SPDX-License-Identifier: Apache-2.0
"""`add`: each operand is multiplied by what its scale is of the output's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from onnx import TensorProto

from firebrick.hardware.tensor import MAX_SHIFT
from firebrick.ir.graph import AddNode, FloatArray
from firebrick.ops.add import Add
from firebrick.quantize.activations import output_kind, output_multipliers, output_scale
from firebrick.quantize.exact import Array
from firebrick.quantize.ops.base import Calibration, Recipe, Source
from firebrick.quantize.ops.onnx_nodes import OnnxNodes
from firebrick.quantize.ops.stored import Stored

SCALE_SAMPLES = 1 << 21
"""Values of a tensor that its scale is chosen on, at most."""
SIDES = ("left", "right")


class AddRecipe(Recipe[AddNode, Add]):
    """Sum of two tensors, with or without ReLU."""

    node_type = AddNode
    operator_type = Add
    fields = (("shift", 0, MAX_SHIFT),)
    stored = tuple((f"{x}_multiplier", TensorProto.INT64) for x in SIDES)

    def real(self, node: AddNode) -> Callable[..., FloatArray]:
        """Sum, clamp."""
        return partial(_real, node)

    def quantize(
        self, node: AddNode, inputs: Sequence[Source], calibration: Calibration
    ) -> tuple[Add, float]:
        """The scale of what comes out, then the factors of what goes in."""
        left, right = inputs
        kind = output_kind(node, left.shape, calibration.output_bits(node))
        floor = max(left.scale, right.scale) / (1 << calibration.options.act_bits)
        sums = _sample_sums(left, right, calibration)
        scale = output_scale(node, kind, sums, floor, calibration.scale_choice(node))
        ratios = np.array([left.scale, right.scale]) / scale
        multiplier, shift = output_multipliers(node, ratios)
        pair = (int(multiplier[0]), int(multiplier[1]))
        return Add(node.name, left.kind, right.kind, kind, pair, shift), scale

    def write(self, operator: Add, inputs: Sequence[str], out: OnnxNodes) -> None:
        """Scale both, sum, requantize; zero points are taken off the sum."""
        name = operator.name
        terms, zeros, reach = [], 0, 0
        for side, source, factor in zip(SIDES, inputs, operator.multipliers, strict=True):
            stored = out.narrow(source)
            zeros += stored.zero * factor
            reach += max(stored.kind.hi, -stored.kind.lo) * factor
            wide = out.node("Cast", [source], f"{name}.{side}", to=TensorProto.INT64)
            constant = out.constant(f"{name}.{side}_multiplier", factor, np.int64)
            terms.append(out.node("Mul", [wide, constant], f"{name}.{side}_scaled"))
        total = out.node("Add", terms, f"{name}.total")
        out.requantize(operator, total, operator.shift, offset=-zeros, reach=reach)

    def read(self, layer: Stored) -> Add:
        """The factors are stored."""
        left, right = layer.inputs
        first, second = (
            int(layer.array(f"{side}_multiplier", TensorProto.INT64).item()) for side in SIDES
        )
        shift = layer.fields["shift"]
        return Add(layer.name, left, right, layer.output, (first, second), shift)


def _sample_sums(left: Source, right: Source, calibration: Calibration) -> FloatArray:
    """Every nth sum of all crops."""
    step = -(-left.kind.values * calibration.options.crops // SCALE_SAMPLES)
    samples, done = [], 0
    for a, b in calibration.tensors.batches([left.name, right.name]):
        total = a.integer * np.float32(left.scale) + b.integer * np.float32(right.scale)
        samples.append(total.reshape(-1)[-done % step :: step].copy())
        done += total.size
    return np.concatenate(samples)


def _real(node: AddNode, left: Array, right: Array) -> FloatArray:
    return node.activate(np.asarray(left + right, np.float32))
