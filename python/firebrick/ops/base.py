# SPDX-License-Identifier: Apache-2.0
"""What every operator provides, in its two forms.

An `Operator` is *what is computed*: shapes, integers, `golden()`. It knows nothing of hardware.
An `Engine` is an operator whose folding is chosen: one instance of the SystemVerilog module of the
same name, with its parameters, memory images and row timing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape and integer range of the tensor between two operators.

    Attributes:
        channels: number of channels.
        height: rows of one frame.
        width: pixels of one row.
        bits: bits of one value.
        signed: two's complement if true, else unsigned (after a ReLU).
    """

    channels: int
    height: int
    width: int
    bits: int = 8
    signed: bool = False

    @property
    def lo(self) -> int:
        """Smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest value."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    @property
    def values(self) -> int:
        """Number of values in one frame."""
        return self.channels * self.height * self.width


def requantize(
    acc: IntArray, bias: IntArray, multiplier: IntArray, shift: int, output: TensorType
) -> IntArray:
    """Scale exact sums to the output type, rounding halves up.

    `y = clamp(((acc + bias[c]) * multiplier[c] + half) >> shift, lo, hi)` with
    `half = 2**(shift - 1)` (0 when shift is 0) and an arithmetic shift.

    Args:
        acc: sums, shape (N, C, H, W).
        bias: per channel, at the scale of `acc`, shape (C,).
        multiplier: per channel, not negative, shape (C,).
        shift: bits dropped, 0 or more.
        output: type whose range clamps the result.
    """
    half = (1 << shift) >> 1
    column = (slice(None), None, None)
    scaled = (acc + bias[column]) * multiplier[column] + half
    return np.asarray(np.clip(scaled >> shift, output.lo, output.hi), np.int64)


class Operator(ABC):
    """One layer of a quantized network. Tensors are int64 arrays in NCHW order."""

    kind: ClassVar[str]
    """Name of the operator in every language: module, file stem, `ops/<kind>.py`."""
    name: str
    """Name of the layer, and of its output tensor."""
    output: TensorType
    """Type of the output tensor."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""

    @abstractmethod
    def golden(self, *inputs: IntArray) -> IntArray:
        """The definition of the operator: slow, obvious, exact."""

    def require(self, rule: bool, field: str, value: object, text: str) -> None:
        """Raise unless `rule` holds, naming layer, field, value and rule.

        Raises:
            FirebrickError: with the text ``conv 'fire2_squeeze': lanes=200 exceeds 64 slices``.
        """
        if not rule:
            raise FirebrickError(f"{self.kind} {self.name!r}: {field}={value} {text}")


@dataclass(frozen=True, slots=True)
class Memory:
    """Contents of one read-only memory of a module.

    Attributes:
        width: bits of a word.
        words: contents, each in [0, 2**width); Python integers, as a word may exceed 64 bits.
    """

    width: int
    words: tuple[int, ...]

    @property
    def bits(self) -> int:
        """Size in bits."""
        return self.width * len(self.words)


class MemoryKind(IntEnum):
    """What a memory is made of; the numbers are those of the SystemVerilog parameters `*_KIND`."""

    LUT = 0
    """LUTs: a constant function, or LUT RAM."""
    BLOCK = 1
    """Block RAM."""
    ULTRA = 2
    """UltraRAM, which no bitstream initialises: read-only contents are loaded after reset."""


_BLOCK_LUTS = 300
"""LUTs that half a block RAM (18 kbit) is worth, about their ratio on the devices."""


def cheap_kind(width: int, depth: int) -> MemoryKind:
    """What a small memory is made of: LUT RAM, unless that costs more than block RAM.

    LUT RAM holds 32 words of 6 bits, or 64 of 3, in 4 LUTs, and takes half a LUT a bit and 64 words
    to choose among them; half a block RAM holds 512 words of 36 bits, down to 4096 of 4.

    Args:
        width: bits of a word.
        depth: words.
    """
    parts = -(-depth // 64)
    luts = 4 * -(-width // 6) if depth <= 32 else 4 * -(-width // 3) * parts
    luts += width * (parts - 1) // 2
    shapes = ((36, 512), (18, 1024), (9, 2048), (4, 4096))
    blocks = min(-(-width // bits) * -(-depth // words) for bits, words in shapes)
    return MemoryKind.LUT if luts <= _BLOCK_LUTS * blocks else MemoryKind.BLOCK


@dataclass(frozen=True, slots=True)
class RowTiming:
    """When an engine takes and gives rows: all that the network schedule needs to know.

    Output row y starts once `needs[y]` rows of the frame have arrived (on every input) and row
    y-1 is done; it takes `cycles[y]` cycles, after which the first `frees[y]` input rows of the
    frame are no longer held.

    Attributes:
        needs: per output row, rows of the frame that must have arrived whole.
        frees: per output row, rows of the frame released when the row is done.
        cycles: per output row, cycles from its start until the next row can start.
        lag: cycles from the end of a row's work until its last beat leaves.
        ring: input rows the engine can hold.
        in_beats: beats of one input row.
        out_beats: beats of one output row.
        release: cycles from the end of a row's work until the rows it frees make room.
    """

    needs: tuple[int, ...]
    frees: tuple[int, ...]
    cycles: tuple[int, ...]
    lag: int
    ring: int
    in_beats: int
    out_beats: int
    release: int = 0


class Engine(ABC):
    """One hardware instance: an operator with its folding.

    `parameters()` are exactly the parameters of the SystemVerilog module `operator.kind`, in lower
    case; `memories()` are its memory images by file suffix: the module reads
    ``<PREFIX>.<suffix>.mem`` (hexadecimal, one word a line).
    """

    PARAMETERS: ClassVar[tuple[str, ...]]
    """Keys of `parameters()`, in the module's order."""
    operator: Operator

    @property
    @abstractmethod
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of each input stream."""

    @property
    @abstractmethod
    def out_columns(self) -> int:
        """Pixels a beat of the output stream."""

    @abstractmethod
    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""

    @abstractmethod
    def memories(self) -> dict[str, Memory]:
        """Memory images by file suffix."""

    def load_words(self) -> tuple[int, ...]:
        """Words to be loaded into its memories after a reset, in the chain's order; mostly none."""
        return ()

    @abstractmethod
    def timing(self) -> RowTiming:
        """Row timing, exact where the engine is the bottleneck."""

    @abstractmethod
    def buffer_bits(self) -> int:
        """Bits of writable memory: row buffers, partial sums, queues."""

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights (requantization not counted)."""
        return 0
