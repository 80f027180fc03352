# SPDX-License-Identifier: Apache-2.0
"""`conv` with its folding: parameters, memory images and row timing of `hw/ops/conv.sv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from firebrick.hardware.memory import Memory, index_bits
from firebrick.hardware.tensor import IntArray
from firebrick.hardware.timing import RowTiming
from firebrick.ops.base import Engine
from firebrick.ops.conv import memories as conv_memories
from firebrick.ops.conv.encode import LaneCode, encode_lane, kept_weights
from firebrick.ops.conv.folding import Placement, check, entries_per_word, may_share_slices
from firebrick.ops.conv.operator import BIAS_BITS, MULTIPLIER_BITS, Conv
from firebrick.ops.conv.schedule import RELEASE, RowCycles, row_cycles
from firebrick.ops.conv.shape import ring, shape_parameters

FIFO_DEPTH = 32
"""Beats of the output queue (fixed in `conv_drain.sv`): more than its pipeline holds."""


@dataclass(frozen=True, slots=True, eq=False)
class ConvEngine(Engine):
    """One convolution engine.

    Attributes:
        operator: what it computes.
        lanes: weights taken a cycle.
        columns: neighbouring output pixels that each weight is multiplied for.
        drain: columns requantized a cycle.
        gap_bits: bits of the distance from one stored weight to the next, 0 to 7.
        owner: (O, I, kernel, kernel): the lane that takes each weight, natural channels.
        in_order: natural input channel at each position of the input stream.
        out_order: natural output channel at each position of the output stream.
        queue_depth: partial sums that a lane may be ahead of the drain.
        store_zeros: keep pruned zeros as entries, to measure what sparsity buys.
        dual: two neighbouring columns share a DSP slice (unsigned pixels, 16-bit products).
        fabric: so many of the columns are multiplied in LUTs.
        placement: what the memories are made of.
        tight: hold only the rows of a window, so that input and work take turns.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("lanes", "columns", "drain"),
        *("in_channels", "in_height", "in_width", "in_bits", "in_signed"),
        *("out_channels", "out_height", "out_width", "out_bits", "out_signed"),
        *("kernel", "stride", "pad", "code_bits", "value_bits", "gap_bits"),
        *("acc_bits", "bias_bits", "multiplier_bits", "shift", "queue_depth", "ring"),
        *("weight_depth", "length_max", "positions", "lane_channels"),
        *("dual", "fabric", "pack", "weight_kind", "length_kind", "requantize_kind", "bank_kind"),
    )
    operator: Conv
    lanes: int
    columns: int
    drain: int
    gap_bits: int
    owner: IntArray
    in_order: tuple[int, ...]
    out_order: tuple[int, ...]
    queue_depth: int = 32
    store_zeros: bool = False
    dual: bool = False
    fabric: int = 0
    placement: Placement = Placement()
    tight: bool = False

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        check(self, dual=may_share_slices(self.operator))

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
    def pack(self) -> int:
        """Entries of a word of the weight memories."""
        return entries_per_word(self.operator, self.gap_bits, self.placement.weights)

    @property
    def segments(self) -> int:
        """Output beats of a channel's row."""
        return -(-self.operator.output.width // self.columns)

    @property
    def ring(self) -> int:
        """Input rows held: those of a window, and unless `tight` those that arrive meanwhile."""
        return ring(self.operator, tight=self.tight)

    @property
    def _reach(self) -> int:
        """Rows that a window reads, or with stride > kernel, rows until the next window."""
        return max(self.operator.kernel, self.operator.stride)

    @property
    def _row_words(self) -> int:
        return self._lane_channels * self.segments

    @property
    def _lane_channels(self) -> int:
        return max(1, *(len(lane.channels) for lane in self.lane_codes))

    @property
    def bank_bits(self) -> int:
        """Bits of the address of a row bank's word."""
        return index_bits(self.ring * self._row_words)

    @cached_property
    def lane_codes(self) -> tuple[LaneCode, ...]:
        """What each lane stores."""
        kept = kept_weights(self.operator, self.store_zeros)
        return tuple(
            encode_lane(self.operator, kept & (self.owner == lane), self.out_order, self.gap_bits)
            for lane in range(self.lanes)
        )

    def entries(self) -> IntArray:
        """Stored entries, fillers included, shape (lanes, out_channels), in stream order."""
        return np.stack([lane.lengths for lane in self.lane_codes])

    def stored_bits(self) -> dict[str, int]:
        """Bits that memories hold, by the names in `Placement`; what padding fills is left out."""
        op, entries = self.operator, self.entries()
        word = ((self.columns - 1) * op.stride + op.kernel) * op.input.bits
        kept = sum(len(lane.channels) for lane in self.lane_codes)
        return {
            "weights": int(entries.sum()) * (op.code_bits + self.gap_bits),
            "lengths": entries.size * index_bits(int(entries.max())),
            "requantize": op.output.channels * (BIAS_BITS + MULTIPLIER_BITS),
            "rows": kept * self.ring * self.segments * word,
        }

    def parameters(self) -> dict[str, int]:
        """Parameters of `conv.sv`, in lower case."""
        entries = self.entries()
        values = shape_parameters(self.operator) | {
            "lanes": self.lanes,
            "columns": self.columns,
            "drain": self.drain,
            "gap_bits": self.gap_bits,
            "queue_depth": self.queue_depth,
            "ring": self.ring,
            "weight_depth": int(entries.sum(axis=1).max()),
            "length_max": int(entries.max()),
            "positions": max(1, *(len(lane.positions) for lane in self.lane_codes)),
            "lane_channels": self._lane_channels,
            "dual": int(self.dual),
            "fabric": self.fabric,
            "pack": self.pack,
            "weight_kind": int(self.placement.weights),
            "length_kind": int(self.placement.lengths),
            "requantize_kind": int(self.placement.requantize),
            "bank_kind": int(self.placement.rows),
        }
        return {name: values[name] for name in self.PARAMETERS}

    def memories(self) -> dict[str, Memory]:
        """Images: weights, lengths and positions of each lane, and what lanes share."""
        return conv_memories.images(self)

    def load_words(self) -> tuple[int, ...]:
        """Words of the weights that are loaded after reset, where those are in UltraRAM."""
        return conv_memories.load_words(self)

    def content_bits(self) -> dict[str, int]:
        """Bits of the read-only memories, padding included, by what they hold."""
        return conv_memories.content_bits(self)

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
