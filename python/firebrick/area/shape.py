# SPDX-License-Identifier: Apache-2.0
"""Widths and depths inside `conv.sv`, from its parameters: mirrors of its local parameters."""

from __future__ import annotations

from collections.abc import Mapping

from firebrick.ops.base import MemoryKind
from firebrick.ops.memory import CHUNKS, index_bits


def chunk_count(depth: int, kind: MemoryKind = MemoryKind.BLOCK) -> int:
    """Chunks that `rom.sv` cuts a memory into, see `ops.memory.chunks`."""
    smallest = CHUNKS[-1]
    if kind is MemoryKind.LUT:
        return -(-depth // smallest)
    rounded = -(-depth // smallest) * smallest
    return rounded // CHUNKS[0] + (rounded % CHUNKS[0]).bit_count()


class ConvShape:
    """What the submodules of a convolution engine are made with.

    Attributes are those of the modules, in lower case.
    """

    __slots__ = (
        "bank_bits",
        "bank_depth",
        "entry_bits",
        "groups",
        "place_bits",
        "ring",
        "row_words",
        "segments",
        "tap_bits",
        "weight_words",
        "word_bits",
    )

    def __init__(self, conv: Mapping[str, int]) -> None:
        kernel, stride, columns = conv["kernel"], conv["stride"], conv["columns"]
        self.segments = -(-conv["out_width"] // columns)
        self.ring = conv["ring"]
        self.row_words = conv["lane_channels"] * self.segments
        self.bank_depth = self.ring * self.row_words
        self.bank_bits = (self.bank_depth - 1).bit_length()
        self.word_bits = ((columns - 1) * stride + kernel) * conv["in_bits"]
        self.entry_bits = conv["gap_bits"] + conv["code_bits"]
        self.tap_bits = index_bits(kernel)
        self.place_bits = self.bank_bits + 2 * self.tap_bits
        self.weight_words = -(-conv["weight_depth"] // conv["pack"])
        self.groups = -(-columns // conv["drain"])
