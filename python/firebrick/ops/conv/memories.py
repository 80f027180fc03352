# SPDX-License-Identifier: Apache-2.0
"""Memory images of a `conv` engine, and what their bits are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firebrick.hardware.memory import Memory, MemoryKind, image, index_bits, packed, rom, rom_bits
from firebrick.ops.conv.encode import LaneCode
from firebrick.ops.conv.operator import BIAS_BITS, MULTIPLIER_BITS

if TYPE_CHECKING:
    from firebrick.ops.conv.engine import ConvEngine


def images(engine: ConvEngine) -> dict[str, Memory]:
    """Images by file suffix: weights, lengths and positions of each lane, and what lanes share."""
    op, shape, placement = engine.operator, engine.parameters(), engine.placement
    result = {
        **rom("channels", _channels(engine), MemoryKind.LUT),
        **rom("codebook", image(op.value_bits, op.codebook, 1 << op.code_bits), MemoryKind.LUT),
        **rom("requantize", _requantize(engine), placement.requantize),
    }
    length_bits = index_bits(shape["length_max"])
    for number, lane in enumerate(engine.lane_codes):
        weights = _weights(engine, lane, shape["weight_depth"])
        lengths = image(length_bits, lane.lengths - 1)
        result |= rom(f"weights{number}", weights, placement.weights)
        result |= rom(f"lengths{number}", lengths, placement.lengths)
        positions = _positions(engine, lane, shape["positions"])
        result |= rom(f"positions{number}", positions, MemoryKind.LUT)
    return result


def load_words(engine: ConvEngine) -> tuple[int, ...]:
    """Words of the lanes' UltraRAMs, in the order in which the chain takes them."""
    if engine.placement.weights is not MemoryKind.ULTRA:
        return ()
    depth = engine.parameters()["weight_depth"]
    return tuple(word for lane in engine.lane_codes for word in _weights(engine, lane, depth).words)


def content_bits(engine: ConvEngine) -> dict[str, int]:
    """Bits of the read-only memories by what they hold; together, all bits of all memories.

    Padding is what fills up shorter lanes, words and chunks.
    """
    op, lanes, shape, kinds = engine.operator, engine.lanes, engine.parameters(), engine.placement
    entries, outputs = int(engine.entries().sum()), op.output.channels
    entry_bits, length_bits = op.code_bits + engine.gap_bits, index_bits(shape["length_max"])
    place_bits = engine.bank_bits + 2 * index_bits(op.kernel)
    words = -(-shape["weight_depth"] // engine.pack)
    bits = {
        "codes": entries * op.code_bits,
        "gaps": entries * engine.gap_bits,
        "codebooks": op.value_bits << op.code_bits,
        "biases": outputs * BIAS_BITS,
        "multipliers": outputs * MULTIPLIER_BITS,
        "lengths": lanes * outputs * length_bits,
        "positions": sum(len(lane.positions) for lane in engine.lane_codes) * place_bits,
        "channels": lanes * op.input.channels * (engine.bank_bits + 1),
    }
    total = bits["codebooks"] + bits["channels"] + lanes * place_bits * shape["positions"]
    total += lanes * rom_bits(engine.pack * entry_bits, words, kinds.weights)
    total += lanes * rom_bits(length_bits, outputs, kinds.lengths)
    total += rom_bits(BIAS_BITS + MULTIPLIER_BITS, outputs, kinds.requantize)
    return bits | {"padding": total - sum(bits.values())}


def _weights(engine: ConvEngine, lane: LaneCode, depth: int) -> Memory:
    """Entries, as many in a word as fit."""
    op = engine.operator
    entries = (lane.gaps << op.code_bits | lane.codes).tolist()
    return packed(op.code_bits + engine.gap_bits, entries, engine.pack, depth)


def _positions(engine: ConvEngine, lane: LaneCode, depth: int) -> Memory:
    """Kernel row, tap and bank word of each position."""
    tap_bits, word_bits = index_bits(engine.operator.kernel), engine.bank_bits
    channel, row, tap = lane.positions.T
    word = np.searchsorted(lane.channels, channel) * engine.segments
    return image(word_bits + 2 * tap_bits, ((row << tap_bits | tap) << word_bits) | word, depth)


def _channels(engine: ConvEngine) -> Memory:
    """Per channel of the input stream, for each lane: whether it keeps it, and where."""
    width = engine.bank_bits + 1
    words = [0] * len(engine.in_order)
    position = {channel: p for p, channel in enumerate(engine.in_order)}
    for number, lane in enumerate(engine.lane_codes):
        for place, channel in enumerate(lane.channels):
            field = 1 << engine.bank_bits | place * engine.segments
            words[position[channel]] |= field << (number * width)
    return Memory(width * engine.lanes, tuple(words))


def _requantize(engine: ConvEngine) -> Memory:
    """Bias and multiplier of each channel of the output stream."""
    order = list(engine.out_order)
    bias = engine.operator.bias[order] & ((1 << BIAS_BITS) - 1)
    words = bias << MULTIPLIER_BITS | engine.operator.multiplier[order]
    return image(BIAS_BITS + MULTIPLIER_BITS, words)
