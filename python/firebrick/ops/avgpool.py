# SPDX-License-Identifier: Apache-2.0
"""`avgpool`: global average as a sum, exact or requantized; the division lives in the scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from firebrick.hardware import memory_area
from firebrick.hardware.features import Features, together
from firebrick.hardware.memory import (
    Memory,
    MemoryKind,
    cheap_kind,
    chunk_count,
    image,
    index_bits,
    rom_bits,
    rom_images,
)
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import MAX_SHIFT, MULTIPLIER_BITS, IntArray, TensorType, requantize
from firebrick.hardware.timing import Role, RowTiming
from firebrick.ops.base import AreaPart, ChannelOrder, ChannelTable, LayerEngine, Operator, Order
from firebrick.ops.folding import Folding

REQUANTIZE_STAGES = 2
"""Cycles that requantizing takes."""
MULTIPLIER_INPUT = 25
"""Signed bits of the wider operand of a DSP slice."""


def sum_type(kind: TensorType, bias: IntArray) -> TensorType:
    """Signed type of the sums over a whole frame of `kind`: exactly as wide as they can become."""
    pixels = kind.height * kind.width
    top = max(0, int(bias.max()), pixels * kind.hi + int(bias.max()))
    bottom = min(0, int(bias.min()), pixels * kind.lo + int(bias.min()))
    bits = max(top.bit_length(), (~bottom).bit_length()) + 1
    return TensorType(kind.channels, 1, 1, bits, signed=True)


@dataclass(frozen=True, slots=True, eq=False)
class AvgPool(Operator):
    """`y[c] = clamp(((bias[c] + sum of all pixels of x[c]) * multiplier + half) >> shift)`.

    Where nobody reads it the sums leave as they are: multiplier 1, shift 0, of `sum_type`.

    Attributes:
        name: of the layer.
        input: type of the input tensor.
        output: type of the output tensor, one pixel; its range is the clamp.
        bias: int64 (C,), start of each sum (a constant ring around the tensor; zeros without one).
        multiplier: 0 to 2**MULTIPLIER_BITS - 1, one as all sums have one scale.
        shift: bits dropped.
    """

    kind: ClassVar[str] = "avgpool"
    name: str
    input: TensorType
    output: TensorType
    bias: IntArray
    multiplier: int = 1
    shift: int = 0

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        shape = (self.input.channels,)
        self.require(self.bias.shape == shape, "bias", self.bias.shape, f"is not of shape {shape}")
        given = (self.output.channels, self.output.height, self.output.width)
        self.require(given == (*shape, 1, 1), "output", given, f"is not of shape {(*shape, 1, 1)}")
        most = (1 << MULTIPLIER_BITS) - 1
        fits = 0 <= self.multiplier <= most
        self.require(fits, "multiplier", self.multiplier, f"is not in 0..{most}")
        self.require(0 <= self.shift <= MAX_SHIFT, "shift", self.shift, f"is not in 0..{MAX_SHIFT}")

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.input,)

    @property
    def sums(self) -> TensorType:
        """Type of the sums."""
        return sum_type(self.input, self.bias)

    @property
    def is_exact(self) -> bool:
        """Whether the sums leave as they are."""
        return (self.output, self.multiplier, self.shift) == (self.sums, 1, 0)

    def golden(self, *inputs: IntArray) -> IntArray:
        """Sum each channel, scale, round half up, clamp."""
        (x,) = inputs
        total = np.asarray(x.sum((2, 3), keepdims=True), np.int64)
        multiplier = np.full(len(self.bias), self.multiplier)
        return requantize(total, self.bias, multiplier, self.shift, self.output)


@dataclass(frozen=True, slots=True, eq=False)
class AvgPoolEngine(LayerEngine):
    """One instance of the module `avgpool`; channels leave in natural order.

    Attributes:
        operator: what is computed.
        columns: pixels of an input beat.
        in_order: natural channel number at each position of the input stream.
        memory: what table, sums and results are kept in; by `cheap_kind` if None.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("channels", "height", "width", "columns", "bits", "signed", "sum_bits"),
        *("out_bits", "out_signed", "multiplier", "shift", "memory_kind"),
    )
    ROLE = Role.WORK
    CHANNELS = ChannelOrder.NATURAL
    GEOMETRIES = tuple(
        {"channels": channels, "height": side, "width": side, "columns": columns, "bits": 8}
        | {"signed": 0, "sum_bits": 8 + (side * side).bit_length(), "memory_kind": kind}
        | {"out_bits": 8 + (side * side).bit_length(), "out_signed": 1, "multiplier": 1, "shift": 0}
        for channels, side, columns, kind in (
            *((1000, 14, 14, 1), (1000, 13, 2, 1), (10, 6, 2, 0), (100, 8, 4, 0), (7, 5, 5, 0)),
        )
    )
    operator: AvgPool
    columns: int
    in_order: Order
    memory: MemoryKind | None = None

    @classmethod
    def of(cls, operator: AvgPool, folding: Folding, in_order: Order) -> AvgPoolEngine:
        """The engine of a layer."""
        return cls(operator, folding.columns, in_order)

    @classmethod
    def most_columns(cls, operator: AvgPool) -> int:
        """A row arrives in one beat."""
        return operator.input.width

    @classmethod
    def suited_columns(
        cls, operator: AvgPool, given: Sequence[int], wanted: Sequence[int], cycles: float
    ) -> int:
        """Input columns: as its producer gives them."""
        del wanted, cycles
        return min(given[0], operator.input.width)

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        channels = self.operator.input.channels
        self.operator.require(self.columns >= 1, "columns", self.columns, "is less than 1")
        self.operator.require(
            self.memory is not MemoryKind.ULTRA, "memory", self.memory, "has no contents at start"
        )
        self.operator.require(
            sorted(self.in_order) == list(range(channels)),
            "in_order",
            self.in_order,
            f"is no permutation of {channels} channels",
        )

    @property
    def out_columns(self) -> int:
        """Pixels a beat of the output stream."""
        return 1

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        kind = self.operator.input
        return {
            "channels": kind.channels,
            "height": kind.height,
            "width": kind.width,
            "columns": self.columns,
            "bits": kind.bits,
            "signed": int(kind.signed),
            "sum_bits": self.operator.sums.bits,
            "out_bits": self.operator.output.bits,
            "out_signed": int(self.operator.output.signed),
            "multiplier": self.operator.multiplier,
            "shift": self.operator.shift,
            "memory_kind": int(self._kind),
        }

    def tables(self) -> tuple[ChannelTable, ...]:
        """Natural number and initial sum."""
        bias = self.operator.bias[list(self.in_order)].tolist()
        index, total = index_bits(self.operator.input.channels), self.operator.sums.bits
        number = "Natural number of each channel in the stream's order."
        start = "Sum that each channel in the stream's order begins with."
        return (
            ChannelTable("channel", self.in_order, index, False, number),
            ChannelTable("initial_sum", bias, total, True, start),
        )

    def memories(self) -> dict[str, Memory]:
        """`channels`: per position of the stream, natural channel number and initial sum."""
        channel, start = self.tables()
        mask = (1 << start.bits) - 1
        pairs = zip(channel.values, start.values, strict=True)
        words = tuple(number << start.bits | first & mask for number, first in pairs)
        return rom_images("channels", Memory(start.bits + channel.bits, words), self._kind)

    @classmethod
    def random_memories(cls, p: Mapping[str, int], rng: np.random.Generator) -> dict[str, Memory]:
        """Any number and any sum."""
        width = index_bits(p["channels"]) + p["sum_bits"]
        table = image(width, rng.integers(1 << width, size=p["channels"]).tolist())
        return rom_images("channels", table, MemoryKind(p["memory_kind"]))

    def content_bits(self) -> dict[str, int]:
        """Of the table."""
        kind = self.operator.input
        width = self.operator.sums.bits + index_bits(kind.channels)
        return {"channels": rom_bits(width, kind.channels, self._kind)}

    @property
    def _kind(self) -> MemoryKind:
        """What is cheap for the sums is for the table, which is somewhat wider."""
        if self.memory is not None:
            return self.memory
        return cheap_kind(self.operator.sums.bits, self.operator.input.channels)

    def timing(self) -> RowTiming:
        """Sums are complete with the last row and leave one a cycle, while the next frame comes.

        Rows are folded into sums: only the next frame's last row waits for the sums to leave.
        """
        kind = self.operator.input
        return RowTiming(
            needs=(kind.height,),
            frees=(kind.height,),
            cycles=(0,),
            lag=kind.channels + (2 if self.operator.is_exact else 2 + REQUANTIZE_STAGES),
            ring=2 * kind.height - 1,
            in_beats=StreamType(kind, self.columns).row_beats,
            out_beats=kind.channels,
        )

    def buffer_bits(self) -> int:
        """Unfinished sums, and the banks of finished ones."""
        kind = self.operator.input
        beats = kind.height * StreamType(kind, self.columns).segments
        return (1 + (4 if beats == 1 else 2)) * kind.channels * self.operator.sums.bits

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """Sum of a beat, unfinished sums, finished sums in two banks; what requantizes them."""
        channels, columns, bits, wide = p["channels"], p["columns"], p["bits"], p["sum_bits"]
        segments = -(-p["width"] // columns)
        banks = 4 if p["height"] * segments == 1 else 2
        kind, channel = p["memory_kind"], index_bits(channels)
        table = memory_area.rom(channel + wide, channels, kind)
        control = index_bits(segments) + index_bits(p["height"])
        blocks = kind == MemoryKind.BLOCK
        sums = memory_area.ram(wide, channels, kind, family)
        features = Features(
            (1, (columns - 1) * bits, wide, table.luts, channel, control),
            (1, wide, channel, control, 0 if blocks else channel + wide, chunk_count(channels)),
            memory=together(
                table._replace(luts=0),
                sums if channels else memory_area.MemoryArea(),
                memory_area.ram(wide, banks * channels, kind, family),
            ),
        )
        yield AreaPart("avgpool", features)
        if (p["out_bits"], p["out_signed"], p["multiplier"], p["shift"]) != (wide, 1, 1, 0):
            yield from requantize_area(p, family)


def requantize_area(p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
    """`avgpool_requantize.sv`, from its parameters: a slice rounds the product, LUTs clamp it."""
    del family
    # a power of two is a shift
    sliced = p["multiplier"] & (p["multiplier"] - 1) != 0
    features = Features(
        (1, p["out_bits"]),
        (1, p["out_bits"]),
        dsp=-(-p["sum_bits"] // MULTIPLIER_INPUT) * sliced,
    )
    yield AreaPart("avgpool_requantize", features)
