# SPDX-License-Identifier: Apache-2.0
"""`maxpool`: maximum over square windows, windows clipped at the bottom and right edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from firebrick.hardware.features import Features
from firebrick.hardware.memory import MemoryKind, cheap_kind, index_bits
from firebrick.hardware.memory_area import ram
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hardware.timing import RowTiming
from firebrick.ops.base import AreaPart, LayerEngine, Operator, few_columns


@dataclass(frozen=True, slots=True, eq=False)
class MaxPool(Operator):
    """Max pooling; ceil and floor mode differ only in the output's height and width.

    Attributes:
        name: of the layer.
        input: type of the input tensor.
        output: type of the output tensor; its height and width say how many windows there are.
        kernel: window side.
        stride: both directions.
    """

    kind: ClassVar[str] = "maxpool"
    name: str
    input: TensorType
    output: TensorType
    kernel: int
    stride: int

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        self.require(self.kernel >= 1, "kernel", self.kernel, "is less than 1")
        self.require(self.stride >= 1, "stride", self.stride, "is less than 1")
        self.require(
            (self.input.channels, self.input.bits, self.input.signed)
            == (self.output.channels, self.output.bits, self.output.signed),
            "output",
            self.output,
            f"differs from the input {self.input} in more than height and width",
        )
        for field, size, out in (
            ("output.height", self.input.height, self.output.height),
            ("output.width", self.input.width, self.output.width),
        ):
            last = (out - 1) * self.stride
            self.require(out > 0 and last < size, field, out, "has windows outside the image")

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.input,)

    def golden(self, *inputs: IntArray) -> IntArray:
        """Maximum of each window."""
        (x,) = inputs
        y = np.empty((x.shape[0], x.shape[1], self.output.height, self.output.width), np.int64)
        for row in range(self.output.height):
            for col in range(self.output.width):
                top, left = row * self.stride, col * self.stride
                window = x[:, :, top : top + self.kernel, left : left + self.kernel]
                y[:, :, row, col] = window.max((2, 3))
        return y


@dataclass(frozen=True, slots=True, eq=False)
class MaxPoolEngine(LayerEngine):
    """One instance of the module `maxpool`.

    Attributes:
        operator: what is computed.
        columns: pixels of an output beat; input beats carry `columns * stride`.
        memory: what the unfinished windows are kept in; by `cheap_kind` if None.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("channels", "in_height", "in_width", "out_height", "out_width"),
        *("kernel", "stride", "columns", "bits", "signed", "memory_kind"),
    )
    GEOMETRIES = tuple(
        {"channels": channels, "in_height": side, "in_width": side}
        | {"out_height": out, "out_width": out, "kernel": 3, "stride": 2}
        | {"columns": columns, "bits": 8, "signed": 0, "memory_kind": 0}
        for channels, side, out, columns in (
            *((64, 113, 56, 56), (64, 113, 56, 14), (128, 55, 27, 7)),
            *((256, 28, 14, 2), (96, 55, 27, 1), (6, 13, 6, 3)),
        )
    )
    operator: MaxPool
    columns: int
    memory: MemoryKind | None = None

    @classmethod
    def most_columns(cls, operator: MaxPool) -> int:
        """Columns with which a row arrives, and leaves, in one beat."""
        return max(operator.output.width, -(-operator.input.width // operator.stride))

    @classmethod
    def suited_columns(
        cls, operator: MaxPool, given: Sequence[int], wanted: Sequence[int], cycles: float
    ) -> int:
        """As its readers want, or as its producer gives, or as few as keep pace."""
        fewest = few_columns(operator.input, operator.stride, cycles)
        least = min(fewest, cls.most_columns(operator))
        whole, rest = divmod(given[0], operator.stride)
        offered = (*wanted, *(() if rest else (whole,)))
        return min((x for x in offered if least <= x <= operator.output.width), default=least)

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        operator = self.operator
        operator.require(self.columns >= 1, "columns", self.columns, "is less than 1")
        height, kernel = operator.input.height, operator.kernel
        ceil = max(0, -(-(height - kernel) // operator.stride)) + 1
        operator.require(
            operator.output.height <= ceil,
            "output.height",
            operator.output.height,
            f"exceeds {ceil}: only one row of windows may end with the last input row",
        )

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of each input stream."""
        return (self.columns * self.operator.stride,)

    @property
    def partials(self) -> int:
        """Unfinished windows that are held for each output pixel of a row."""
        return -(-(self.operator.kernel - 1) // self.operator.stride)

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        kind, out = self.operator.input, self.operator.output
        return {
            "channels": kind.channels,
            "in_height": kind.height,
            "in_width": kind.width,
            "out_height": out.height,
            "out_width": out.width,
            "kernel": self.operator.kernel,
            "stride": self.operator.stride,
            "columns": self.columns,
            "bits": kind.bits,
            "signed": int(kind.signed),
            "memory_kind": int(cheap_kind(*self._words) if self.memory is None else self.memory),
        }

    def timing(self) -> RowTiming:
        """An output row leaves while the last row of its windows arrives: no cycles of its own.

        Input rows are folded into partial windows and never make the source wait; `ring` is the
        number of rows that a window spans.
        """
        kernel, stride = self.operator.kernel, self.operator.stride
        kind, out = self.operator.input, self.operator.output
        inside, outside = StreamType(kind, self.columns * stride), StreamType(out, self.columns)
        needs = [min(y * stride + kernel, kind.height) for y in range(out.height)]
        lookahead = -(-max(0, kernel - stride) // inside.columns)
        return RowTiming(
            needs=tuple(needs),
            frees=(*needs[:-1], kind.height),
            cycles=(0,) * out.height,
            lag=3 + lookahead - (inside.segments - outside.segments),
            ring=max(kernel, stride),
            in_beats=inside.row_beats,
            out_beats=outside.row_beats,
        )

    @property
    def _words(self) -> tuple[int, int]:
        """Bits of a word of unfinished windows, and words: one row of the output."""
        stream = StreamType(self.operator.output, self.columns)
        return stream.data_bits * self.partials, stream.row_beats

    def buffer_bits(self) -> int:
        """Partial windows of one output row."""
        width, depth = self._words
        return width * depth

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """Maxima along rows, then with the unfinished windows in memory."""
        kernel, stride, columns, bits = p["kernel"], p["stride"], p["columns"], p["bits"]
        pixels = columns * stride
        partials = (kernel + stride - 2) // stride
        depth = p["channels"] * -(-p["out_width"] // columns)
        reach = max(0, kernel - stride)
        beats = -(-reach // pixels) + 1
        word = max(1, partials) * columns * bits
        segments = -(-p["in_width"] // pixels)
        control = (
            index_bits(segments)
            + index_bits(p["channels"])
            + 2 * p["in_height"].bit_length()
            + index_bits(depth)
        )
        wide = columns * bits
        features = Features(
            (1, (kernel - 1) * wide, (partials + 1) * wide, partials * wide, wide, control),
            (1, beats * pixels * bits, wide, control, index_bits(depth)),
            memory=ram(word, depth, p["memory_kind"], family),
        )
        yield AreaPart("maxpool", features)
