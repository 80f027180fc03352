# SPDX-License-Identifier: Apache-2.0
"""Static tables of the entropy coder: how often each symbol of a stream comes, in 4096ths."""

from __future__ import annotations

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray

PRECISION = 12
"""Bits of the sum of a table."""
TOTAL = 1 << PRECISION
SYMBOLS = 256
"""Most symbols of a table."""
_LARGE = 128
"""Frequencies from here on take two bytes."""


def frequencies(counts: IntArray) -> IntArray:
    """The table that codes some symbols in the fewest bits, or nearly.

    Args:
        counts: of each symbol, up to 256 of them, one at least not 0.

    Returns:
        As many integers, which sum up to 4096; that of a symbol that occurs is 1 at least.
    """
    used = counts > 0
    table = np.where(used, np.maximum(counts * TOTAL // counts.sum(), 1), 0)
    while table.sum() != TOTAL:
        step = 1 if table.sum() < TOTAL else -1
        free = used & (table + step > 0)
        # bits lost, the negative of those won
        loss = np.full(len(table), np.inf)
        loss[free] = -counts[free] * np.log2((table[free] + step) / table[free])
        table[loss.argmin()] += step
    return table


def to_bytes(table: IntArray) -> bytes:
    """Number of symbols less one; then each frequency, low seven bits first where it is large."""
    data = [len(table) - 1]
    for value in table.tolist():
        data += [value] if value < _LARGE else [value % _LARGE + _LARGE, value // _LARGE]
    return bytes(data)


def from_bytes(data: bytes) -> tuple[IntArray, int]:
    """A table that stands at the beginning of some bytes, and its length in bytes.

    Raises:
        FirebrickError: saying what is wrong with it.
    """
    count = data[0] + 1 if data else 0
    table, place = [], 1
    for symbol in range(count):
        value = data[place] if place < len(data) else 0
        place += 1
        if value >= _LARGE:
            value += (data[place] - 1) * _LARGE if place < len(data) else 0
            place += 1
        if place > len(data):
            raise FirebrickError(f"table: bytes={len(data)} end before symbol {symbol}")
        table.append(value)
    if sum(table) != TOTAL:
        raise FirebrickError(f"table: sum={sum(table)} is not {TOTAL}")
    return np.array(table, np.int64), place


def slots(table: IntArray) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """What the decoder looks up, uint32 (4096,): 12 bits frequency - 1, 12 bits place, symbol."""
    symbols = np.repeat(np.arange(len(table)), table)
    place = np.arange(TOTAL) - (np.cumsum(table) - table)[symbols]
    return ((table[symbols] - 1) << 20 | place << 8 | symbols).astype(np.uint32)
