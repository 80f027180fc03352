# SPDX-License-Identifier: Apache-2.0
"""Scales: of activations, and their integer form in the requantization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.tensor import MAX_SHIFT, MULTIPLIER_BITS, IntArray
from firebrick.ops.conv.operator import BIAS_BITS

Vector = NDArray[np.float64]

ScaleChoice = Callable[[NDArray[np.floating], int, int, float], float]
"""From a sample of values, smallest and largest integer, and smallest scale allowed."""

LARGEST_BIAS = (1 << (BIAS_BITS - 1)) - 1
LARGEST_MULTIPLIER = (1 << MULTIPLIER_BITS) - 1
BINS = 32768
"""Resolution of the histogram that errors are summed over: 1/128 of the finest step or better."""
CANDIDATES = np.geomspace(0.2, 1.0, 97)
"""Clipping points tried, as part of the largest magnitude."""

HEADROOM = 2
"""How much larger than those of the calibration logits may be."""


def activation_scale(values: NDArray[np.floating], lo: int, hi: int, floor: float) -> float:
    """Scale of least sum of |error|**3 when `values` are rounded to lo..hi.

    The cube lets rare large values, which later layers react to most, weigh more than the square
    does; the largest value alone still does not decide.

    Args:
        values: sample of the tensor's real values, any shape.
        lo: smallest integer.
        hi: largest integer.
        floor: smallest scale allowed, that of a tensor which is always zero.
    """
    flat = np.asarray(values).reshape(-1)
    if lo == 0:
        flat = flat[flat > 0]
    peak = float(max(-flat.min() / max(-lo, 1), flat.max() / hi)) if flat.size else 0.0
    if peak <= floor:
        return floor
    # in float64, where even two neighbouring float32 values are bins apart; with zero, so that a
    # tensor of one value has its bins from there
    span = np.array([min(flat.min(), 0), max(flat.max(), 0)], np.float64)
    counts, edges = np.histogram(flat, BINS, range=(span[0], span[1]))
    centres = (edges[1:] + edges[:-1]) / 2
    used = counts > 0
    counts, centres = counts[used], centres[used]
    best, best_error = peak, np.inf
    for candidate in peak * CANDIDATES:
        rounded = np.clip(np.floor(centres / candidate + 0.5), lo, hi) * candidate
        distance = np.abs(rounded - centres)
        error = float((distance * distance * distance * counts).sum())
        if error < best_error:
            best, best_error = float(candidate), error
    return max(best, floor)


def logit_scale(values: NDArray[np.floating], lo: int, hi: int, floor: float) -> float:
    """Scale of values that have bits to spare: none is clamped, nor one `HEADROOM` times as large.

    Arguments as those of `activation_scale`.
    """
    flat = np.asarray(values).reshape(-1)
    peak = max(float(-flat.min()) / max(-lo, 1) if lo else 0.0, float(flat.max()) / hi)
    return max(HEADROOM * peak, floor)


def multipliers(ratios: Vector) -> tuple[IntArray, int]:
    """Integers and shift with `multiplier / 2**shift` nearest to each ratio.

    Args:
        ratios: (input scale * weight scale / output scale) per output, positive.
    """
    largest = float(ratios.max())
    shift = int(np.floor(np.log2(LARGEST_MULTIPLIER / largest))) if largest > 0 else 0
    shift = min(max(shift, 0), MAX_SHIFT)
    if np.rint(largest * 2.0**shift) > LARGEST_MULTIPLIER and shift > 0:
        shift -= 1  # rounding passed the top
    return np.rint(ratios * 2.0**shift).astype(np.int64), shift


def scale_floor(bias: Vector, input_scale: float) -> Vector:
    """Smallest weight scale per output whose bias, in accumulator steps, fits its bits.

    An eighth is left for the bias correction that follows.
    """
    return np.abs(bias) / (input_scale * LARGEST_BIAS * 0.875)
