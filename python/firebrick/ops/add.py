# SPDX-License-Identifier: Apache-2.0
"""`add`: bypass (residual) join of two tensors with requantization to one scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from firebrick.hardware.features import Features
from firebrick.hardware.memory import index_bits
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import MAX_SHIFT, MULTIPLIER_BITS, IntArray, TensorType
from firebrick.hardware.timing import Role, RowTiming
from firebrick.ops.base import AreaPart, LayerEngine, Operator


@dataclass(frozen=True, slots=True, eq=False)
class Add(Operator):
    """`y = clamp((a * multipliers[0] + b * multipliers[1] + half) >> shift)`.

    Attributes:
        name: of the layer.
        left: type of tensor a.
        right: type of tensor b; same shape as a.
        output: type of the output tensor; its range is the clamp (a ReLU is `lo == 0`).
        multipliers: one for each input, 0 to 2**MULTIPLIER_BITS - 1.
        shift: bits dropped.
    """

    kind: ClassVar[str] = "add"
    name: str
    left: TensorType
    right: TensorType
    output: TensorType
    multipliers: tuple[int, int]
    shift: int

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        shape = (self.left.channels, self.left.height, self.left.width)
        for field, kind in (("right", self.right), ("output", self.output)):
            other = (kind.channels, kind.height, kind.width)
            self.require(other == shape, field, other, f"is not of shape {shape}")
        most = (1 << MULTIPLIER_BITS) - 1
        for value in self.multipliers:
            self.require(0 <= value <= most, "multipliers", value, f"is not in 0..{most}")
        self.require(0 <= self.shift <= MAX_SHIFT, "shift", self.shift, f"is not in 0..{MAX_SHIFT}")

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.left, self.right)

    def golden(self, *inputs: IntArray) -> IntArray:
        """Scale, add, round half up, clamp."""
        a, b = inputs
        half = (1 << self.shift) >> 1
        total = a * self.multipliers[0]
        total += b * self.multipliers[1]
        total += half
        total >>= self.shift
        return np.asarray(np.clip(total, self.output.lo, self.output.hi), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class AddEngine(LayerEngine):
    """One instance of the module `add`: pixels of both inputs in lockstep.

    Attributes:
        operator: what is computed.
        columns: pixels a beat of all three streams.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("channels", "height", "width", "columns"),
        *("left_bits", "left_signed", "right_bits", "right_signed", "out_bits", "out_signed"),
        *("out_narrow", "multiplier0", "multiplier1", "shift"),
    )
    ROLE = Role.JOIN
    IN_PORTS = ("s_axis_a", "s_axis_b")
    GEOMETRIES = tuple(
        {"channels": 64, "height": 55, "width": 55, "columns": columns}
        | {"left_bits": 8, "left_signed": 0, "right_bits": 8, "right_signed": 0}
        | {"out_bits": 8, "out_signed": 0, "out_narrow": 0}
        | {"multiplier0": 20000, "multiplier1": 31111, "shift": shift}
        for columns, shift in ((1, 16), (4, 15), (14, 16), (28, 20), (7, 18))
    )
    operator: Add
    columns: int

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        self.operator.require(self.columns >= 1, "columns", self.columns, "is less than 1")

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        operator = self.operator
        return {
            "channels": operator.output.channels,
            "height": operator.output.height,
            "width": operator.output.width,
            "columns": self.columns,
            "left_bits": operator.left.bits,
            "left_signed": int(operator.left.signed),
            "right_bits": operator.right.bits,
            "right_signed": int(operator.right.signed),
            "out_bits": operator.output.bits,
            "out_signed": int(operator.output.signed),
            "out_narrow": int(operator.output.narrow),
            "multiplier0": operator.multipliers[0],
            "multiplier1": operator.multipliers[1],
            "shift": operator.shift,
        }

    def timing(self) -> RowTiming:
        """Rows leave as they come, three cycles later; nothing is held."""
        beats = StreamType(self.operator.output, self.columns).row_beats
        rows = tuple(range(1, self.operator.output.height + 1))
        return RowTiming(
            needs=rows,
            frees=rows,
            cycles=(0,) * len(rows),
            lag=3,
            ring=1,
            in_beats=beats,
            out_beats=beats,
        )

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """A DSP slice for each operand of a column, a skid buffer."""
        del family
        columns = p["columns"]
        wide = columns * p["out_bits"]
        product = columns * (max(p["left_bits"], p["right_bits"]) + 18)
        above = columns * max(0, 42 - p["shift"])
        control = index_bits(p["height"] * p["channels"] * -(-p["width"] // columns))
        features = Features(
            (1, wide, product, above, control),
            (1, wide, product, control),
            dsp=2 * columns,
        )
        yield AreaPart("add", features)
