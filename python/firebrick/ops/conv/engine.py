# SPDX-License-Identifier: Apache-2.0
"""`conv` with its folding: parameters, memory images, timing and area of `hw/ops/conv.sv`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from firebrick.hardware.memory import Memory, MemoryKind
from firebrick.hardware.resources import Family
from firebrick.hardware.tensor import MULTIPLIER_BITS, IntArray
from firebrick.hardware.timing import Role, RowTiming
from firebrick.ops.base import AreaPart, ChannelOrder, LayerEngine, Order
from firebrick.ops.conv import area
from firebrick.ops.conv.encode import Deal
from firebrick.ops.conv.folding import check, fewest_columns
from firebrick.ops.conv.memories import Contents
from firebrick.ops.conv.operator import BIAS_BITS, Conv
from firebrick.ops.conv.schedule import RELEASE, RowCycles, row_cycles
from firebrick.ops.conv.shape import FIFO_DEPTH, ConvShape, folding_parameters, layer_parameters
from firebrick.ops.folding import Folding


@dataclass(frozen=True, eq=False)
class ConvEngine(LayerEngine):
    """One convolution engine.

    Attributes:
        operator: what it computes.
        folding: how.
        deal: the weights, dealt to the folding's lanes.
        in_order: natural input channel at each position of the input stream.
        out_order: natural output channel at each position of the output stream.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("lanes", "columns", "drain"),
        *("in_channels", "in_height", "in_width", "in_bits", "in_signed"),
        *("out_channels", "out_height", "out_width", "out_bits", "out_signed", "out_narrow"),
        *("kernel", "stride", "pad", "code_bits", "value_bits", "gap_bits"),
        *("acc_bits", "bias_bits", "multiplier_bits", "shift", "queue_depth", "ring"),
        *("weight_depth", "length_max", "positions", "lane_channels"),
        *("dual", "fabric", "pack", "weight_kind", "length_kind", "requantize_kind", "bank_kind"),
    )
    ROLE = Role.WORK
    CHANNELS = ChannelOrder.CHOSEN
    LOADED = True
    operator: Conv
    folding: Folding
    deal: Deal
    in_order: Order
    out_order: Order

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        op, deal = self.operator, self.deal
        check(op, self.folding)
        op.require(deal.operator is op, "deal", repr(deal.operator.name), "is another layer's")
        wanted, dealt = Deal.key(self.folding), (deal.lanes, deal.gap_bits, deal.store_zeros)
        op.require(wanted == dealt, "folding", wanted, f"is not that of the deal, {dealt}")
        for field, order, channels in (
            ("in_order", self.in_order, op.input.channels),
            ("out_order", self.out_order, op.output.channels),
        ):
            op.require(
                sorted(order) == list(range(channels)),
                field,
                len(order),
                f"channels are not a permutation of {channels}",
            )

    @classmethod
    def of(cls, operator: Conv, folding: Folding, in_order: Order) -> ConvEngine:
        """An engine whose weights are dealt anew, and that gives channels in natural order."""
        deal = Deal.of(operator, folding)
        return cls(operator, folding, deal, in_order, tuple(range(operator.output.channels)))

    @classmethod
    def most_columns(cls, operator: Conv) -> int:
        """A row leaves in one beat; a kernel about as wide as the image needs still more."""
        return max(operator.output.width, fewest_columns(operator))

    @classmethod
    def most_lanes(cls, operator: Conv) -> int:
        """As many as an output channel has weights."""
        return int(operator.codes[0].size)

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels an input beat: what one output segment moves on by."""
        return (self.folding.columns * self.operator.stride,)

    @property
    def out_columns(self) -> int:
        """Pixels an output beat."""
        return self.folding.columns

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return self.folding.multipliers

    def entries(self) -> IntArray:
        """Stored entries, fillers included, shape (lanes, out_channels), in stream order."""
        return self.deal.lengths[:, self.out_order]

    @cached_property
    def _parameters(self) -> dict[str, int]:
        lengths, positions = self.deal.lengths, self.deal.positions
        values = layer_parameters(self.operator) | folding_parameters(self.operator, self.folding)
        values |= {
            "weight_depth": int(lengths.sum(axis=1).max()),
            "length_max": int(lengths.max()),
            "positions": max(1, *map(len, positions)),
            "lane_channels": max(1, *self.deal.kept_channels),
        }
        return {name: values[name] for name in self.PARAMETERS}

    def parameters(self) -> dict[str, int]:
        """Parameters of `conv.sv`, in lower case."""
        return dict(self._parameters)

    @cached_property
    def shape(self) -> ConvShape:
        """Widths and depths inside the module."""
        return ConvShape(self._parameters)

    @cached_property
    def contents(self) -> Contents:
        """What its memories hold."""
        placement = self.folding.placement
        return Contents(
            self.deal, placement, self._parameters, self.shape, self.in_order, self.out_order
        )

    def memories(self) -> dict[str, Memory]:
        """Images: weights, lengths and positions of each lane, and what lanes share."""
        return self.contents.images()

    def load_words(self) -> tuple[int, ...]:
        """Words of the weights that are loaded after reset, where those are in UltraRAM."""
        return self.contents.load_words()

    @property
    def load_stages(self) -> int:
        """Lanes, where their weights are loaded."""
        return self.folding.lanes if self.folding.placement.weights is MemoryKind.ULTRA else 0

    @property
    def load_count(self) -> int:
        """Number of `load_words()`."""
        return self.load_stages * self.shape.weight_words

    def content_bits(self) -> dict[str, int]:
        """Bits of the read-only memories, padding included, by what they hold."""
        return self.contents.content_bits()

    def stored_bits(self) -> int:
        """Bits that block RAM and UltraRAM are to hold; what padding fills is left out."""
        op, lengths = self.operator, self.deal.lengths
        kept = sum(self.deal.kept_channels)
        bits = {
            "weights": int(lengths.sum()) * self.shape.entry_bits,
            "lengths": lengths.size * self.contents.length_bits,
            "requantize": op.output.channels * (BIAS_BITS + MULTIPLIER_BITS),
            "rows": kept * self.shape.ring * self.shape.segments * self.shape.word_bits,
        }
        kinds = {name: getattr(self.folding.placement, name) for name in bits}
        return sum(bits[name] for name, kind in kinds.items() if kind is not MemoryKind.LUT)

    @cached_property
    def row_cycles(self) -> RowCycles:
        """Cycles of rows where the engine waits for neither input nor output."""
        shape, depth = self.shape, self.folding.queue_depth
        return row_cycles(self.entries().T, shape.segments, depth, groups=shape.groups)

    def timing(self) -> RowTiming:
        """Row timing, exact where the engine waits for neither input nor output.

        An input row counts as arrived in the cycle after its last beat. Where a row has more output
        segments than input beats, taking it needs the difference in extra cycles per channel.
        """
        op, rows, segments = self.operator, self.row_cycles, self.shape.segments
        size, count = op.input.height, op.output.height
        # Rows that a window reads, or with stride > kernel, rows until the next window.
        reach = max(op.kernel, op.stride)
        tops = [y * op.stride - op.pad for y in range(count)]
        beats = -(-op.input.width // self.in_columns[0])
        tree = (self.folding.lanes - 1).bit_length()
        return RowTiming(
            needs=(*(min(size, top + reach) for top in tops[:-1]), size),
            frees=(*(max(0, top) for top in tops[1:]), size),
            cycles=tuple(rows.steady[y % len(rows.steady)] for y in range(count)),
            lag=rows.last_pop + 10 + tree,
            ring=self.shape.ring,
            in_beats=op.input.channels * max(beats, segments),
            out_beats=op.output.channels * segments,
            release=RELEASE,
        )

    @property
    def held(self) -> int:
        """Output beats that the partial sums' queues and the output queue hold."""
        return self.folding.queue_depth + FIFO_DEPTH

    def buffer_bits(self) -> int:
        """Bits of row banks, partial-sum queues and output queue."""
        op, shape, columns = self.operator, self.shape, self.folding.columns
        bank = self.folding.lanes * shape.bank_depth * shape.word_bits
        return bank + self.queue_bits() + FIFO_DEPTH * (columns * op.output.bits + 1)

    def queue_bits(self) -> int:
        """Partial sums: one queue a lane, a sum of each column in a word."""
        return self.multipliers * self.operator.acc_bits * self.folding.queue_depth

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """Lanes with their weights, and what they share."""
        return area.parts(p, family)
