# SPDX-License-Identifier: Apache-2.0
"""What stands behind the sums of a layer: a ReLU, its ceiling, the grid that values are put on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.tensor import TensorType

FloatArray = NDArray[np.float32]

BITS = range(2, 9)
"""Bits of an integer that hardware has between layers."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Multiples of a number within a range: what training has put the values of a tensor on.

    `x -> clip(round(x / scale), lo, hi) * scale`, halves to even, as QONNX's `Quant`.

    Attributes:
        scale: distance of two values, positive and finite.
        bits: of the integers.
        signed: two's complement if true; else without values below 0, so a ReLU is part of it.
        narrow: the range is one value smaller: without the lowest if signed, else the highest.
    """

    scale: float
    bits: int
    signed: bool
    narrow: bool

    def kind(self, channels: int, height: int, width: int) -> TensorType:
        """Type of a tensor of its integers."""
        return TensorType(channels, height, width, self.bits, self.signed, self.narrow)

    @property
    def lo(self) -> int:
        """Smallest integer."""
        return self.kind(1, 1, 1).lo

    @property
    def hi(self) -> int:
        """Largest integer."""
        return self.kind(1, 1, 1).hi

    def apply(self, values: FloatArray) -> FloatArray:
        """The nearest of its values to each, in float32 as QONNX's own executor computes."""
        scale = np.float32(self.scale)
        return np.asarray(np.clip(np.rint(values / scale), self.lo, self.hi) * scale, np.float32)

    def behind_relu(self) -> Grid:
        """The same where nothing is below 0: without the integers that do not occur."""
        return Grid(self.scale, self.bits - 1, False, False) if self.signed else self

    def reaches(self, ceiling: float) -> bool:
        """Whether a clamp to a ceiling in front of it lets its largest value through."""
        return bool(np.rint(np.float32(ceiling) / np.float32(self.scale)) >= self.hi)


def activated(
    values: FloatArray, *, relu: bool, ceiling: float | None, grid: Grid | None
) -> FloatArray:
    """What becomes of sums behind a layer.

    Args:
        values: float32, any shape.
        relu: what is below 0 becomes 0.
        ceiling: what is above becomes this; None for none.
        grid: what values are put on then; None for none.
    """
    if relu:
        values = np.maximum(values, np.float32(0))
    if ceiling is not None:
        values = np.minimum(values, np.float32(ceiling))
    return values if grid is None else grid.apply(values)
