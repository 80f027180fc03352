# SPDX-License-Identifier: Apache-2.0
"""Constants: codebooks, biases, multipliers, those of one kind of all layers together.

Values, or their differences, are folded to natural numbers: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...
Of each, the number of bits from its first 1 on is a stream; the bits behind that 1 follow one
another, packed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.fbz import streams
from firebrick.fbz.rans import Symbols
from firebrick.hardware.tensor import IntArray

MOST_BITS = 40
"""Of a folded number; a bias has 20, a multiplier 16."""


def encode(values: IntArray) -> tuple[bool, Symbols, bytes]:
    """Whether differences are stored, widths, and the bits behind the first.

    Args:
        values: int64 (N,), of magnitudes below 2**38.
    """
    tried = []
    for differences in (False, True):
        steps = np.diff(values, prepend=0) if differences else values
        folded = np.where(steps < 0, -2 * steps - 1, 2 * steps)
        widths = np.frexp(folded.astype(np.float64))[1].astype(np.uint8)
        size = streams.estimate(widths) + (int(_behind(widths).sum()) + 7) // 8
        tried.append((size, differences, folded, widths))
    _, differences, folded, widths = min(tried, key=lambda x: x[0])
    behind = _behind(widths)
    starts = np.cumsum(behind) - behind
    bits = np.zeros(int(behind.sum()), np.uint8)
    for place in range(int(behind.max(initial=0))):
        some = behind > place
        bits[starts[some] + place] = folded[some] >> (behind[some] - 1 - place) & 1
    return differences, widths, np.packbits(bits).tobytes()


def decode(differences: bool, widths: Symbols, data: bytes) -> IntArray:
    """Values, int64 (N,).

    Raises:
        FirebrickError: naming what is wrong.
    """
    if widths.max(initial=0) > MOST_BITS:
        raise FirebrickError(f"widths: {widths.max()} exceeds {MOST_BITS} bits")
    behind = _behind(widths)
    ends = np.cumsum(behind)
    total = int(ends[-1]) if len(ends) else 0
    if len(data) != (total + 7) // 8:
        raise FirebrickError(f"bytes={len(data)} do not hold the {total} bits that widths ask for")
    bits: NDArray[np.uint8] = np.unpackbits(np.frombuffer(data, np.uint8))
    folded = (widths > 0).astype(np.int64)
    for place in range(int(behind.max(initial=0))):
        some = behind > place
        folded[some] = folded[some] << 1 | bits[(ends - behind)[some] + place]
    values = np.where(folded & 1, -(folded + 1) >> 1, folded >> 1)
    return np.cumsum(values) if differences else values


def _behind(widths: Symbols) -> IntArray:
    """Bits behind the first 1."""
    return np.maximum(widths.astype(np.int64) - 1, 0)
