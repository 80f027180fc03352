# SPDX-License-Identifier: Apache-2.0
"""Rounding weights so that the layer's output, not the weights, stays close to float.

With centred inputs f (float network) and q (quantized network), H = E[q^T q], C = E[f^T q], the
error of one output with weights w and rounded weights v is E[(w f - v q)^2]. Its minimum over real
v, held near w by a ridge, is the target t; around t the error is (v - t) H (v - t)^T. GPTQ (Frantar
et al., arXiv 2210.17323) rounds weight by weight and lets those still free make up for each error;
written with the Cholesky factor of H that is Babai's nearest plane. Coordinate descent follows.
Every step is restricted to an output's unpruned weights: pruned zeros stay zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.quantize.rounding.codebook import nearest
from firebrick.quantize.rounding.hessian import Matrix, Statistics

Mask = NDArray[np.bool_]

DAMPING = 0.01
"""Part of the mean of diag H added to it, so that it is well conditioned."""


def target(weights: Matrix, mask: Mask, statistics: Statistics) -> Matrix:
    """Real weights that give the float output on quantized inputs.

    `t = w + w (C - H) (H + lambda I)^-1` with lambda the mean of diag H, per output on its support.

    Args:
        weights: (O, n).
        mask: (O, n), true where a weight is not pruned.
        statistics: of the layer's inputs.
    """
    hessian = statistics.hessian
    ridge = _mean_diagonal(hessian)
    pull = weights @ statistics.take_excess()
    result = np.zeros_like(weights)
    for rows, columns in _supports(mask):
        block = _ridged(hessian, columns, ridge)
        cell = np.ix_(rows, columns)
        result[cell] = weights[cell] + np.linalg.solve(block, pull[cell].T).T
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What rounding aims at.

    Attributes:
        weights: target (O, n).
        mask: (O, n), true where a weight is not pruned.
        hessian: (n, n).
        values: ascending codebook, integers (k,).
    """

    weights: Matrix
    mask: Mask
    hessian: Matrix
    values: Matrix


def round_weights(target: Target, scale: Matrix) -> Matrix:
    """GPTQ: nearest plane, from the input that matters most to the one that matters least.

    Args:
        target: weights aimed at.
        scale: (O,), real value of one integer step.

    Returns:
        Rounded weights (O, n), real values.
    """
    hessian, values = target.hessian, target.values
    result = np.zeros_like(target.weights)
    diagonal = hessian.diagonal()
    damping = DAMPING * _mean_diagonal(hessian)
    for rows, support in _supports(target.mask):
        columns = support[np.argsort(diagonal[support], kind="stable")]  # the last is decided first
        lower = np.linalg.cholesky(_ridged(hessian, columns, damping))
        steps = scale[rows]
        wanted = target.weights[np.ix_(rows, columns)]
        pulled = np.zeros_like(wanted)
        for i in range(len(columns) - 1, -1, -1):
            centre = wanted[:, i] - pulled[:, i] / lower[i, i]
            rounded = values[nearest(values, centre / steps)] * steps
            result[rows, columns[i]] = rounded
            pulled += np.outer(rounded - wanted[:, i], lower[i])
    return result


def descend(rounded: Matrix, target: Target, scale: Matrix) -> Matrix:
    """One sweep of coordinate descent: each weight in turn takes the value best for the output.

    Args:
        rounded: weights (O, n), real values.
        target: weights aimed at.
        scale: (O,), real value of one integer step.

    Returns:
        Weights (O, n) of less error.
    """
    damping = DAMPING * _mean_diagonal(target.hessian)
    hessian = target.hessian.copy()
    hessian.flat[:: len(hessian) + 1] += damping
    result = rounded.copy()
    gradient = (result - target.weights) @ hessian
    for i in np.argsort(-hessian.diagonal(), kind="stable"):
        rows = np.flatnonzero(target.mask[:, i])
        steps = scale[rows]
        centre = result[rows, i] - gradient[rows, i] / hessian[i, i]
        moved = target.values[nearest(target.values, centre / steps)] * steps
        change = moved - result[rows, i]
        changed = change != 0
        gradient[rows[changed]] += np.outer(change[changed], hessian[i])
        result[rows, i] = moved
    return result


def best_scale(rounded: Matrix, target: Target, scale: Matrix) -> Matrix:
    """Per output the scale of least error for weights already rounded: (v H t) / (v H v)."""
    projected = rounded @ target.hessian
    power = (projected * rounded).sum(1)
    match = (projected * target.weights).sum(1)
    usable = (power > 0) & (match > 0)
    return np.where(usable, scale * match / np.where(usable, power, 1), scale)


def _ridged(hessian: Matrix, columns: NDArray[np.int64], ridge: float) -> Matrix:
    """Some rows and columns, with a ridge on the diagonal."""
    block = hessian[np.ix_(columns, columns)]
    block.flat[:: len(block) + 1] += ridge
    return block


def _mean_diagonal(hessian: Matrix) -> float:
    mean = float(hessian.diagonal().mean())
    return mean if mean > 0 else 1.0  # inputs that never change: any weight is as good


def _supports(mask: Mask) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Groups of outputs with the same unpruned weights: their indices and those of the weights."""
    patterns, group = np.unique(mask, axis=0, return_inverse=True)
    for index, pattern in enumerate(patterns):
        columns = np.flatnonzero(pattern)
        if len(columns):
            yield np.flatnonzero(group.reshape(-1) == index), columns
