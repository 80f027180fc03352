# SPDX-License-Identifier: Apache-2.0
"""Codes of weights: dense, or those that are not 0 with a mask or gaps, whatever is smallest.

Leading filters that use nothing but their centre tap (the expand1x1 in a Fire module) are a part of
their own, of which only these taps are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.fbz import streams
from firebrick.fbz.rans import Symbols

DENSE, MASK, GAPS = "dense", "mask", "gaps"
STREAMS = {DENSE: ("codes",), MASK: ("mask", "codes"), GAPS: ("gaps", "codes")}
"""Streams of each encoding, in their order in the file."""
WIDTHS = range(2, 9)
"""Bits of a gap that are tried."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Part:
    """Codes of some filters, encoded.

    Attributes:
        encoding: one of `STREAMS`.
        numbers: of its streams.
    """

    encoding: str
    numbers: tuple[Symbols, ...]


def pointwise(codes: Codes) -> int:
    """Number of leading filters that use nothing but their centre tap; 0 where there is no other.

    Args:
        codes: uint8 (O, I, K, K).
    """
    centre = codes.shape[2] // 2
    outer = codes != 0
    outer[:, :, centre, centre] = False
    used = outer.any((1, 2, 3))
    return int(used.argmax()) if used.any() else len(used) * (codes.shape[2] > 1)


def parts(codes: Codes, leading: int) -> tuple[Symbols, Symbols]:
    """Centre taps of the leading filters, all taps of the others, each flat."""
    centre = codes.shape[2] // 2
    return codes[:leading, :, centre, centre].reshape(-1), codes[leading:].reshape(-1)


def sizes(shape: Sequence[int], leading: int) -> tuple[int, int]:
    """Codes of both parts."""
    outputs, channels, kernel, _ = shape
    return leading * channels, (outputs - leading) * channels * kernel**2


def join(first: Symbols, second: Symbols, shape: Sequence[int]) -> Codes:
    """Codes (O, I, K, K) of both parts."""
    outputs, channels, kernel, _ = shape
    leading = len(first) // channels
    codes = np.zeros((outputs, channels, kernel, kernel), np.uint8)
    codes[:leading, :, kernel // 2, kernel // 2] = first.reshape(leading, channels)
    codes[leading:] = second.reshape(codes[leading:].shape)
    return codes


def encode(codes: Symbols) -> Part:
    """The smallest of all encodings.

    Args:
        codes: uint8 (N,).
    """
    return min(_tried(codes), key=lambda x: sum(map(streams.estimate, x.numbers)))


def _tried(codes: Symbols) -> Iterator[Part]:
    yield Part(DENSE, (codes,))
    used = codes != 0
    yield Part(MASK, (used.astype(np.uint8), codes[used]))
    steps = np.diff(np.flatnonzero(used), prepend=-1) - 1
    for bits in WIDTHS:
        fillers = steps >> bits  # entries of the longest gap and code 0
        ends = np.cumsum(fillers + 1) - 1
        count = int(ends[-1]) + 1 if len(ends) else 0
        if count > len(codes):
            continue
        gaps, values = np.full(count, (1 << bits) - 1), np.zeros(count, np.uint8)
        gaps[ends], values[ends] = steps & ((1 << bits) - 1), codes[used]
        yield Part(GAPS, (gaps.astype(np.uint8), values))


def check_counts(encoding: str, counts: Sequence[int], size: int) -> None:
    """Refuse streams of a part that cannot hold its codes.

    Args:
        encoding: of the part.
        counts: numbers of each stream.
        size: codes of the part.

    Raises:
        FirebrickError: naming count and rule.
    """
    if encoding != GAPS and counts[0] != size:
        raise FirebrickError(f"count={counts[0]} is not {size}, the number of codes")
    if encoding == GAPS and counts[0] != counts[1]:
        raise FirebrickError(f"gaps={counts[0]} are not as many as codes={counts[1]}")


def decode(part: Part, size: int) -> Symbols:
    """Codes of a part, uint8 (size,).

    Raises:
        FirebrickError: naming what is wrong.
    """
    if part.encoding == DENSE:
        return part.numbers[0]
    codes = np.zeros(size, np.uint8)
    first, values = part.numbers
    if part.encoding == MASK:
        used = first != 0
        if int(used.sum()) != len(values) or first.max(initial=0) > 1:
            raise FirebrickError(f"mask: is not of {len(values)} ones, the number of codes")
        codes[used] = values
        return codes
    # 32 bits hold the sum of all gaps of the largest part: 2**24 of up to 255, and as many entries
    positions = np.cumsum(first, dtype=np.uint32)
    positions += np.arange(len(first), dtype=np.uint32)
    if len(positions) and positions[-1] >= size:
        raise FirebrickError(f"gaps: position={positions[-1]} is beyond the {size} codes")
    codes[positions] = values
    return codes
