# SPDX-License-Identifier: Apache-2.0
"""The parts of `conv.sv`: what they take, in terms of their parameters.

Each function mirrors one SystemVerilog module. A term is a number of bits of registers, adders or
multiplexers; the coefficients (`coefficients.py`) say what Yosys makes of a bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from firebrick.hardware.features import Features, together
from firebrick.hardware.memory import LOAD_BITS, MemoryKind, chunk_count, index_bits
from firebrick.hardware.memory_area import MemoryArea, ram, rom, select_luts, tree_luts
from firebrick.hardware.resources import Family
from firebrick.ops.base import AreaPart
from firebrick.ops.conv.shape import FIFO_DEPTH, ConvShape

LUT, BLOCK, ULTRA = MemoryKind
MULTIPLIER_INPUT = 25
"""Signed bits of the wider operand of a DSP slice."""


def lane(conv: Mapping[str, int], shape: ConvShape, family: Family) -> Features:
    """`conv_lane.sv` and what is in it."""
    columns, fabric, value, bits = (
        conv["columns"],
        conv["fabric"],
        conv["value_bits"],
        conv["in_bits"],
    )
    sum_bits, kernel = conv["acc_bits"], conv["kernel"]
    sliced = columns - fabric
    # Slices keep products and sums, of a column of their own the pixel too.
    pairs = sliced // 2 if conv["dual"] else 0
    upper = max(1, sum_bits - bits - value)
    # Columns of a group in the queue's head that are the upper ones of a pair in some group.
    every = conv["drain"] % 2 and shape.groups > 1
    uppers = (conv["drain"] if every else conv["drain"] // 2) if pairs else 0
    bank = ram(shape.word_bits, shape.bank_depth, conv["bank_kind"], family)
    queue = ram(columns * sum_bits, conv["queue_depth"], LUT, family)
    position = index_bits(conv["positions"])
    shift_registers = value + 3 + (shape.segments - 1).bit_length()
    control = (
        index_bits(shape.weight_words)
        + index_bits(conv["pack"])
        + index_bits(conv["length_max"])
        + index_bits(conv["out_channels"])
        + index_bits(shape.segments)
        + index_bits(conv["queue_depth"])
        + position
    )
    return Features(
        (
            1,
            fabric * sum_bits,
            fabric * ((bits + 1) // 2) * (value + 2),
            (conv["drain"] * sum_bits + uppers * upper) * tree_luts(shape.groups),
            pairs * (2 * upper + 1),
            uppers * sum_bits,
            columns * bits * (1 < kernel <= 4),
            columns * bits * (kernel > 4),
            shape.bank_bits * (1 + select_luts(kernel)),
            control,
        ),
        (
            1,
            shape.word_bits,
            columns * bits,
            2 * pairs * bits,
            fabric * (2 * bits + value + sum_bits),
            pairs * (upper + 1),
            conv["drain"] * sum_bits,
            shape.bank_bits,
            control,
        ),
        dsp=sliced - pairs,
        # The queue's output register comes behind the choice of its columns.
        memory=together(bank, queue._replace(ffs=0), MemoryArea(lutram=shift_registers)),
    )


def weights(conv: Mapping[str, int], shape: ConvShape, family: Family) -> Features:
    """`conv_weights.sv` and its memories."""
    kind, pack, entry = conv["weight_kind"], conv["pack"], shape.entry_bits
    width, words, channels = pack * entry, shape.weight_words, conv["out_channels"]
    length = index_bits(conv["length_max"])
    lengths = rom(length, channels, conv["length_kind"])
    places = rom(shape.place_bits, conv["positions"], LUT)
    codebook = rom(conv["value_bits"], 1 << conv["code_bits"], LUT)
    entries = ram(width, words, ULTRA, family) if kind == ULTRA else rom(width, words, kind)
    registers = width * (1 + chunk_count(words, LUT))
    chain = MemoryArea()
    if kind == BLOCK:
        registers = width * chunk_count(words)
    elif kind == ULTRA:
        registers = width
        chain = MemoryArea(luts=2 * index_bits(words), ffs=LOAD_BITS + index_bits(words) + 2)
    length_registers = 2 * length
    if conv["length_kind"] == BLOCK:
        length_registers = length * chunk_count(channels)
    return Features(
        (
            1,
            entries.luts,
            lengths.luts,
            places.luts,
            codebook.luts,
            entry * (pack - 1),
        ),
        (
            1,
            registers,
            length_registers,
            shape.place_bits + conv["value_bits"] + entry,
            2 * index_bits(pack),
        ),
        memory=together(entries._replace(luts=0), lengths._replace(luts=0), chain),
    )


def writer(conv: Mapping[str, int], shape: ConvShape, _family: Family) -> Features:
    """`conv_writer.sv`."""
    bits, kernel = conv["in_bits"], conv["kernel"]
    # Of few channels some lanes keep the same ones; equal registers are merged.
    lanes = min(conv["lanes"], conv["in_channels"])
    beat = conv["columns"] * conv["stride"]
    beats = -(-conv["in_width"] // beat)
    missing = beats * beat - conv["in_width"]
    # What lies beyond a row of one beat is zero and needs no register.
    held, masked = (beat, missing) if beats > 1 else (beat - missing, 0)
    reaches = max(0, kernel - conv["stride"] - conv["pad"])
    place = lanes * (1 + (shape.row_words - shape.segments).bit_length())
    # The table of places is sparse: of all channels a lane has few.
    dense = rom(1, conv["in_channels"], LUT).luts
    sparse = min(dense * (1.0 if dense == 1 else 2.3), 0.42 * conv["lane_channels"])
    addresses = lanes * shape.bank_bits
    control = 2 * max(beats, shape.segments).bit_length() + index_bits(conv["in_channels"])
    return Features(
        (
            1,
            masked * bits,
            reaches * bits,
            place * sparse,
            control + shape.bank_bits,
        ),
        (
            1,
            held * bits,
            shape.word_bits,
            conv["pad"] * bits,
            place,
            addresses + lanes,
            control + shape.bank_bits,
        ),
        # An adder a bit.
        memory=MemoryArea(luts=addresses),
    )


def rows(conv: Mapping[str, int], shape: ConvShape, _family: Family) -> Features:
    """`conv_rows.sv`."""
    kernel = conv["kernel"]
    row = (conv["in_height"] + kernel + conv["stride"] + shape.ring).bit_length() + 1
    held = shape.ring.bit_length()
    return Features(
        (1, kernel * shape.bank_bits, row, held, kernel * row),
        (1, kernel * shape.bank_bits, row, held, kernel),
    )


def drain(conv: Mapping[str, int], shape: ConvShape, family: Family) -> Features:
    """`conv_drain.sv`: tree, requantizer, output queue."""
    lanes, wide, bits = conv["lanes"], conv["drain"], conv["out_bits"]
    sum_bits, kind = conv["acc_bits"], conv["requantize_kind"]
    word = conv["bias_bits"] + conv["multiplier_bits"]
    words = rom(word, conv["out_channels"], kind)
    word_registers = word * (chunk_count(conv["out_channels"]) if kind == BLOCK else 2)
    fifo = ram(conv["columns"] * bits + 1, FIFO_DEPTH, LUT, family)
    product = sum_bits + conv["multiplier_bits"] + 1
    above = max(0, product - conv["shift"])
    registers, left = 0, lanes
    while left > 1:
        left = (left + 1) // 2
        registers += left
    control = (
        index_bits(conv["out_channels"])
        + index_bits(shape.segments)
        + index_bits(conv["out_height"])
        + 2 * index_bits(shape.groups)
    )
    slices = -(-sum_bits // MULTIPLIER_INPUT)
    return Features(
        (
            1,
            (lanes - 1) * wide * sum_bits,
            wide * sum_bits,
            wide * above,
            wide * bits,
            words.luts,
            lanes,
            control,
        ),
        (
            1,
            registers * wide * sum_bits,
            wide * sum_bits,
            wide * bits,
            wide * product,
            shape.groups * wide * bits,
            word_registers,
            conv["columns"] * bits,
            lanes.bit_length(),
            control,
        ),
        dsp=wide * slices,
        memory=together(fifo._replace(ffs=0), words._replace(luts=0), MemoryArea(lutram=2)),
    )


def parts(p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
    """All parts of an engine, from the parameters of `conv.sv`."""
    shape, lanes = ConvShape(p), p["lanes"]
    yield AreaPart("conv_lane", lane(p, shape, family), lanes)
    yield AreaPart("conv_weights", weights(p, shape, family), lanes)
    yield AreaPart("conv_writer", writer(p, shape, family))
    yield AreaPart("conv_rows", rows(p, shape, family))
    yield AreaPart("conv_drain", drain(p, shape, family))
