# SPDX-License-Identifier: Apache-2.0
"""Second-order statistics of a convolution's inputs, float and quantized side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.ir.graph import ConvNode, FloatArray
from firebrick.quantize.exact import Array

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """Inputs of one convolution at the same random output positions.

    Columns are weights in (I, K, K) order.

    Attributes:
        real: float32 (P, n), what the float network sees.
        quantized: float32 (P, n), what the quantized network sees, as real values.
    """

    real: FloatArray
    quantized: FloatArray


@dataclass(slots=True, eq=False)
class Statistics:
    """Means and centred second moments of `Patches`.

    Attributes:
        float_mean: E[f], (n,).
        mean: E[q], (n,).
        hessian: E[(q - E q)^T (q - E q)], (n, n).
        cross: E[(f - E f)^T (q - E q)], (n, n); empty once it was taken.
    """

    float_mean: Matrix
    mean: Matrix
    hessian: Matrix
    cross: Matrix

    @classmethod
    def of(cls, patches: Patches) -> Statistics:
        """Moments in float64, from float32 products of centred values.

        Args:
            patches: their `real` is used up, as they are large.
        """
        float_mean = patches.real.mean(0, dtype=np.float64)
        mean = patches.quantized.mean(0, dtype=np.float64)
        f = patches.real
        f -= float_mean.astype(np.float32)
        q = patches.quantized - mean.astype(np.float32)
        count = len(q)
        return cls(
            float_mean,
            mean,
            _product(q, q, count),
            _product(f, q, count),
        )

    def take_excess(self) -> Matrix:
        """`cross - hessian`, in the place of `cross`: it is needed once, and large."""
        excess, self.cross = self.cross, np.empty((0, 0))
        excess -= self.hessian
        return excess


def _product(left: FloatArray, right: FloatArray, count: int) -> Matrix:
    product = (left.T @ right).astype(np.float64)
    product /= count
    return product


@dataclass(frozen=True, slots=True, eq=False)
class Streams:
    """One tensor as the float network and as the quantized network has it.

    Attributes:
        real: float32 (N, C, H, W); of the image, its integers.
        integer: (N, C, H, W).
        scale: real value of one integer step.
    """

    real: Array
    integer: Array
    scale: float


def gather_patches(
    inputs: Iterable[Streams],
    images: int,
    node: ConvNode,
    size: tuple[int, int],
    count: int,
    rng: np.random.Generator,
) -> Patches:
    """Inputs under the kernel at up to `count` random output positions of each image.

    Args:
        inputs: of the convolution, some images at a time.
        images: how many they are.
        node: the convolution: kernel, stride and pads.
        size: height and width of its output.
        count: positions per image, at most; drawn without repetition.
        rng: source of positions.
    """
    total = size[0] * size[1]
    rows = min(count, total)
    real = np.empty((images * rows, node.weights[0].size), np.float32)
    quantized = np.empty_like(real)
    place = 0
    for part in inputs:
        for float_image, integer_image in zip(part.real, part.integer, strict=True):
            y, x = np.divmod(rng.choice(total, rows, replace=False), size[1])
            taken = slice(place, place + rows)
            real[taken] = _windows(float_image, y, x, node)
            quantized[taken] = _windows(integer_image, y, x, node)
            quantized[taken] *= np.float32(part.scale)
            place += rows
    return Patches(real, quantized)


def _windows(image: Array, y: NDArray[np.int64], x: NDArray[np.int64], node: ConvNode) -> Array:
    """Windows (P, I*K*K) of an image (I, H, W) at output positions (y, x)."""
    top, left, bottom, right = node.pads
    padded = np.pad(image, ((0, 0), (top, bottom), (left, right)))
    kernel, width = node.weights.shape[2], padded.shape[2]
    tap_y, tap_x = np.divmod(np.arange(kernel * kernel), kernel)
    corner = y * node.stride * width + x * node.stride
    index = corner[:, None] + (tap_y * width + tap_x)[None, :]
    taken = padded.reshape(len(padded), -1)[:, index]  # (I, P, K*K)
    return np.ascontiguousarray(taken.transpose(1, 0, 2)).reshape(len(y), -1)
