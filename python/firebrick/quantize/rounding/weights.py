# SPDX-License-Identifier: Apache-2.0
"""Float weights to codes: the whole recipe for one convolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.tensor import IntArray
from firebrick.quantize.options import QuantizeOptions, Scheme
from firebrick.quantize.rounding import gptq
from firebrick.quantize.rounding.codebook import (
    cluster_values,
    largest_value,
    linear_values,
    nearest,
)
from firebrick.quantize.rounding.hessian import Matrix, Statistics

SWEEPS = 2
"""Of coordinate descent."""
SHRINKS = np.linspace(0.6, 1.1, 26)
"""Weight scales tried per output, as part of the one whose top value is the largest weight."""
FINEST = 1 / 256
"""Smallest weight scale over the layer's largest: below, the multiplier would have few digits."""
DEAD = 1 / 16
"""That of an output without weights, of which only bias and multiplier are left: both keep at least
as many digits as an output of 8 bits shows."""


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedWeights:
    """Weights of a convolution as codes.

    Attributes:
        codes: uint8 (O, n).
        codebook: integers, entry 0 is 0.
        scale: (O,), real value of one integer step.
    """

    codes: NDArray[np.uint8]
    codebook: IntArray
    scale: Matrix

    @property
    def real(self) -> Matrix:
        """Real values (O, n)."""
        return np.asarray(self.codebook[self.codes] * self.scale[:, None], np.float64)


def quantize_weights(
    weights: Matrix,
    statistics: Statistics,
    options: QuantizeOptions,
    floor: Matrix,
) -> QuantizedWeights:
    """Choose codebook, scales and codes.

    Args:
        weights: (O, n); exact zeros are pruned and stay zero.
        statistics: of the layer's inputs.
        options: bits and scheme; `compensate` chooses between plain rounding and GPTQ.
        floor: (O,), smallest weight scale allowed, that of a bias which fills its bits.
    """
    mask = weights != 0
    if options.compensate:
        goal = gptq.target(weights, mask, statistics)
        power = statistics.hessian.diagonal()
        power = power if power.any() else np.ones_like(power)  # inputs that never change
        importance = np.broadcast_to(power, weights.shape)
    else:
        goal = weights
        importance = np.ones_like(weights)
    peak = np.abs(goal).max(1)
    if peak.max() == 0:
        return _without_weights(mask, options, floor)
    peak = np.where(mask.any(1), np.maximum(peak, peak.max() * FINEST), peak.max() * DEAD)
    if options.scheme is Scheme.LINEAR:
        codebook = linear_values(options.weight_bits)
        steps = float(largest_value(options.weight_bits))
    else:
        points = (goal / peak[:, None])[mask]
        weight = (importance * peak[:, None] ** 2)[mask]
        count = (1 << options.weight_bits) - 1
        codebook, steps = cluster_values(points, weight, count, options.value_bits)
    scale = np.maximum(peak / steps, floor)
    ascending = np.sort(codebook).astype(np.float64)
    if not options.compensate:
        real = _round(goal, ascending, scale)
        return QuantizedWeights(_codes(real, scale, mask, codebook), codebook, scale)
    scale = np.maximum(_search_scale(goal, importance, ascending, scale), floor)
    aim = gptq.Target(goal, mask, statistics.hessian, ascending)
    real = gptq.round_weights(aim, scale)
    for _ in range(SWEEPS):
        better = np.maximum(gptq.best_scale(real, aim, scale), floor)
        real *= (better / scale)[:, None]
        scale = better
        real = gptq.descend(real, aim, scale)
    return QuantizedWeights(_codes(real, scale, mask, codebook), codebook, scale)


def _without_weights(mask: gptq.Mask, options: QuantizeOptions, floor: Matrix) -> QuantizedWeights:
    """Of a layer that is nothing but its bias: at one scale, where the largest fills its bits."""
    linear = options.scheme is Scheme.LINEAR
    codebook = linear_values(options.weight_bits) if linear else np.zeros(1, np.int64)
    scale = float(floor.max())
    return QuantizedWeights(
        np.zeros(mask.shape, np.uint8), codebook, np.full(len(mask), scale if scale > 0 else 1.0)
    )


def _round(goal: Matrix, values: Matrix, scale: Matrix) -> Matrix:
    return np.asarray(values[nearest(values, goal / scale[:, None])] * scale[:, None], np.float64)


def _search_scale(goal: Matrix, importance: Matrix, values: Matrix, scale: Matrix) -> Matrix:
    """Per output the scale whose rounding loses least, each weight by its importance."""
    best = scale.copy()
    least = np.full(len(scale), np.inf)
    for shrink in SHRINKS:
        tried = scale * shrink
        error = (importance * (_round(goal, values, tried) - goal) ** 2).sum(1)
        better = error < least
        best[better], least[better] = tried[better], error[better]
    return best


def _codes(real: Matrix, scale: Matrix, mask: gptq.Mask, codebook: IntArray) -> NDArray[np.uint8]:
    """Codes of rounded weights; pruned ones get code 0."""
    order = np.argsort(codebook, kind="stable")
    ascending = codebook[order].astype(np.float64)
    index = nearest(ascending, real / scale[:, None])
    return np.where(mask, order[index], 0).astype(np.uint8)
