# SPDX-License-Identifier: Apache-2.0
"""Streams of small numbers: packed at their width, or entropy-coded, whichever is smaller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError, shown
from firebrick.fbz import rans
from firebrick.fbz.rans import Symbols
from firebrick.fbz.tables import SYMBOLS

PLAIN, RANS = "plain", "rans"
BLOCK = 1 << 18
"""Numbers that are unpacked at a time."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What the file says of a stream.

    Attributes:
        coder: ``plain``, packed, or ``rans``.
        count: of its numbers.
        bits: of a packed number, 0 to 8; of ``rans`` 0.
        size: bytes.
    """

    coder: str
    count: int
    bits: int
    size: int

    @property
    def fields(self) -> list[str | int]:
        """As the file's head has it: coder, count, and of a packed one bits, else bytes."""
        return [self.coder, self.count, self.bits if self.coder == PLAIN else self.size]


def read_stream(value: object, most: int, place: str) -> Stream:
    """Check what a head says of a stream.

    Args:
        value: as parsed.
        most: numbers that it may have.
        place: what messages call it.

    Raises:
        FirebrickError: naming the place, field, value and rule.
    """
    if not isinstance(value, list) or len(value) != 3:
        raise FirebrickError(f"{place}: is not a list of coder, count, and bits or bytes")
    coder, count, size = value
    if coder not in (PLAIN, RANS):
        raise FirebrickError(f"{place}: coder={shown(coder)} is neither {PLAIN} nor {RANS}")
    least = int(coder == RANS)
    for field, x, low, high in (
        ("count", count, least, most),
        ("bits", size, 0, 8) if coder == PLAIN else ("bytes", size, 1, 1 << 30),
    ):
        if not isinstance(x, int) or isinstance(x, bool) or not low <= x <= high:
            raise FirebrickError(f"{place}: {field}={shown(x)} is not in {low}..{high}")
    if coder == PLAIN:
        return Stream(PLAIN, count, size, -(-count * size // 8))
    return Stream(RANS, count, 0, size)


def estimate(symbols: Symbols) -> int:
    """Bytes that numbers will take, or nearly."""
    if not len(symbols):
        return 0
    counts = np.bincount(symbols, minlength=SYMBOLS)
    return min(_plain_size(symbols), rans.estimate(counts))


def encode(numbers: Sequence[Symbols]) -> list[tuple[Stream, bytes]]:
    """The smaller form of the numbers of each of some streams.

    Args:
        numbers: uint8 (N,) each.
    """
    # an estimate may be a little too small, which costs as much
    smaller = [_plain_size(x) > 0 and estimate(x) < _plain_size(x) for x in numbers]
    coded = iter(rans.encode([x for x, y in zip(numbers, smaller, strict=True) if y]))
    return [
        _coded(x, next(coded)) if y else _plain(x) for x, y in zip(numbers, smaller, strict=True)
    ]


def _coded(symbols: Symbols, data: bytes) -> tuple[Stream, bytes]:
    return Stream(RANS, len(symbols), 0, len(data)), data


def _plain(symbols: Symbols) -> tuple[Stream, bytes]:
    bits = _width(symbols)
    shifts = np.arange(bits - 1, -1, -1, dtype=np.uint8)
    packed = np.packbits(symbols[:, None] >> shifts & 1)
    return Stream(PLAIN, len(symbols), bits, len(packed)), packed.tobytes()


def decode(streams: Sequence[tuple[str, Stream, bytes]]) -> list[Symbols]:
    """Numbers of some streams, uint8.

    Args:
        streams: what messages call each, what the head says of it, and its bytes, as many as
            that says.

    Raises:
        FirebrickError: naming the stream and what is wrong with it.
    """
    coded = [rans.Coded(where, x, y.count) for where, y, x in streams if y.coder == RANS]
    from_rans = iter(rans.decode(coded))
    return [next(from_rans) if y.coder == RANS else _unpack(y, x) for _, y, x in streams]


def _unpack(stream: Stream, data: bytes) -> Symbols:
    blocks = list(_blocks(stream, data))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.uint8)


def _blocks(stream: Stream, data: bytes) -> Iterator[Symbols]:
    for start in range(0, stream.count, BLOCK):
        count = min(BLOCK, stream.count - start)
        first, size = start * stream.bits // 8, -(-count * stream.bits // 8)
        raw: NDArray[np.uint8] = np.frombuffer(data, np.uint8, size, first)
        bits = np.zeros((count, 8), np.uint8)
        bits[:, 8 - stream.bits :] = np.unpackbits(raw, count=count * stream.bits).reshape(
            count, -1
        )
        yield np.packbits(bits)


def _width(symbols: Symbols) -> int:
    return int(symbols.max(initial=0)).bit_length()


def _plain_size(symbols: Symbols) -> int:
    return -(-len(symbols) * _width(symbols) // 8)
