# SPDX-License-Identifier: Apache-2.0
"""`regroup`: the same tensor with another number of pixels a beat. Hardware only: no layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from firebrick.hardware.memory import Memory
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hardware.timing import RowTiming
from firebrick.ops.base import Engine, Operator


@dataclass(frozen=True, slots=True, eq=False)
class Regroup(Operator):
    """The identity.

    Attributes:
        name: of the place between two layers.
        output: type of the tensor, in and out.
    """

    kind: ClassVar[str] = "regroup"
    name: str
    output: TensorType

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.output,)

    def golden(self, *inputs: IntArray) -> IntArray:
        """The input itself."""
        return inputs[0]


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

    def memories(self) -> dict[str, Memory]:
        """No tables."""
        return {}

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

    def buffer_bits(self) -> int:
        """The queue is in registers, none in memory."""
        return 0
