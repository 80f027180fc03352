# SPDX-License-Identifier: Apache-2.0
"""What the memories of a `conv` engine hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from firebrick.hardware.memory import (
    Memory,
    MemoryKind,
    image,
    index_bits,
    packed,
    rom_bits,
    rom_images,
)
from firebrick.hardware.tensor import MULTIPLIER_BITS, IntArray
from firebrick.ops.base import Order
from firebrick.ops.conv.encode import Deal, LaneCode
from firebrick.ops.conv.operator import BIAS_BITS, Conv
from firebrick.ops.conv.shape import ConvShape
from firebrick.ops.folding import Placement


@dataclass(frozen=True, eq=False)
class Contents:
    """Tables of one engine; made when they are asked for.

    Attributes:
        deal: what each lane stores.
        placement: what the memories are made of.
        parameters: of `conv.sv`, in lower case.
        shape: widths and depths that follow from them.
        in_order: natural input channel at each position of the input stream.
        out_order: natural output channel at each position of the output stream.
    """

    deal: Deal
    placement: Placement
    parameters: Mapping[str, int]
    shape: ConvShape
    in_order: Order
    out_order: Order

    @property
    def operator(self) -> Conv:
        """The convolution."""
        return self.deal.operator

    @cached_property
    def lanes(self) -> tuple[LaneCode, ...]:
        """What each lane stores."""
        return self.deal.encode(self.out_order)

    @property
    def length_bits(self) -> int:
        """Bits of a channel's number of entries, less one."""
        return index_bits(self.parameters["length_max"])

    def images(self) -> dict[str, Memory]:
        """Images by file suffix: weights, lengths, positions of each lane, and what lanes share."""
        op, placement = self.operator, self.placement
        result = {
            **rom_images("channels", self._channels(), MemoryKind.LUT),
            **rom_images(
                "codebook", image(op.value_bits, op.codebook, 1 << op.code_bits), MemoryKind.LUT
            ),
            **rom_images("requantize", self._requantize(), placement.requantize),
        }
        depth = self.parameters["positions"]
        for number, lane in enumerate(self.lanes):
            lengths = image(self.length_bits, lane.lengths - 1)
            positions = image(self.shape.place_bits, self.places(lane).tolist(), depth)
            result |= rom_images(f"weights{number}", self._weights(lane), placement.weights)
            result |= rom_images(f"lengths{number}", lengths, placement.lengths)
            result |= rom_images(f"positions{number}", positions, MemoryKind.LUT)
        return result

    def content_bits(self) -> dict[str, int]:
        """Bits of the read-only memories by what they hold; together, all bits of all memories.

        Padding is what fills up shorter lanes, words and chunks.
        """
        op, shape, placement, values = self.operator, self.shape, self.placement, self.parameters
        lanes, outputs = values["lanes"], op.output.channels
        entries = int(self.deal.lengths.sum())
        bits = {
            "codes": entries * op.code_bits,
            "gaps": entries * (shape.entry_bits - op.code_bits),
            "codebooks": op.value_bits << op.code_bits,
            "biases": outputs * BIAS_BITS,
            "multipliers": outputs * MULTIPLIER_BITS,
            "lengths": lanes * outputs * self.length_bits,
            "positions": sum(map(len, self.deal.positions)) * shape.place_bits,
            "channels": lanes * op.input.channels * (shape.bank_bits + 1),
        }
        total = bits["codebooks"] + bits["channels"]
        total += lanes * shape.place_bits * values["positions"]
        total += lanes * rom_bits(
            values["pack"] * shape.entry_bits, shape.weight_words, placement.weights
        )
        total += lanes * rom_bits(self.length_bits, outputs, placement.lengths)
        total += rom_bits(BIAS_BITS + MULTIPLIER_BITS, outputs, placement.requantize)
        return bits | {"padding": total - sum(bits.values())}

    def load_words(self) -> tuple[int, ...]:
        """Words of the lanes' UltraRAMs, in the order in which the chain takes them."""
        if self.placement.weights is not MemoryKind.ULTRA:
            return ()
        return tuple(word for lane in self.lanes for word in self._weights(lane).words)

    def places(self, lane: LaneCode) -> IntArray:
        """Kernel row, tap and bank word of each position, the word in the low bits."""
        tap_bits, word_bits = self.shape.tap_bits, self.shape.bank_bits
        channel, row, tap = lane.positions.T
        word = np.searchsorted(lane.channels, channel) * self.shape.segments
        return np.asarray(((row << tap_bits | tap) << word_bits) | word, np.int64)

    def kept(self, lane: LaneCode) -> IntArray:
        """Per channel of the input stream: whether the lane keeps it (the top bit), and where."""
        flag, segments = 1 << self.shape.bank_bits, self.shape.segments
        words = {channel: flag | n * segments for n, channel in enumerate(lane.channels)}
        return np.array([words.get(x, 0) for x in self.in_order], np.int64)

    def _weights(self, lane: LaneCode) -> Memory:
        """Entries, as many in a word as fit."""
        entries = (lane.gaps << self.operator.code_bits | lane.codes).tolist()
        parameters = self.parameters
        return packed(
            self.shape.entry_bits, entries, parameters["pack"], parameters["weight_depth"]
        )

    def _channels(self) -> Memory:
        """Per channel of the input stream, what `kept` says, the first lane in the low bits."""
        width = self.shape.bank_bits + 1
        fields = [self.kept(lane).tolist() for lane in self.lanes]
        words = (
            sum(x << n * width for n, x in enumerate(word)) for word in zip(*fields, strict=True)
        )
        return Memory(width * len(fields), tuple(words))

    def _requantize(self) -> Memory:
        """Bias and multiplier of each channel of the output stream."""
        order = list(self.out_order)
        bias = self.operator.bias[order] & ((1 << BIAS_BITS) - 1)
        words = bias << MULTIPLIER_BITS | self.operator.multiplier[order]
        return image(BIAS_BITS + MULTIPLIER_BITS, words)
