# SPDX-License-Identifier: Apache-2.0
"""Counts of what a device has and a design takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """Device families, named as Yosys does."""

    XC7 = "xc7"
    """7 series: DSP48E1, no UltraRAM."""
    XCUP = "xcup"
    """UltraScale+: DSP48E2, UltraRAM."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Resources taken, or available.

    Attributes:
        dsp: DSP slices.
        lut: LUTs, those used as memory included.
        lutram: LUTs used as memory.
        ff: flip-flops.
        bram18: halves of 36-kbit block RAMs.
        uram: UltraRAM blocks.
    """

    dsp: int = 0
    lut: int = 0
    lutram: int = 0
    ff: int = 0
    bram18: int = 0
    uram: int = 0

    def __add__(self, other: Resources) -> Resources:
        """Both together."""
        return Resources(*(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, ...]:
        """All fields, in their order (`dataclasses.astuple` is ten times slower)."""
        return self.dsp, self.lut, self.lutram, self.ff, self.bram18, self.uram

    @property
    def bram36(self) -> int:
        """Whole block RAMs; any two halves share one."""
        return -(-self.bram18 // 2)

    def fields(self) -> dict[str, int]:
        """As printed for machines and compared with a budget."""
        return {
            "dsp": self.dsp,
            "lut": self.lut,
            "ff": self.ff,
            "bram36": self.bram36,
            "uram": self.uram,
            "lutram": self.lutram,
        }

    def excess(self, budget: Resources) -> dict[str, tuple[int, int]]:
        """What exceeds a budget: needed and available by name."""
        available = budget.fields()
        return {n: (x, available[n]) for n, x in self.fields().items() if x > available[n]}
