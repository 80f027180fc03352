# SPDX-License-Identifier: Apache-2.0
"""The entropy coder: range asymmetric numeral systems (rANS) with static tables.

A stream is cut into chunks of 4096 symbols, each of which can be decoded alone. NumPy decodes
the next symbol of all chunks of all streams at a time. A stream, little-endian:

1. its table (`tables.to_bytes`);
2. for each chunk a uint16: number of its words;
3. for each chunk a uint32: the state that decoding begins with;
4. the words of all chunks, uint16.

Decoding a symbol from a state x: the low 12 bits of x are a slot of the table, which belongs to a
symbol with a frequency f and says the slot's place p among the symbol's; x becomes
f * (x >> 12) + p, and takes in the next word (x << 16 | word) where that is below 2**16. After the
last symbol x is 2**16 and no word is left.

Source: J. Duda, "Asymmetric numeral systems", arXiv 1311.2540; the interleaving of F. Giesen,
arXiv 1402.3392, with words that are each chunk's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.fbz.tables import PRECISION, SYMBOLS, TOTAL, frequencies, from_bytes, slots, to_bytes
from firebrick.hardware.tensor import IntArray

CHUNK = 4096
"""Symbols of a chunk; the last of a stream may have less."""
LOWEST = 1 << 16
"""Smallest state."""
CHUNK_BYTES = 6
"""Number of words, and state."""
BATCH = 512
"""Streams that are decoded together, whose tables take 8 MB."""

Symbols = NDArray[np.uint8]


def estimate(counts: IntArray) -> int:
    """Bytes of a stream by how often its symbols come, within a few bytes a chunk."""
    counts = np.trim_zeros(counts, "b")
    table = frequencies(counts)
    used = counts > 0
    bits = float((counts[used] * (PRECISION - np.log2(table[used]))).sum())
    return len(to_bytes(table)) + CHUNK_BYTES * _chunks(int(counts.sum())) + int(bits / 8)


@dataclass(frozen=True, slots=True)
class _Order:
    """Chunks of some streams side by side, the longest first.

    So those with symbols left are always the first so many.

    Attributes:
        owner: stream of each chunk.
        lengths: its symbols.
        places: of the chunks of the streams, in their order, among these.
        left: for each step, how many chunks have a symbol left.
    """

    owner: IntArray
    lengths: IntArray
    places: IntArray
    left: list[int]

    @classmethod
    def of(cls, counts: Sequence[int]) -> _Order:
        """That of streams of so many symbols."""
        chunks = np.array([_chunks(x) for x in counts])
        owner = np.repeat(np.arange(len(counts)), chunks)
        lengths = np.full(len(owner), CHUNK)
        lengths[np.cumsum(chunks) - 1] = np.array(counts) - (chunks - 1) * CHUNK
        order = np.argsort(-lengths, kind="stable")
        lengths = lengths[order]
        left = np.searchsorted(-lengths, -np.arange(lengths[0]), side="left")
        return cls(owner[order], lengths, np.argsort(order, kind="stable"), left.tolist())

    def of_stream(self, number: int) -> IntArray:
        """Places of a stream's chunks."""
        mine = self.owner[self.places] == number
        return np.asarray(self.places[mine], np.int64)


def encode(streams: Sequence[Symbols]) -> list[bytes]:
    """Some streams of one symbol or more each."""
    groups = (streams[x : x + BATCH] for x in range(0, len(streams), BATCH))
    return [data for group in groups for data in _encode(group)]


def _encode(streams: Sequence[Symbols]) -> Iterator[bytes]:
    tables = [frequencies(np.bincount(x, minlength=SYMBOLS)) for x in streams]
    order = _Order.of([len(x) for x in streams])
    steps, chunks = len(order.left), len(order.owner)
    symbols = np.zeros((chunks, steps), np.uint8)
    for number, stream in enumerate(streams):
        mine = order.of_stream(number)
        for chunk, place in enumerate(mine.tolist()):
            part = stream[chunk * CHUNK : (chunk + 1) * CHUNK]
            symbols[place, : len(part)] = part
    by_step = symbols.T.copy()
    frequency = np.concatenate(tables)
    below = np.concatenate([np.cumsum(x) - x for x in tables])
    base = order.owner * SYMBOLS
    state = np.full(chunks, LOWEST, np.int64)
    words = np.zeros((steps, chunks), np.uint16)
    given = np.zeros((steps, chunks), bool)
    for step in reversed(range(steps)):
        active = order.left[step]
        index = base[:active] + by_step[step, :active]
        x, f = state[:active], frequency[index]
        full = x >= f << (32 - PRECISION)
        words[step, :active], given[step, :active] = x & 0xFFFF, full
        x = np.where(full, x >> 16, x)
        state[:active] = (x // f << PRECISION) + x % f + below[index]
    for number, table in enumerate(tables):
        mine = order.of_stream(number)
        yield b"".join(
            (
                to_bytes(np.trim_zeros(table, "b")),
                given[:, mine].sum(0).astype("<u2").tobytes(),
                state[mine].astype("<u4").tobytes(),
                words[:, mine].T[given[:, mine].T].astype("<u2").tobytes(),
            )
        )


@dataclass(frozen=True, slots=True)
class Coded:
    """A stream to be decoded.

    Attributes:
        place: what messages call it.
        data: its bytes.
        count: of its symbols, one at least.
    """

    place: str
    data: bytes
    count: int


@dataclass(frozen=True, slots=True)
class _Words:
    """What a stream holds beside its table.

    Attributes:
        states: that its chunks begin with, uint32.
        counts: words of each.
        words: of all of them, uint16.
    """

    states: NDArray[np.uint32]
    counts: IntArray
    words: NDArray[np.uint16]


def decode(streams: Sequence[Coded]) -> list[Symbols]:
    """Symbols of some streams.

    Raises:
        FirebrickError: naming the stream and what is wrong with it.
    """
    groups = (streams[x : x + BATCH] for x in range(0, len(streams), BATCH))
    return [symbols for group in groups for symbols in _decode(group)]


def _decode(streams: Sequence[Coded]) -> Iterator[Symbols]:
    tables, parsed = zip(*map(_parse, streams), strict=True)
    order = _Order.of([x.count for x in streams])
    ends = np.cumsum(np.concatenate([x.counts for x in parsed]))
    state = np.empty(len(ends), np.uint32)
    at, end = np.empty_like(ends), np.empty_like(ends)
    state[order.places] = np.concatenate([x.states for x in parsed])
    at[order.places], end[order.places] = np.append(0, ends[:-1]), ends
    # a damaged chunk may take a word a symbol, whatever it has
    words = np.concatenate([*(x.words for x in parsed), np.zeros(CHUNK, np.uint16)])
    table, base = np.concatenate(tables), order.owner * TOTAL
    found = np.zeros((len(order.left), len(ends)), np.uint8)
    for step, active in enumerate(order.left):
        x, now = state[:active], at[:active]
        slot = table[base[:active] + (x & (TOTAL - 1))]
        found[step, :active] = slot & (SYMBOLS - 1)
        x = ((slot >> 20) + 1) * (x >> PRECISION) + ((slot >> 8) & (TOTAL - 1))
        low = x < LOWEST
        state[:active] = np.where(low, x << 16 | words[now], x)
        now += low
    wrong = (state != LOWEST) | (at != end)
    if wrong.any():
        stream = streams[order.owner[wrong].min()]
        raise FirebrickError(f"{stream.place}: is damaged: its chunks do not end where they should")
    for number, stream in enumerate(streams):
        yield found[:, order.of_stream(number)].T.reshape(-1)[: stream.count]


def _parse(stream: Coded) -> tuple[NDArray[np.uint32], _Words]:
    try:
        table, place = from_bytes(stream.data)
    except FirebrickError as error:
        raise FirebrickError(f"{stream.place}: {error}") from None
    chunks = _chunks(stream.count)
    if len(stream.data) < place + CHUNK_BYTES * chunks:
        raise FirebrickError(
            f"{stream.place}: bytes={len(stream.data)} do not hold {chunks} chunks"
        )
    counts = np.frombuffer(stream.data, "<u2", chunks, place).astype(np.int64)
    states = np.frombuffer(stream.data, "<u4", chunks, place + 2 * chunks)
    place += CHUNK_BYTES * chunks
    rest = len(stream.data) - place
    if rest != 2 * counts.sum():
        raise FirebrickError(
            f"{stream.place}: bytes={rest} of words are not {2 * counts.sum()}, those of its chunks"
        )
    words = np.frombuffer(stream.data, "<u2", offset=place)
    return slots(table), _Words(states.astype(np.uint32), counts, words.astype(np.uint16))


def _chunks(count: int) -> int:
    return -(-count // CHUNK)
