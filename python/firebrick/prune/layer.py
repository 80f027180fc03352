# SPDX-License-Identifier: Apache-2.0
"""One convolution: which weights go, and what the others become.

With centred inputs f (dense network) and q (pruned so far), H = E[q^T q], C = E[f^T q]: an output
with weights w keeps those of the largest saliency w_j^2 / [H^-1]_jj (Hassibi, Stork, Second order
derivatives for network pruning: optimal brain surgeon, NIPS 1992, equation 5), and the rest are the
real numbers that minimise E[(w f - v q)^2] on that support, held near w by a ridge.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firebrick.quantize.rounding.hessian import Matrix, Statistics

DAMPING = 0.001
"""Part of the mean of diag H added to it, so that it is well conditioned."""


def saliency(weights: Matrix, hessian: Matrix) -> Matrix:
    """What each weight (O, n) is worth; those that are zero nothing."""
    inverse = np.linalg.inv(_ridged(hessian)).diagonal()
    return np.asarray(weights**2 / inverse, np.float64)


def support(worth: Matrix, keep: int) -> NDArray[np.bool_]:
    """The `keep` weights of a layer that are worth most; one that is worth nothing never counts."""
    flat = worth.reshape(-1)
    keep = min(keep, int(np.count_nonzero(flat)))
    mask = np.zeros(flat.shape, bool)
    if keep:
        mask[np.argpartition(-flat, keep - 1)[:keep]] = True
    return mask.reshape(worth.shape)


def fitted(
    weights: Matrix, bias: Matrix, mask: NDArray[np.bool_], statistics: Statistics
) -> tuple[Matrix, Matrix]:
    """Weights (O, n) on their support, and bias (O,), that follow the dense layer's output."""
    hessian = _ridged(statistics.hessian)
    ridge = hessian[0, 0] - statistics.hessian[0, 0]
    wanted = weights @ statistics.cross + ridge * weights
    result = np.zeros_like(weights)
    for row, kept in enumerate(mask):
        places = np.flatnonzero(kept)
        if len(places):
            part = hessian[np.ix_(places, places)]
            result[row, places] = np.linalg.solve(part, wanted[row, places])
    moved = weights @ statistics.float_mean - result @ statistics.mean
    return result, bias + moved


def _ridged(hessian: Matrix) -> Matrix:
    mean = float(hessian.diagonal().mean())
    result = hessian.copy()
    result.flat[:: len(result) + 1] += DAMPING * (mean if mean > 0 else 1.0)
    return result
