# SPDX-License-Identifier: Apache-2.0
"""What one part of a module takes: exact where it follows from its text, else in terms to weigh."""

from __future__ import annotations

from typing import NamedTuple

from firebrick.hardware.memory_area import MemoryArea


class Features(NamedTuple):
    """A part of a module.

    Attributes:
        lut_terms: quantities that LUTs (not those used as memory) grow with; the first is 1.
        ff_terms: quantities that flip-flops grow with; the first is 1.
        dsp: DSP slices.
        memory: its memories.
    """

    lut_terms: tuple[float, ...]
    ff_terms: tuple[float, ...]
    dsp: int = 0
    memory: MemoryArea = MemoryArea()


def together(*areas: MemoryArea) -> MemoryArea:
    """Sum of memories."""
    return MemoryArea(*map(sum, zip(*areas, strict=True)))
