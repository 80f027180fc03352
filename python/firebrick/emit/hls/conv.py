# SPDX-License-Identifier: Apache-2.0
"""The function of `conv` in C++: its tables as they are stored, readable."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from firebrick.emit.hls.function import CppFunction, shape_text
from firebrick.emit.hls.tables import Table, rows_of
from firebrick.hardware.tensor import MULTIPLIER_BITS
from firebrick.ops.conv.encode import kept_weights
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.operator import BIAS_BITS, Conv


class ConvFunction(CppFunction):
    """Weights of each lane, the codebook, what requantizes."""

    engine: ConvEngine

    def types(self) -> dict[str, str]:
        """Type of a codebook value."""
        operator = self.engine.operator
        return {"value_t": f"ap_fixed<{operator.value_bits}, {integer_bits(operator)}>"}

    def tables(self) -> list[Table]:
        """As `conv_tables` of `conv.hpp` declares them."""
        engine, contents = self.engine, self.engine.contents
        op, lanes, shape = engine.operator, contents.lanes, contents.shape
        depth = contents.parameters["weight_depth"]
        gap_bits = engine.folding.gap_bits
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
                rows_of([x.codes for x in lanes], depth),
                f"Code of each entry (ap_uint<{op.code_bits}>), output channel by output channel.",
                entries,
            ),
            Table(
                "gaps",
                f"firebrick::stored<{max(1, gap_bits)}>",
                rows_of([x.gaps if gap_bits else x.gaps[:1] for x in lanes], 0),
                f"Positions skipped before each entry (ap_uint<{gap_bits}>)."
                if gap_bits
                else "Without gaps: every position has an entry.",
                entries if gap_bits else names,
            ),
            Table(
                "lengths",
                f"firebrick::stored<{contents.length_bits}>",
                rows_of([x.lengths - 1 for x in lanes], 0),
                "Entries less one of each output channel.",
                names,
            ),
            Table(
                "places",
                f"firebrick::stored<{shape.place_bits}>",
                rows_of([contents.places(x) for x in lanes], contents.parameters["positions"]),
                f"Each position: kernel row << {shape.bank_bits + shape.tap_bits} | "
                f"tap << {shape.bank_bits} | word of the bank.",
                places,
            ),
            Table(
                "channels",
                f"firebrick::stored<{shape.bank_bits + 1}>",
                rows_of([contents.kept(x) for x in lanes], 0),
                f"Each input channel in the stream's order: {1 << shape.bank_bits} if the lane "
                "keeps it | word of the bank.",
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
                rows_of([op.bias[order]], 0),
                f"Bias of each output channel in the stream's order (ap_int<{BIAS_BITS}>), at the "
                "scale of a sum.",
            ),
            Table(
                "multipliers",
                f"firebrick::stored<{MULTIPLIER_BITS}>",
                rows_of([op.multiplier[order]], 0),
                f"Multiplier of each output channel in that order (ap_uint<{MULTIPLIER_BITS}>).",
            ),
        ]

    def notes(self) -> list[Table]:
        """What channel the streams carry when."""
        orders = (("in", self.engine.in_order), ("out", self.engine.out_order))
        note = "Number of each {}put channel, in the order in which the stream carries it."
        return [
            Table(f"{side}_order", "int", [[str(x) for x in order]], note.format(side))
            for side, order in orders
        ]

    def summary(self, instance: str) -> Iterator[str]:
        """Shape, zeros, codes, and how full the lanes are."""
        engine = self.engine
        op = engine.operator
        yield (
            f"Layer {instance}: conv {op.kernel}x{op.kernel}, stride {op.stride}, "
            f"{shape_text(op.input)} -> {shape_text(op.output)}."
        )
        size, nonzero = op.weights.size, op.nonzero
        yield (
            f"Weights {'x'.join(map(str, op.weights.shape))}: {size:,}, of which "
            f"{size - nonzero:,} ({1 - nonzero / size:.1%}) are 0."
        )
        used = len(np.unique(op.codes))
        yield (
            f"Codes of {op.code_bits} bits, {used} of {1 << op.code_bits} in use, for values of "
            f"{op.value_bits} bits."
        )
        entries = engine.entries()
        kept = int(np.count_nonzero(kept_weights(op, engine.folding.store_zeros)))
        total, depth = int(entries.sum()), int(entries.sum(axis=1).max())
        yield (
            f"Entries: {total:,}, of which {total - kept:,} fill gaps; {len(entries)} lanes of "
            f"{depth:,} places are {total / (len(entries) * depth):.1%} full."
        )

    def scaling(self) -> Iterator[str]:
        """Whether codebook values are integers or have a binary point."""
        power = binary_scale(self.engine.operator)
        if power is None:
            yield (
                "A codebook value is an integer; multiplier and shift of its channel are its scale."
            )
        else:
            yield (
                f"A codebook value is an integer times 2**{power}, exact between input and output."
            )


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
