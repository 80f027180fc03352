# SPDX-License-Identifier: Apache-2.0
"""A convolution of hls4ml with its ReLU as integers, where they are the same to the last bit.

hls4ml: fixed-point weights, a sum in `accum_t`, a cast to `result_t`, then the ReLU's cast with its
rounding. Firebrick: integer sums, one requantization that rounds halves up. They agree where no
cast but the last one can lose a bit, and the last one rounds halves up or drops bits, and
saturates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from firebrick.hardware.tensor import IntArray, TensorType

ROUND, DROP = "RND", "TRN"
"""Rounding of halves up, and downwards."""
SATURATE = ("SAT",)


class NotExact(Exception):
    """Why hls4ml's layers cannot be replaced by one that gives the same bits."""


def require(rule: bool, text: str) -> None:
    """Say why not, unless `rule` holds.

    Raises:
        NotExact: with the text.
    """
    if not rule:
        raise NotExact(text)


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A convolution and its ReLU, in integers.

    Attributes:
        weights: (O, I, kernel, kernel), in steps of the weights' type.
        bias: (O,), in steps of the product of input and weight; what makes halves round up.
        shift: bits dropped from a sum; below 0, bits added.
        output: type of the ReLU's output.
    """

    weights: IntArray
    bias: IntArray
    shift: int
    output: TensorType


def tensor_type(variable: Any) -> TensorType:
    """Type of an output of hls4ml (channels last).

    Raises:
        NotExact: when it is no image of 8 bits or fewer.
    """
    require(len(variable.shape) == 3, f"{variable.name}: shape={variable.shape} is no image")
    height, width, channels = variable.shape
    precision = variable.type.precision
    require(2 <= precision.width <= 8, f"{variable.name}: width={precision.width} is not in 2..8")
    return TensorType(channels, height, width, precision.width, bool(precision.signed))


def branch(conv: Any, relu: Any) -> Branch:
    """A convolution of stride 1 and equal size with its ReLU.

    Raises:
        NotExact: saying which type loses bits, or which rule does not hold.
    """
    source = conv.get_input_variable()
    kind, inputs = tensor_type(relu.get_output_variable()), tensor_type(source)
    kernel = conv.get_attr("filt_height")
    _check_window(conv, kernel)
    precision = relu.get_output_variable().type.precision
    require(not kind.signed, f"{relu.name}: result_t={precision} is signed")
    require(str(precision.saturation_mode) in SATURATE, f"{relu.name}: result_t={precision} wraps")
    weight, bias = conv.weights["weight"], conv.weights["bias"]
    step = source.type.precision.fractional + weight.type.precision.fractional
    shift = step - precision.fractional
    shape = kernel, kernel, inputs.channels, kind.channels
    weights = stored(weight).reshape(shape).transpose(3, 2, 0, 1)
    # A bias may be finer than the products, by `finer` bits.
    finer = max(0, bias.type.precision.fractional - step)
    below = step + finer
    biases = stored(bias) << (below - bias.type.precision.fractional)
    bits = sum_bits(weights << finer, biases, inputs)
    for field, held in (
        ("accum_t", conv.get_attr("accum_t").precision),
        ("result_t", conv.get_output_variable().type.precision),
    ):
        room = held.integer + int(not held.signed)
        require(
            held.fractional >= below and room >= bits - below,
            f"{conv.name}: {field}={held} does not hold sums of {bits} bits, {below} of them below "
            "the binary point",
        )
    rounding = str(precision.rounding_mode)
    require(
        rounding in (ROUND, DROP) or shift <= 0,
        f"{relu.name}: result_t rounds by {rounding}, neither {ROUND} nor {DROP}",
    )
    if shift > 0:
        # floor((s * 2**f + b) / 2**(n + f)) == floor((s + floor(b / 2**f)) / 2**n), halves and all.
        half = 1 << (shift + finer - 1) if rounding == ROUND else 0
        biases = ((biases + half) >> finer) - (1 << (shift - 1))
    else:
        even = not (biases & ((1 << finer) - 1)).any()
        require(even, f"{conv.name}: bias_t is finer than products that lose no bit")
        biases = biases >> finer
    return Branch(weights, biases, shift, kind)


def _check_window(conv: Any, kernel: int) -> None:
    pad = kernel // 2
    require(kernel == conv.get_attr("filt_width"), f"{conv.name}: its kernel is not square")
    for field in ("stride_height", "stride_width"):
        require(conv.get_attr(field) == 1, f"{conv.name}: {field} is not 1")
    for side in ("top", "left", "bottom", "right"):
        require(conv.get_attr(f"pad_{side}") == pad, f"{conv.name}: pad_{side} is not {pad}")


def stored(variable: Any) -> IntArray:
    """Raw integers of weights, as the C++ reads them from hls4ml's text.

    Raises:
        NotExact: when a value is not one of its type.
    """
    precision = variable.type.precision
    real = np.array([float(x) for x in variable]) * 2.0**precision.fractional
    raw = np.floor(real + (0.5 if str(precision.rounding_mode) == ROUND else 0))
    low = -(1 << (precision.width - 1)) if precision.signed else 0
    if str(precision.saturation_mode) in SATURATE:
        raw = np.clip(raw, low, low + (1 << precision.width) - 1)
    inside = (raw >= low) & (raw < low + (1 << precision.width))
    require(bool(inside.all()), f"{variable.name}: values exceed {precision}")
    known = str(precision.rounding_mode) in (ROUND, DROP) or bool((raw == real).all())
    require(known, f"{variable.name}: values lie between those of {precision}")
    return np.asarray(raw, np.int64)


def sum_bits(weights: IntArray, bias: IntArray, kind: TensorType) -> int:
    """Signed bits of every sum, in any order, with and without the bias."""
    high = np.where(weights > 0, weights * kind.hi, weights * kind.lo).sum((1, 2, 3))
    low = np.where(weights > 0, weights * kind.lo, weights * kind.hi).sum((1, 2, 3))
    top = int(np.maximum(np.maximum(high, high + bias), bias).max())
    bottom = int(np.minimum(np.minimum(low, low + bias), bias).min())
    return max(max(0, top).bit_length(), (~min(0, bottom)).bit_length()) + 1
