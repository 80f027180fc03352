# SPDX-License-Identifier: Apache-2.0
"""`regroup`: the same tensor with another number of pixels a beat. Hardware only: no layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import gcd
from typing import ClassVar

from firebrick.errors import FirebrickError
from firebrick.hardware.features import Features
from firebrick.hardware.memory import index_bits
from firebrick.hardware.memory_area import chosen_luts
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.hardware.timing import RowTiming
from firebrick.ops.base import AreaPart, Engine, Identity

MOST_UNITS = 1 << 13
"""Units of a queue that it can be estimated for: registers of its own each."""


@dataclass(frozen=True, slots=True, eq=False)
class Regroup(Identity):
    """The identity.

    Attributes:
        name: of the place between two layers.
        output: type of the tensor, in and out.
    """

    kind: ClassVar[str] = "regroup"
    name: str
    output: TensorType


def gearbox_lag(source: StreamType, sink: StreamType) -> int:
    """Cycles from the end of a channel row's period until its last beat leaves the gearbox.

    A row's period is that of the side with more beats. An output beat leaves once the input beats
    it is made of are in, one a cycle; the tail of a row leaves while the next one comes in.
    """
    period = max(source.segments, sink.segments)
    last = 0  # cycle, counted from the row's start, in which the latest beat left
    for _ in range(source.tensor.channels * source.tensor.height):
        before = last
        last -= period
        for beat in range(1, sink.segments + 1):
            arrived = min(-(-beat * sink.columns // source.columns), source.segments)
            last = max(last + 1, arrived)
        if last == before:  # every further row is alike
            break
    return last - period + 1


@dataclass(frozen=True, slots=True, eq=False, init=False)
class RegroupEngine(Engine):
    """One instance of the module `regroup`.

    Attributes:
        operator: what is carried.
        source: the stream that enters.
        sink: the stream that leaves.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("channels", "height", "width", "in_columns", "out_columns", "bits"),
    )
    GEOMETRIES = tuple(
        {"channels": 64, "height": 55, "width": 55}
        | {"in_columns": before, "out_columns": after, "bits": 8}
        for before, after in (
            *((4, 2), (2, 14), (28, 14), (14, 7), (16, 57), (57, 16), (1, 8), (5, 3), (11, 28)),
            *((28, 55), (7, 6), (19, 1), (1, 55), (1, 28), (2, 55), (28, 4), (56, 8), (14, 4)),
        )
    )
    operator: Regroup
    source: StreamType
    sink: StreamType

    def __init__(self, name: str, tensor: TensorType, in_columns: int, out_columns: int) -> None:
        """Check the columns.

        Args:
            name: of the place between two layers.
            tensor: what is carried.
            in_columns: pixels of an input beat.
            out_columns: pixels of an output beat.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        operator = Regroup(name, tensor)
        operator.require(in_columns >= 1, "in_columns", in_columns, "is less than 1")
        operator.require(out_columns >= 1, "out_columns", out_columns, "is less than 1")
        object.__setattr__(self, "operator", operator)
        object.__setattr__(self, "source", StreamType(tensor, in_columns))
        object.__setattr__(self, "sink", StreamType(tensor, out_columns))

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of each input stream."""
        return (self.source.columns,)

    @property
    def out_columns(self) -> int:
        """Pixels a beat of the output stream."""
        return self.sink.columns

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        tensor = self.operator.output
        return {
            "channels": tensor.channels,
            "height": tensor.height,
            "width": tensor.width,
            "in_columns": self.source.columns,
            "out_columns": self.sink.columns,
            "bits": tensor.bits,
        }

    def timing(self) -> RowTiming:
        """A channel's row takes as many cycles as the side with more beats has beats."""
        tensor = self.operator.output
        beats_in, beats_out = self.source.segments, self.sink.segments
        period = max(beats_in, beats_out)
        rows = tuple(range(1, tensor.height + 1))
        return RowTiming(
            needs=rows,
            frees=rows,
            cycles=(tensor.channels * (period - beats_in),) * len(rows),
            lag=gearbox_lag(self.source, self.sink),
            ring=1,
            in_beats=self.source.row_beats,
            out_beats=self.sink.row_beats,
        )

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """A queue of units, each loaded from wherever a beat can put it."""
        del family
        unit = gcd(p["in_columns"], p["out_columns"])
        taken, given = p["in_columns"] // unit, p["out_columns"] // unit
        segments = -(-p["width"] // p["in_columns"])
        given_segments = -(-p["width"] // p["out_columns"])
        last = given_segments * given - (segments - 1) * taken
        most = max(taken, last) if segments > 1 else last
        waiting = 2 * given
        capacity = most + waiting
        if capacity > MOST_UNITS:
            raise FirebrickError(f"regroup: units={capacity} of its queue exceed {MOST_UNITS}")
        starts = {
            start
            for beat in range(min(segments, given))
            for start in range(beat * taken % given, waiting + 1, given)
        }
        sources = [sum(n <= u < n + taken for n in starts) for u in range(capacity)]
        bits = unit * p["bits"]
        # A unit that moves down has one more source; the first source of all is to stay as it is.
        choices = sum(chosen_luts(x + (u < capacity - given)) for u, x in enumerate(sources))
        moved = capacity - given
        control = index_bits(segments) + capacity.bit_length()
        beats = index_bits(p["height"] * p["channels"] * given_segments)
        features = Features(
            (1, bits * choices, bits * moved, bits * sum(sources), len(starts), control, beats),
            (1, bits * capacity, control, beats),
        )
        yield AreaPart("regroup", features)
