# SPDX-License-Identifier: Apache-2.0
"""The values that weight codes stand for.

Sharing few values among many weights: Han et al., "Deep Compression", arXiv 1510.00149. Here
k-means runs on weights divided by their output's scale, each weighted by the output error that
moving it causes (the diagonal of the Hessian), and its centres are rounded to integers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.tensor import IntArray

Vector = NDArray[np.float64]

ITERATIONS = 60
"""Of k-means; it has long settled by then."""
STRETCHES = np.linspace(0.7, 1.0, 31)
"""Scales tried for the rounding of centres to integers."""


def linear_values(weight_bits: int) -> IntArray:
    """All integers of `weight_bits` in two's complement order: code 0 is 0, the last is -1."""
    half = 1 << (weight_bits - 1)
    return np.concatenate([np.arange(half), np.arange(-half, 0)]).astype(np.int64)


def largest_value(bits: int) -> int:
    """Largest magnitude that both signs of a two's complement number reach."""
    return (1 << (bits - 1)) - 1


def cluster_values(
    points: Vector, importance: Vector, count: int, value_bits: int
) -> tuple[IntArray, float]:
    """Integer codebook for weighted points.

    Args:
        points: weights over their output's largest magnitude, in [-1, 1].
        importance: weight of each point's squared error, not negative.
        count: values besides zero.
        value_bits: bits of a value.

    Returns:
        The codebook (entry 0 is 0, then ascending) and the number of integer steps that 1.0 is.
    """
    top = largest_value(value_bits)
    order = np.argsort(points)
    points, importance = points[order], importance[order]
    moments = _Moments(points, importance)
    centres = _kmeans(moments, count)
    best, best_error, steps = np.array([0]), np.inf, float(top)
    for stretch in STRETCHES:
        values = np.unique(np.clip(np.rint(centres * stretch * top), -top, top))
        with_zero = np.union1d(values, [0.0])
        error = moments.error(with_zero / (stretch * top))
        if error < best_error:
            best, best_error, steps = with_zero.astype(np.int64), error, float(stretch * top)
    return np.concatenate([[0], best[best != 0]]).astype(np.int64), steps


def nearest(values: Vector, points: Vector) -> NDArray[np.int64]:
    """Index of the nearest of ascending `values` for each point; a tie takes the lower."""
    return np.searchsorted((values[1:] + values[:-1]) / 2, points)


class _Moments:
    """Prefix sums of weight, weight*x and weight*x**2 over sorted points."""

    def __init__(self, points: Vector, importance: Vector) -> None:
        self.points, self.importance = points, importance
        moments = importance * np.stack([np.ones_like(points), points, points**2])
        self._sums = np.concatenate([np.zeros((3, 1)), np.cumsum(moments, axis=1)], axis=1)

    def cells(self, centres: Vector) -> NDArray[np.float64]:
        """Sums (3, k) over the points nearest to each of the ascending centres."""
        cuts = np.searchsorted(self.points, (centres[1:] + centres[:-1]) / 2)
        edges = np.concatenate([[0], cuts, [len(self.points)]])
        return np.diff(self._sums[:, edges], axis=1)

    def error(self, centres: Vector) -> float:
        """Weighted squared distance of all points to their nearest centre."""
        weight, first, second = self.cells(centres)
        return float((second - 2 * centres * first + centres**2 * weight).sum())


def _kmeans(moments: _Moments, count: int) -> Vector:
    """Lloyd's algorithm in one dimension, from the density that is best for many centres.

    With many centres the least squared error has them as dense as (importance density)**(1/3)
    (Panter and Dite, 1951).
    """
    if len(np.unique(moments.points)) <= count:
        return np.unique(moments.points)
    density, edges = np.histogram(moments.points, 1024, weights=moments.importance)
    mass = np.concatenate([[0], np.cumsum(np.cbrt(density))])
    centres = np.interp((np.arange(count) + 0.5) / count * mass[-1], mass, edges)
    for _ in range(ITERATIONS):
        weight, first, _second = moments.cells(centres)
        used = weight > 0
        moved = np.where(used, first / np.where(used, weight, 1), centres)
        moved.sort()
        if np.array_equal(moved, centres):
            break
        centres = moved
    return np.unique(centres)
