# SPDX-License-Identifier: Apache-2.0
"""`conv`: convolution with weights from a codebook, then requantization.

`y[o] = clamp(((sum_{i,ky,kx} value[code[o,i,ky,kx]] * x[i, y*S+ky-P, x*S+kx-P] + bias[o])
* multiplier[o] + half) >> shift)`. Squeeze, expand (1x1 and 3x3 as one), grouped and depthwise
convolutions differ only in which weights are zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.tensor import MAX_SHIFT, MULTIPLIER_BITS, IntArray, TensorType, requantize
from firebrick.ops.base import Operator

BIAS_BITS = 20
BAND_VALUES = 1 << 21
"""Outputs that `Conv.golden` sums at a time, about."""


@dataclass(frozen=True, slots=True, eq=False)
class Conv(Operator):
    """A quantized convolution.

    Attributes:
        name: of the layer.
        input: type of the input tensor.
        output: type of the output tensor; its range is the clamp (a ReLU is `lo == 0`).
        kernel: side of the square kernel.
        stride: both directions.
        pad: zero pixels above and left of the image; those below and right follow from `output`.
        codes: uint8 (O, I, kernel, kernel), index into the codebook; 0 is the value 0.
        codebook: int64 (at most 2**code_bits), value of each code; entry 0 is 0.
        code_bits: bits of a stored code, 2 to 8.
        value_bits: bits of a signed codebook value, up to 8.
        bias: int64 (O,), at accumulator scale, BIAS_BITS signed bits.
        multiplier: int64 (O,), 0 to 2**MULTIPLIER_BITS - 1.
        shift: bits dropped by the requantization.
    """

    kind: ClassVar[str] = "conv"
    name: str
    input: TensorType
    output: TensorType
    kernel: int
    stride: int
    pad: int
    codes: NDArray[np.uint8]
    codebook: IntArray
    code_bits: int
    value_bits: int
    bias: IntArray
    multiplier: IntArray
    shift: int

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        shape = (self.output.channels, self.input.channels, self.kernel, self.kernel)
        self.require(
            self.codes.shape == shape, "codes", self.codes.shape, f"is not of shape {shape}"
        )
        self.require(self.kernel >= 1, "kernel", self.kernel, "is less than 1")
        self.require(self.stride >= 1, "stride", self.stride, "is less than 1")
        self.require(
            0 <= self.pad < self.kernel, "pad", self.pad, f"is not in 0..{self.kernel - 1}"
        )
        self.require(2 <= self.code_bits <= 8, "code_bits", self.code_bits, "is not in 2..8")
        self.require(2 <= self.value_bits <= 8, "value_bits", self.value_bits, "is not in 2..8")
        limit = 1 << (self.value_bits - 1)
        self.require(
            1 <= len(self.codebook) <= 1 << self.code_bits,
            "codebook",
            len(self.codebook),
            f"entries are not in 1..{1 << self.code_bits}",
        )
        self.require(self.codebook[0] == 0, "codebook[0]", self.codebook[0], "is not 0")
        low, high = int(self.codebook.min()), int(self.codebook.max())
        self.require(-limit <= low, "codebook", low, f"is below {-limit}")
        self.require(high < limit, "codebook", high, f"is above {limit - 1}")
        self.require(
            int(self.codes.max()) < len(self.codebook),
            "codes",
            int(self.codes.max()),
            "is no entry",
        )
        for field, array in (("bias", self.bias), ("multiplier", self.multiplier)):
            self.require(
                array.shape == shape[:1], field, array.shape, f"is not of shape {shape[:1]}"
            )
        self._check_range("bias", self.bias, -(1 << (BIAS_BITS - 1)), (1 << (BIAS_BITS - 1)) - 1)
        self._check_range("multiplier", self.multiplier, 0, (1 << MULTIPLIER_BITS) - 1)
        self.require(0 <= self.shift <= MAX_SHIFT, "shift", self.shift, f"is not in 0..{MAX_SHIFT}")
        for field, size, out in (
            ("output.height", self.input.height, self.output.height),
            ("output.width", self.input.width, self.output.width),
        ):
            # the last window may pass the far edge by at most kernel-1 zero pixels
            last = (out - 1) * self.stride - self.pad
            self.require(out > 0 and last < size, field, out, "has windows outside the image")
            after = last + self.kernel + self.stride
            self.require(after > size, field, out, "leaves pixels unused")

    def _check_range(self, field: str, array: IntArray, low: int, high: int) -> None:
        for value in (int(array.min()), int(array.max())):
            self.require(low <= value <= high, field, value, f"is not in {low}..{high}")

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.input,)

    @cached_property
    def weights(self) -> IntArray:
        """Integer weights (O, I, kernel, kernel)."""
        return self.codebook[self.codes]

    @cached_property
    def nonzero(self) -> int:
        """Number of weights that are not zero."""
        return int(np.count_nonzero(self.weights))

    @cached_property
    def true_weights(self) -> NDArray[np.bool_]:
        """Which weights (O, I, kernel, kernel) the layer really has, pruned ones included.

        The outer taps of a filter that uses none but its centre tap (an expand1x1 within a Fire
        module) are no weights: nobody would store or multiply them, not even with zeros stored.
        """
        centre = self.kernel // 2
        outer = self.weights != 0
        outer[:, :, centre, centre] = False
        pointwise = ~outer.any((1, 2, 3))
        mask = np.ones(outer.shape, bool)
        mask[pointwise] = False
        mask[pointwise, :, centre, centre] = True
        return mask

    @property
    def macs(self) -> tuple[int, int]:
        """Multiplications a frame: by nonzero weights; by all weights, pruned ones included."""
        pixels = self.output.height * self.output.width
        return self.nonzero * pixels, int(self.true_weights.sum()) * pixels

    @property
    def pads(self) -> tuple[int, int, int, int]:
        """Zero pixels at top, left, bottom, right; none where the last windows end inside."""
        below, right = (
            max(0, (out - 1) * self.stride + self.kernel - self.pad - size)
            for out, size in (
                (self.output.height, self.input.height),
                (self.output.width, self.input.width),
            )
        )
        return self.pad, self.pad, below, right

    @cached_property
    def acc_bits(self) -> int:
        """Signed bits that hold every partial sum, in any order, with and without the bias.

        Proven from the weights: a sum of products never leaves [negative part, positive part].
        """
        weights, kind = self.weights, self.input
        above = np.maximum(weights, 0).sum((1, 2, 3))
        below = np.minimum(weights, 0).sum((1, 2, 3))
        high = above * kind.hi + below * kind.lo
        low = above * kind.lo + below * kind.hi
        top = int(np.maximum(np.maximum(high, high + self.bias), 0).max())
        bottom = int(np.minimum(np.minimum(low, low + self.bias), 0).min())
        return max(top.bit_length(), (~bottom).bit_length()) + 1

    def golden(self, *inputs: IntArray) -> IntArray:
        """Convolve exactly: one matrix product per kernel position, some rows at a time.

        Products and sums are integers below 2**53, so float64 holds them exactly; it is used
        because NumPy multiplies integer matrices without BLAS, 50 times slower.
        """
        (x,) = inputs
        rows, cols = self.output.height, self.output.width
        top, left, below, right = self.pads
        padded = np.pad(x, ((0, 0), (0, 0), (top, below), (left, right)))
        weights = self.weights.astype(np.float64)
        y = np.empty((x.shape[0], self.output.channels, rows, cols), np.int64)
        band = max(1, BAND_VALUES * rows // y.size)
        for first in range(0, rows, band):
            part = y[:, :, first : first + band]
            acc = np.zeros(part.shape)
            for ky in range(self.kernel):
                for kx in range(self.kernel):
                    start = first * self.stride + ky
                    taps = padded[:, :, start :: self.stride, kx :: self.stride]
                    taps = taps[:, :, : part.shape[2], :cols].astype(np.float64)
                    acc += np.einsum("oi,niyx->noyx", weights[:, :, ky, kx], taps, optimize=True)
            sums = acc.astype(np.int64)
            part[:] = requantize(sums, self.bias, self.multiplier, self.shift, self.output)
        return y
