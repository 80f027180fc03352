# SPDX-License-Identifier: Apache-2.0
"""What the requantizations of some cases meet: sums exactly between two outputs, both clamps."""

from __future__ import annotations

from collections import Counter

import numpy as np

from firebrick.hardware.tensor import IntArray, TensorType

KINDS = ("tie_above_0", "tie_below_0", "hi", "beyond_hi", "lo", "beyond_lo")
"""Kinds of sums without which a wrong rounding or clamp is not seen."""


def wanted(signed: bool) -> tuple[str, ...]:
    """Those that an output can meet: below 0, an unsigned one is clamped, tie or not."""
    return KINDS if signed else tuple(name for name in KINDS if name != "tie_below_0")


def met(scaled: IntArray, shift: int, output: TensorType) -> Counter[str]:
    """How often each of `KINDS` occurs.

    Args:
        scaled: sums times multipliers, of any shape, before half is added.
        shift: bits that are dropped.
        output: type that clamps. A tie counts where rounding it up or down makes a difference.
    """
    half = (1 << shift) >> 1
    rounded = (scaled + half) >> shift
    up, down = (np.clip(x, output.lo, output.hi) for x in (rounded, rounded - 1))
    tie = (scaled & (2 * half - 1) == half) & (up != down) if shift else np.zeros_like(scaled, bool)
    found = (
        tie & (scaled > 0),
        tie & (scaled < 0),
        rounded == output.hi,
        rounded == output.hi + 1,
        rounded == output.lo,
        rounded == output.lo - 1,
    )
    return Counter({name: int(x.sum()) for name, x in zip(KINDS, found, strict=True)})
