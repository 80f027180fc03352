# SPDX-License-Identifier: Apache-2.0
"""Tensors between operators: their shape and integer range, and how sums become one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

MULTIPLIER_BITS = 16
"""Bits of an unsigned multiplier of a requantization."""
MAX_SHIFT = 40
"""Most bits that a requantization drops."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape and integer range of the tensor between two operators.

    Attributes:
        channels: number of channels.
        height: rows of one frame.
        width: pixels of one row.
        bits: bits of one value.
        signed: two's complement if true, else unsigned (after a ReLU).
        narrow: the range is one value smaller: without the lowest if signed, else the highest.
    """

    channels: int
    height: int
    width: int
    bits: int = 8
    signed: bool = False
    narrow: bool = False

    @property
    def lo(self) -> int:
        """Smallest value."""
        return self.narrow - (1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest value."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1 - self.narrow

    @property
    def values(self) -> int:
        """Number of values in one frame."""
        return self.channels * self.height * self.width


def requantize(
    acc: IntArray, bias: IntArray, multiplier: IntArray, shift: int, output: TensorType
) -> IntArray:
    """Scale exact sums to the output type, rounding halves up.

    `y = clamp(((acc + bias[c]) * multiplier[c] + half) >> shift, lo, hi)` with
    `half = 2**(shift - 1)` (0 when shift is 0) and an arithmetic shift.

    Args:
        acc: sums, shape (N, C, H, W).
        bias: per channel, at the scale of `acc`, shape (C,).
        multiplier: per channel, not negative, shape (C,).
        shift: bits dropped, 0 or more.
        output: type whose range clamps the result.
    """
    half = (1 << shift) >> 1
    column = (slice(None), None, None)
    scaled = (acc + bias[column]) * multiplier[column] + half
    return np.asarray(np.clip(scaled >> shift, output.lo, output.hi), np.int64)
