# SPDX-License-Identifier: Apache-2.0
"""`conv` with its folding: parameters, memory images and row timing of `hw/ops/conv.sv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from firebrick.ops.base import Engine, IntArray, Memory, RowTiming
from firebrick.ops.conv import BIAS_BITS, MULTIPLIER_BITS, Conv
from firebrick.ops.conv_encode import LaneCode, encode_lane, kept_weights
from firebrick.ops.conv_schedule import RELEASE, RowCycles, row_cycles

FIFO_DEPTH = 32
"""Beats of the output queue (fixed in `conv_drain.sv`): more than its pipeline holds."""


def _bits(count: int) -> int:
    """Bits of an index below `count`, at least 1."""
    return max(1, (count - 1).bit_length())


def fewest_columns(operator: Conv) -> int:
    """Fewest columns with which an input beat completes the halo of the word before it."""
    reach = operator.kernel - operator.stride - operator.pad
    return max(1, -(-reach // operator.stride))


@dataclass(frozen=True, slots=True, eq=False)
class ConvEngine(Engine):
    """One convolution engine.

    Attributes:
        operator: what it computes.
        lanes: weights taken a cycle.
        columns: neighbouring output pixels that each weight is multiplied for.
        drain: columns requantized a cycle.
        gap_bits: bits of the distance from one stored weight to the next, 0 to 7.
        slices: per lane, the (natural input channel, kernel row) pairs it owns.
        in_order: natural input channel at each position of the input stream.
        out_order: natural output channel at each position of the output stream.
        queue_depth: partial sums that a lane may be ahead of the drain.
        store_zeros: keep pruned zeros as entries, to measure what sparsity buys.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("lanes", "columns", "drain"),
        *("in_channels", "in_height", "in_width", "in_bits", "in_signed"),
        *("out_channels", "out_height", "out_width", "out_bits", "out_signed"),
        *("kernel", "stride", "pad", "code_bits", "value_bits", "gap_bits"),
        *("acc_bits", "bias_bits", "multiplier_bits", "shift", "queue_depth"),
        *("weight_depth", "length_max", "positions", "lane_channels"),
    )
    operator: Conv
    lanes: int
    columns: int
    drain: int
    gap_bits: int
    slices: tuple[tuple[tuple[int, int], ...], ...]
    in_order: tuple[int, ...]
    out_order: tuple[int, ...]
    queue_depth: int = 32
    store_zeros: bool = False

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        op, require = self.operator, self.operator.require
        pairs = [(i, k) for i in range(op.input.channels) for k in range(op.kernel)]
        require(self.lanes >= 1, "lanes", self.lanes, "is less than 1")
        require(self.lanes <= len(pairs), "lanes", self.lanes, f"exceeds {len(pairs)} input slices")
        require(self.columns >= 1, "columns", self.columns, "is less than 1")
        require(
            1 <= self.drain <= self.columns, "drain", self.drain, f"is not in 1..{self.columns}"
        )
        require(0 <= self.gap_bits <= 7, "gap_bits", self.gap_bits, "is not in 0..7")
        require(self.queue_depth >= 2, "queue_depth", self.queue_depth, "is less than 2")
        require(
            len(self.slices) == self.lanes and all(self.slices),
            "slices",
            [len(owned) for owned in self.slices],
            f"does not give each of {self.lanes} lanes a slice",
        )
        require(
            sorted(pair for owned in self.slices for pair in owned) == pairs,
            "slices",
            sum(map(len, self.slices)),
            f"are not each of the {len(pairs)} input slices once",
        )
        for field, order, channels in (
            ("in_order", self.in_order, op.input.channels),
            ("out_order", self.out_order, op.output.channels),
        ):
            require(
                sorted(order) == list(range(channels)),
                field,
                len(order),
                f"channels are not a permutation of {channels}",
            )
        reach = op.kernel - op.stride - op.pad
        require(
            reach <= self.in_columns[0],
            "columns",
            self.columns,
            f"gives beats of {self.in_columns[0]} pixels, less than kernel-stride-pad={reach}",
        )

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels an input beat: what one output segment moves on by."""
        return (self.columns * self.operator.stride,)

    @property
    def out_columns(self) -> int:
        """Pixels an output beat."""
        return self.columns

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return self.lanes * self.columns

    @property
    def segments(self) -> int:
        """Output beats of a channel's row."""
        return -(-self.operator.output.width // self.columns)

    @property
    def ring(self) -> int:
        """Input rows held: those of a window, and those that arrive meanwhile."""
        return self._reach + self.operator.stride

    @property
    def _reach(self) -> int:
        """Rows that a window reads, or with stride > kernel, rows until the next window."""
        return max(self.operator.kernel, self.operator.stride)

    @property
    def _row_words(self) -> int:
        return max(len(lane.channels) for lane in self.lane_codes) * self.segments

    @property
    def _bank_bits(self) -> int:
        return _bits(self.ring * self._row_words)

    @cached_property
    def lane_codes(self) -> tuple[LaneCode, ...]:
        """What each lane stores."""
        kept = kept_weights(self.operator, self.store_zeros)
        return tuple(
            encode_lane(self.operator, kept, owned, self.out_order, self.gap_bits)
            for owned in self.slices
        )

    def entries(self) -> IntArray:
        """Stored entries, fillers included, shape (lanes, out_channels), in stream order."""
        return np.stack([lane.lengths for lane in self.lane_codes])

    @property
    def weight_bits_stored(self) -> int:
        """Bits of entries and lengths, without the padding of shorter lanes."""
        entries = self.entries()
        word = self.operator.code_bits + self.gap_bits
        return int(entries.sum()) * word + entries.size * _bits(int(entries.max()))

    def parameters(self) -> dict[str, int]:
        """Parameters of `conv.sv`, in lower case."""
        op, entries = self.operator, self.entries()
        return {
            "lanes": self.lanes,
            "columns": self.columns,
            "drain": self.drain,
            "in_channels": op.input.channels,
            "in_height": op.input.height,
            "in_width": op.input.width,
            "in_bits": op.input.bits,
            "in_signed": int(op.input.signed),
            "out_channels": op.output.channels,
            "out_height": op.output.height,
            "out_width": op.output.width,
            "out_bits": op.output.bits,
            "out_signed": int(op.output.signed),
            "kernel": op.kernel,
            "stride": op.stride,
            "pad": op.pad,
            "code_bits": op.code_bits,
            "value_bits": op.value_bits,
            "gap_bits": self.gap_bits,
            "acc_bits": op.acc_bits,
            "bias_bits": BIAS_BITS,
            "multiplier_bits": MULTIPLIER_BITS,
            "shift": op.shift,
            "queue_depth": self.queue_depth,
            "weight_depth": int(entries.sum(axis=1).max()),
            "length_max": int(entries.max()),
            "positions": max(len(lane.positions) for lane in self.lane_codes),
            "lane_channels": max(len(lane.channels) for lane in self.lane_codes),
        }

    def memories(self) -> dict[str, Memory]:
        """Memory images: weights, lengths and positions of each lane, and what lanes share."""
        op, shape = self.operator, self.parameters()
        images = {
            "channels": self._channels(),
            "codebook": _memory(op.value_bits, op.codebook, 1 << op.code_bits),
            "requantize": self._requantize(),
        }
        length_bits = _bits(shape["length_max"])
        for number, lane in enumerate(self.lane_codes):
            images[f"weights{number}"] = _memory(
                op.code_bits + self.gap_bits,
                lane.gaps << op.code_bits | lane.codes,
                shape["weight_depth"],
            )
            images[f"lengths{number}"] = _memory(length_bits, lane.lengths - 1)
            images[f"positions{number}"] = self._positions(lane, shape["positions"])
        return images

    def _positions(self, lane: LaneCode, depth: int) -> Memory:
        """Kernel row, tap and bank word of each position."""
        tap_bits, word_bits = _bits(self.operator.kernel), self._bank_bits
        channel, row, tap = lane.positions.T
        word = np.searchsorted(lane.channels, channel) * self.segments
        return _memory(
            word_bits + 2 * tap_bits, ((row << tap_bits | tap) << word_bits) | word, depth
        )

    def _channels(self) -> Memory:
        """Per channel of the input stream, for each lane: whether it keeps it, and where."""
        width = self._bank_bits + 1
        words = [0] * len(self.in_order)
        position = {channel: p for p, channel in enumerate(self.in_order)}
        for number, lane in enumerate(self.lane_codes):
            for place, channel in enumerate(lane.channels):
                field = 1 << self._bank_bits | place * self.segments
                words[position[channel]] |= field << (number * width)
        return Memory(width * self.lanes, tuple(words))

    def _requantize(self) -> Memory:
        """Bias and multiplier of each channel of the output stream."""
        order = list(self.out_order)
        bias = self.operator.bias[order] & ((1 << BIAS_BITS) - 1)
        words = bias << MULTIPLIER_BITS | self.operator.multiplier[order]
        return _memory(BIAS_BITS + MULTIPLIER_BITS, words)

    @cached_property
    def row_cycles(self) -> RowCycles:
        """Cycles of rows where the engine waits for neither input nor output."""
        return row_cycles(
            self.entries().T,
            self.segments,
            self.queue_depth,
            groups=-(-self.columns // self.drain),
        )

    def timing(self) -> RowTiming:
        """Row timing, exact where the engine waits for neither input nor output.

        An input row counts as arrived in the cycle after its last beat. Where a row has more output
        segments than input beats, taking it needs the difference in extra cycles per channel.
        """
        op, rows = self.operator, self.row_cycles
        size, count = op.input.height, op.output.height
        tops = [y * op.stride - op.pad for y in range(count)]
        beats = -(-op.input.width // self.in_columns[0])
        tree = (self.lanes - 1).bit_length()
        return RowTiming(
            needs=(*(min(size, top + self._reach) for top in tops[:-1]), size),
            frees=(*(max(0, top) for top in tops[1:]), size),
            cycles=tuple(rows.steady[y % len(rows.steady)] for y in range(count)),
            lag=rows.last_pop + 10 + tree,
            ring=self.ring,
            in_beats=op.input.channels * max(beats, self.segments),
            out_beats=op.output.channels * self.segments,
            release=RELEASE,
        )

    def buffer_bits(self) -> int:
        """Bits of row banks, partial-sum queues and output queue."""
        op = self.operator
        word = ((self.columns - 1) * op.stride + op.kernel) * op.input.bits
        bank = self.ring * self._row_words * word
        queue = self.queue_depth * self.columns * op.acc_bits
        return self.lanes * (bank + queue) + FIFO_DEPTH * (self.columns * op.output.bits + 1)


def _memory(width: int, words: IntArray, depth: int = 0) -> Memory:
    """Make an image of two's complement words, filled up with zeros."""
    masked = [int(word) & ((1 << width) - 1) for word in words]
    return Memory(width, (*masked, *[0] * (depth - len(masked))))
