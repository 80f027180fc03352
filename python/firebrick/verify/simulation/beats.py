# SPDX-License-Identifier: Apache-2.0
"""Beats as text: one hexadecimal line a beat, what the simulation's sources and monitors use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray

_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_CHUNK = 1 << 24
"""Bits converted at a time."""


def valid_pixels(stream: StreamType, beats: int) -> NDArray[np.bool_]:
    """Which pixels of consecutive beats, (beats, columns), carry values; the others are padding."""
    column = np.arange(stream.segments * stream.columns).reshape(-1, stream.columns)
    row = column < stream.tensor.width
    return np.tile(row, (-(-beats // stream.segments), 1))[:beats]


def write_beats(path: Path, beats: IntArray, bits: int) -> None:
    """Write beats (count, columns) of values that take `bits` bits each, column 0 lowest."""
    count, columns = beats.shape
    digits = -(-columns * bits // 4)
    place = np.arange(bits)
    step = max(1, _CHUNK // (columns * bits))
    with path.open("wb") as file:
        for start in range(0, count, step):
            part = beats[start : start + step]
            plane = ((part[:, :, None] >> place) & 1).reshape(len(part), -1).astype(np.uint8)
            plane = np.pad(plane, ((0, 0), (0, digits * 4 - columns * bits)))
            nibbles = plane.reshape(len(part), digits, 4) @ np.array([1, 2, 4, 8], np.uint8)
            lines = np.full((len(part), digits + 1), ord("\n"), np.uint8)
            lines[:, :digits] = _DIGITS[nibbles[:, ::-1]]
            file.write(lines.tobytes())


def read_beats(path: Path, columns: int, bits: int, *, signed: bool) -> IntArray:
    """Read what `write_beats` or a monitor wrote: int64 (count, columns)."""
    digits = -(-columns * bits // 4)
    text = np.frombuffer(path.read_bytes(), np.uint8)
    # A run that was cut off may end in half a line.
    text = text[: len(text) // (digits + 1) * (digits + 1)].reshape(-1, digits + 1)
    values = np.empty((len(text), columns), np.int64)
    weight = np.int64(1) << np.arange(bits, dtype=np.int64)
    step = max(1, _CHUNK // (columns * bits))
    for start in range(0, len(text), step):
        chars = text[start : start + step, :digits]
        nibbles = np.where(chars > ord("9"), chars - ord("a") + 10, chars - ord("0"))[:, ::-1]
        plane = ((nibbles[:, :, None] >> np.arange(4)) & 1).reshape(len(chars), -1)
        pixels = plane[:, : columns * bits].reshape(len(chars), columns, bits)
        values[start : start + step] = pixels.astype(np.int64) @ weight
    if signed:
        values -= (values >> (bits - 1)) << bits
    return values
