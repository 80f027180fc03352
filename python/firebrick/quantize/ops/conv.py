# SPDX-License-Identifier: Apache-2.0
"""`conv`: weights become codes of a codebook, and what that changes is made up for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from onnx import TensorProto

from firebrick.hardware.tensor import MAX_SHIFT
from firebrick.ir.graph import ConvNode, FloatArray
from firebrick.ir.rules import output_shape
from firebrick.ops.conv.operator import Conv
from firebrick.quantize.activations import output_kind, output_multipliers, output_scale
from firebrick.quantize.exact import Array, FloatConv, IntConv, requantize_fast
from firebrick.quantize.ops.base import MAX_WINDOW, Calibration, Recipe, Source
from firebrick.quantize.ops.onnx_nodes import OnnxNodes
from firebrick.quantize.ops.stored import Stored
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.rounding.hessian import Statistics, gather_patches
from firebrick.quantize.rounding.weights import quantize_weights
from firebrick.quantize.scales import LARGEST_BIAS, scale_floor

MAX_SAMPLES = 3 << 23
"""Most inputs, and most outputs, of a layer that its statistics are taken from."""
MAX_TAPS = 4608
"""Most weights of an output: those of 512 channels under a 3x3 kernel. Statistics take its
square."""
WEIGHT_ZERO = 128
"""Zero point of weights stored as bytes."""


class ConvRecipe(Recipe[ConvNode, Conv]):
    """Convolution, with or without ReLU."""

    node_type = ConvNode
    operator_type = Conv
    fields = (
        *(("kernel", 1, MAX_WINDOW), ("stride", 1, MAX_WINDOW), ("pad", 0, MAX_WINDOW - 1)),
        *(("code_bits", 2, 8), ("value_bits", 2, 8), ("shift", 0, MAX_SHIFT)),
    )
    stored = (
        *(("codes", TensorProto.UINT8), ("codebook", TensorProto.UINT8)),
        *(("bias", TensorProto.INT32), ("multiplier", TensorProto.INT64)),
    )

    def check(self, node: ConvNode) -> None:
        """Refuse filters of too many weights, and windows too large for a file."""
        for field, value in (("kernel", node.weights.shape[2]), ("stride", node.stride)):
            node.require(value <= MAX_WINDOW, field, value, f"exceeds {MAX_WINDOW}")
        taps, rule = _taps(node), f"exceeds {MAX_TAPS} in quantizing"
        node.require(taps <= MAX_TAPS, "weights an output", taps, rule)

    def bytes_needed(self, node: ConvNode, options: QuantizeOptions) -> int:
        """Those of the statistics."""
        rows, taps = _positions(node, options) * options.crops, _taps(node)
        inputs, outputs = 4 * rows * taps, 4 * rows * len(node.weights)
        # Both moments while the second is made; the Hessian and three times a part, see `gptq`.
        return max(3 * inputs + 20 * taps**2, inputs + 32 * taps**2, inputs + 3 * outputs)

    def real(self, node: ConvNode) -> Callable[..., FloatArray]:
        """Convolve, shift, clamp."""
        return partial(_real, node, FloatConv(node.weights, node.stride, node.pads))

    def quantize(
        self, node: ConvNode, inputs: Sequence[Source], calibration: Calibration
    ) -> tuple[Conv, float]:
        """Weights, then bias (correcting the mean), then the scale of what comes out."""
        (source,) = inputs
        options = calibration.options
        outputs, _channels, kernel, _ = node.weights.shape
        shape = output_shape(node, [source.shape])
        parts = (part for (part,) in calibration.tensors.batches([source.name]))
        size, count = (shape.height, shape.width), _positions(node, options)
        patches = gather_patches(parts, options.crops, node, size, count, calibration.rng)
        statistics = Statistics.of(patches)
        sampled = patches.quantized
        del patches
        flat = node.weights.reshape(outputs, -1).astype(np.float64)
        floor = scale_floor(node.bias.astype(np.float64), source.scale)
        quantized = quantize_weights(flat, statistics, options, floor)
        bias = node.bias.astype(np.float64)
        if options.compensate:
            bias = bias + flat @ statistics.float_mean - quantized.real @ statistics.mean
        sum_scale = source.scale * quantized.scale
        # the scale leaves room for the bias itself; of what is corrected, only what fits is
        bias = bias.clip(-LARGEST_BIAS * sum_scale, LARGEST_BIAS * sum_scale)
        output = sampled @ quantized.real.T.astype(np.float32)
        output += bias.astype(np.float32)
        kind = output_kind(node, shape, calibration.output_bits(node))
        # an output step finer than that of the sums would show nothing new
        finest = float(sum_scale.max())
        scale = output_scale(node, kind, output, finest, calibration.scale_choice(node))
        multiplier, shift = output_multipliers(node, sum_scale / scale)
        operator = Conv(
            name=node.name,
            input=source.kind,
            output=kind,
            kernel=kernel,
            stride=node.stride,
            pad=node.pads[0],
            codes=quantized.codes.reshape(node.weights.shape),
            codebook=quantized.codebook,
            code_bits=options.weight_bits,
            value_bits=options.value_bits,
            bias=np.rint(bias / sum_scale).astype(np.int64),
            multiplier=multiplier,
            shift=shift,
        )
        return operator, scale

    def integer(self, operator: Conv) -> Callable[..., Array]:
        """By a float kernel."""
        weights = operator.codebook[operator.codes]  # not kept, as `operator.weights` is
        sums = IntConv(weights, operator.input, operator.stride, operator.pads)
        return partial(_integer, operator, sums)

    def weights(self, operator: Conv) -> int:
        """Number of codes."""
        return operator.codes.size

    def write(self, operator: Conv, inputs: Sequence[str], out: OnnxNodes) -> None:
        """Look weights up in the codebook, convolve, requantize.

        Weights and activations are both unsigned bytes with a zero point: kernels for unsigned x
        signed bytes saturate on some CPUs, those for unsigned x unsigned never do.
        """
        name, (source,) = operator.name, inputs
        operator.require(operator.acc_bits <= 32, "acc_bits", operator.acc_bits, "exceeds 32")
        codes = out.constant(f"{name}.codes", operator.codes, np.uint8)
        book = out.constant(f"{name}.codebook", operator.codebook + WEIGHT_ZERO, np.uint8)
        zero = out.constant(f"{name}.input_zero", out.narrow(source).zero, np.uint8)
        weight_zero = out.constant(f"{name}.weight_zero", WEIGHT_ZERO, np.uint8)
        index = out.node("Cast", [codes], f"{name}.index", to=TensorProto.INT32)
        weights = out.node("Gather", [book, index], f"{name}.weights")
        sums = out.node(
            "ConvInteger",
            [source, weights, zero, weight_zero],
            f"{name}.sums",
            kernel_shape=[operator.kernel] * 2,
            strides=[operator.stride] * 2,
            pads=list(operator.pads),
        )
        column = (1, -1, 1, 1)
        bias = out.constant(f"{name}.bias", operator.bias.reshape(column), np.int32)
        biased = out.node("Add", [sums, bias], f"{name}.biased")
        wide = out.node("Cast", [biased], f"{name}.wide", to=TensorProto.INT64)
        factors = operator.multiplier.reshape(column)
        multiplier = out.constant(f"{name}.multiplier", factors, np.int64)
        scaled = out.node("Mul", [wide, multiplier], f"{name}.scaled")
        reach = int(operator.multiplier.max()) << (operator.acc_bits - 1)
        out.requantize(operator, scaled, operator.shift, reach=reach)

    def read(self, layer: Stored) -> Conv:
        """Codes and codebook as they are stored."""
        return Conv(
            name=layer.name,
            input=layer.inputs[0],
            output=layer.output,
            codes=layer.array("codes", TensorProto.UINT8).astype(np.uint8),
            codebook=layer.vector("codebook", TensorProto.UINT8) - WEIGHT_ZERO,
            bias=layer.vector("bias", TensorProto.INT32),
            multiplier=layer.vector("multiplier", TensorProto.INT64),
            **layer.fields,
        )


def _taps(node: ConvNode) -> int:
    return int(node.weights[0].size)


def _positions(node: ConvNode, options: QuantizeOptions) -> int:
    """Positions of each crop that a layer's statistics are taken from."""
    width = max(_taps(node), len(node.weights))
    return max(1, min(options.patches, MAX_SAMPLES // (width * options.crops)))


def _real(node: ConvNode, conv: FloatConv, x: Array) -> FloatArray:
    y = conv(x)
    y += node.bias[:, None, None]
    return node.activate(y)


def _integer(operator: Conv, sums: IntConv, x: Array) -> Array:
    acc = sums(x)[:, :, : operator.output.height, : operator.output.width]
    return requantize_fast(acc, operator.bias, operator.multiplier, operator.shift, operator.output)
