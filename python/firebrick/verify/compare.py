# SPDX-License-Identifier: Apache-2.0
"""Counting differing values, layer by layer, tolerance zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firebrick.errors import CheckFailed
from firebrick.hardware.tensor import IntArray


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """Differing values of one layer.

    Attributes:
        layer: name.
        values: values compared.
        differing: how many are not equal.
    """

    layer: str
    values: int
    differing: int


def compare(
    reference: Mapping[str, IntArray], tensors: Mapping[str, IntArray]
) -> tuple[LayerDifference, ...]:
    """Compare every layer of the reference; a layer missing or of another shape cannot be equal.

    Raises:
        CheckFailed: when a layer is missing or has another shape.
    """
    result = []
    for layer, expected in reference.items():
        actual = tensors.get(layer)
        if actual is None or actual.shape != expected.shape:
            shape = None if actual is None else actual.shape
            raise CheckFailed(f"layer {layer!r}: shape={shape} is not {expected.shape}")
        differing = int(np.count_nonzero(expected != actual))
        result.append(LayerDifference(layer, expected.size, differing))
    return tuple(result)
