# SPDX-License-Identifier: Apache-2.0
"""Constants of generated C++ headers: tables of integers, and those of a `conv`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from firebrick.hardware.memory import index_bits
from firebrick.hardware.tensor import IntArray
from firebrick.ops.avgpool import AvgPoolEngine
from firebrick.ops.base import Engine
from firebrick.ops.conv.encode import LaneCode
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.operator import BIAS_BITS, MULTIPLIER_BITS, Conv

WIDTH = 100
"""Characters of a line."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A constant array.

    Attributes:
        name: of the array, and of the kernel's argument.
        kind: C++ type of an element.
        values: literals, of one row or of several of equal length.
        note: comment before it.
        rows: comments before the rows, where there are several.
    """

    name: str
    kind: str
    values: Sequence[Sequence[str]]
    note: str
    rows: Sequence[str] = ()

    def lines(self) -> Iterator[str]:
        """The definition."""
        size = f"[{len(self.values[0])}]"
        yield f"// {self.note}"
        if not self.rows:
            yield f"static const {self.kind} {self.name}{size} = {{"
            yield from wrapped(self.values[0], "    ")
        else:
            yield f"static const {self.kind} {self.name}[{len(self.values)}]{size} = {{"
            for comment, row in zip(self.rows, self.values, strict=True):
                yield f"    {{  // {comment}"
                yield from wrapped(row, "     ")
                yield "    },"
        yield "};"


def wrapped(values: Sequence[str], indent: str) -> Iterator[str]:
    """Values in lines of one width each, so that columns stand below each other."""
    wide = max(map(len, values))
    count = max(1, (WIDTH - len(indent)) // (wide + 2))
    for start in range(0, len(values), count):
        yield indent + ", ".join(x.rjust(wide) for x in values[start : start + count]) + ","


def tables(engine: Engine) -> list[Table]:
    """Tables of an engine, in the order of its kernel's arguments; most have none."""
    if isinstance(engine, ConvEngine):
        return conv_tables(engine)
    if isinstance(engine, AvgPoolEngine):
        return _avgpool_tables(engine)
    return []


def conv_tables(engine: ConvEngine) -> list[Table]:
    """Tables of a convolution, as `conv_tables` of `conv.hpp` declares them."""
    op, shape, lanes = engine.operator, engine.parameters(), engine.lane_codes
    depth = shape["weight_depth"]
    gap_bits = max(1, engine.gap_bits)
    order = list(engine.out_order)
    entries = [
        f"lane {n}: {len(x.codes):,} entries in {depth:,} places" for n, x in enumerate(lanes)
    ]
    names = [f"lane {n}" for n in range(len(lanes))]
    places = [f"lane {n}: {len(x.positions):,} positions" for n, x in enumerate(lanes)]
    kept = [f"lane {n}: keeps {len(x.channels):,} channels" for n, x in enumerate(lanes)]
    return [
        Table(
            "codes",
            f"firebrick::stored<{op.code_bits}>",
            _rows([x.codes for x in lanes], depth),
            f"Code of each entry (ap_uint<{op.code_bits}>), output channel by output channel.",
            entries,
        ),
        Table(
            "gaps",
            f"firebrick::stored<{gap_bits}>",
            _rows([x.gaps if engine.gap_bits else x.gaps[:1] for x in lanes], 0),
            f"Positions skipped before each entry (ap_uint<{gap_bits}>)."
            if engine.gap_bits
            else "Without gaps: every position has an entry.",
            entries if engine.gap_bits else names,
        ),
        Table(
            "lengths",
            f"firebrick::stored<{index_bits(shape['length_max'])}>",
            _rows([x.lengths - 1 for x in lanes], 0),
            "Entries less one of each output channel.",
            names,
        ),
        Table(
            "places",
            f"firebrick::stored<{engine.bank_bits + 2 * index_bits(op.kernel)}>",
            _rows([_places(engine, x) for x in lanes], shape["positions"]),
            f"Each position: kernel row << {engine.bank_bits + index_bits(op.kernel)} | "
            f"tap << {engine.bank_bits} | word of the bank.",
            places,
        ),
        Table(
            "channels",
            f"firebrick::stored<{engine.bank_bits + 1}>",
            _rows([_channels(engine, x) for x in lanes], 0),
            f"Each input channel in the stream's order: {1 << engine.bank_bits} if the lane keeps "
            "it | word of the bank.",
            kept,
        ),
        Table(
            "codebook",
            "Cfg::value_t",
            [_codebook(op)],
            f"Value of each code (ap_fixed<{op.value_bits}, {integer_bits(op)}>).",
        ),
        Table(
            "biases",
            f"firebrick::stored_signed<{BIAS_BITS}>",
            _rows([op.bias[order]], 0),
            f"Bias of each output channel in the stream's order (ap_int<{BIAS_BITS}>), at the scale"
            " of a sum.",
        ),
        Table(
            "multipliers",
            f"firebrick::stored<{MULTIPLIER_BITS}>",
            _rows([op.multiplier[order]], 0),
            f"Multiplier of each output channel in that order (ap_uint<{MULTIPLIER_BITS}>).",
        ),
    ]


def binary_scale(operator: Conv) -> int | None:
    """Power of two that every weight is scaled by to the integers of the output, if it is one."""
    multipliers = {int(x) for x in operator.multiplier}
    if len(multipliers) != 1:
        return None
    (multiplier,) = multipliers
    if multiplier <= 0 or multiplier & (multiplier - 1):
        return None
    return multiplier.bit_length() - 1 - operator.shift


def integer_bits(operator: Conv) -> int:
    """Bits of a codebook value before its binary point: all of them without a binary scale."""
    return operator.value_bits + (binary_scale(operator) or 0)


def _codebook(operator: Conv) -> list[str]:
    """Values at their scale, exact in decimal; codes that mean nothing are 0."""
    values = [int(x) for x in operator.codebook] + [0] * (1 << operator.code_bits)
    step = Fraction(2) ** (binary_scale(operator) or 0)
    scaled = (value * step for value in values[: 1 << operator.code_bits])
    # A few bits times a power of two: a double holds it, and its shortest text is read back as it.
    return [str(int(x)) if x.denominator == 1 else repr(float(x)) for x in scaled]


def _rows(rows: Sequence[IntArray], depth: int) -> list[list[str]]:
    """Rows as text, all as long as the longest, and `depth` at least."""
    length = max(depth, *(len(x) for x in rows)) if len(rows) > 1 else max(depth, len(rows[0]))
    padded = (np.pad(x, (0, length - len(x))).tolist() for x in rows)
    return [list(map(str, x)) for x in padded]


def _places(engine: ConvEngine, lane: LaneCode) -> IntArray:
    tap_bits = index_bits(engine.operator.kernel)
    channel, row, tap = lane.positions.T
    word = np.searchsorted(lane.channels, channel) * engine.segments
    return np.asarray(((row << tap_bits | tap) << engine.bank_bits) | word, np.int64)


def _channels(engine: ConvEngine, lane: LaneCode) -> IntArray:
    kept = {channel: place * engine.segments for place, channel in enumerate(lane.channels)}
    flag = 1 << engine.bank_bits
    return np.array([flag | kept[x] if x in kept else 0 for x in engine.in_order], np.int64)


def _avgpool_tables(engine: AvgPoolEngine) -> list[Table]:
    op, order = engine.operator, list(engine.in_order)
    index, total = index_bits(op.input.channels), op.output.bits
    return [
        Table(
            "channel",
            f"ap_uint<{index}>",
            _rows([np.array(order)], 0),
            "Natural number of each channel in the stream's order.",
        ),
        Table(
            "initial_sum",
            f"ap_int<{total}>",
            _rows([op.bias[order]], 0),
            "Sum that each channel in the stream's order begins with.",
        ),
    ]
