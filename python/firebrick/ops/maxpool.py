# SPDX-License-Identifier: Apache-2.0
"""`maxpool`: maximum over square windows, which are clipped at every edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
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
    """Max pooling; padding never wins a maximum, so windows are clipped where they meet it.

    Ceil and floor mode, and padding at the bottom and right, differ only in the output's height and
    width.

    Attributes:
        name: of the layer.
        input: type of the input tensor.
        output: type of the output tensor; its height and width say how many windows there are.
        kernel: window side.
        stride: both directions.
        pad_top: rows of padding above the image, less than `kernel`.
        pad_left: pixels of padding left of it, less than `kernel`.
    """

    kind: ClassVar[str] = "maxpool"
    name: str
    input: TensorType
    output: TensorType
    kernel: int
    stride: int
    pad_top: int = 0
    pad_left: int = 0

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        self.require(self.kernel >= 1, "kernel", self.kernel, "is less than 1")
        self.require(self.stride >= 1, "stride", self.stride, "is less than 1")
        self.require(
            replace(self.input, height=self.output.height, width=self.output.width) == self.output,
            "output",
            self.output,
            f"differs from the input {self.input} in more than height and width",
        )
        for field, pad in (("pad_top", self.pad_top), ("pad_left", self.pad_left)):
            self.require(0 <= pad < self.kernel, field, pad, f"is not in 0..{self.kernel - 1}")
        for field, size, out in (
            ("output.height", self.pad_top + self.input.height, self.output.height),
            ("output.width", self.pad_left + self.input.width, self.output.width),
        ):
            last = (out - 1) * self.stride
            self.require(out > 0 and last < size, field, out, "has windows outside the image")

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.input,)

    def needs(self, row: int) -> int:
        """Rows of the image, from its top, that hold all of an output row's windows."""
        return min(row * self.stride + self.kernel - self.pad_top, self.input.height)

    def golden(self, *inputs: IntArray) -> IntArray:
        """Maximum of each window."""
        (x,) = inputs
        y = np.empty((x.shape[0], x.shape[1], self.output.height, self.output.width), np.int64)
        for row in range(self.output.height):
            for col in range(self.output.width):
                top, left = row * self.stride - self.pad_top, col * self.stride - self.pad_left
                rows = slice(max(0, top), top + self.kernel)
                window = x[:, :, rows, max(0, left) : left + self.kernel]
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
        *("kernel", "stride", "pad_top", "pad_left", "columns", "bits", "signed", "memory_kind"),
    )
    GEOMETRIES = tuple(
        {"channels": channels, "in_height": side, "in_width": side}
        | {"out_height": out, "out_width": out, "kernel": 3, "stride": 2}
        | {"pad_top": 0, "pad_left": 0}
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
        fewest = few_columns(_passing(operator), operator.stride, cycles)
        least = min(fewest, cls.most_columns(operator))
        whole, rest = divmod(given[0], operator.stride)
        offered = (*wanted, *(() if rest else (whole,)))
        return min((x for x in offered if least <= x <= operator.output.width), default=least)

    def __post_init__(self) -> None:
        """Check the folding.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        self.operator.require(self.columns >= 1, "columns", self.columns, "is less than 1")

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
            "pad_top": self.operator.pad_top,
            "pad_left": self.operator.pad_left,
            "columns": self.columns,
            "bits": kind.bits,
            "signed": int(kind.signed),
            "memory_kind": int(cheap_kind(*self._words) if self.memory is None else self.memory),
        }

    def timing(self) -> RowTiming:
        """An output row leaves while the last row of its windows arrives: no cycles of its own.

        Of rows of windows that end with the same input row, each after the first takes as long as
        an input row. Input rows are folded into partial windows and never make the source wait;
        `ring` is the number of rows that a window spans, and what is held until such rows have
        left is what makes the next frame wait for them.
        """
        operator = self.operator
        kernel, stride, height = operator.kernel, operator.stride, operator.input.height
        inside = StreamType(_passing(operator), self.columns * stride)
        outside = StreamType(operator.output, self.columns)
        needs = [operator.needs(y) for y in range(operator.output.height)]
        behind = [later == before for before, later in pairwise(needs)]
        ring = max(kernel, stride)
        if any(behind):
            ring = min(ring, height)
        frees = [min(x, height - ring) if any(behind) else x for x in needs[:-1]]
        lookahead = -(-max(0, kernel - stride - operator.pad_left) // inside.columns)
        return RowTiming(
            needs=tuple(needs),
            frees=(*frees, height),
            cycles=(0, *(inside.row_beats if x else 0 for x in behind)),
            lag=3 + lookahead - (inside.segments - outside.segments),
            ring=ring,
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
        in_segments, out_segments = -(-p["in_width"] // pixels), -(-p["out_width"] // columns)
        depth = p["channels"] * out_segments
        reach = max(0, kernel - stride - p["pad_left"])
        beats = -(-reach // pixels) + 1 + -(-p["pad_left"] // pixels)
        word = max(1, partials) * columns * bits
        segments = max(in_segments, out_segments)
        lowest = p["pad_top"] + p["in_height"]
        behind = max(0, p["out_height"] - max(0, -(-(lowest - kernel) // stride)) - 1)
        control = (
            index_bits(segments)
            + index_bits(p["channels"])
            + 2 * (lowest + behind).bit_length()
            + index_bits(depth)
        )
        if behind or segments > in_segments:  # `maxpool_tail`
            frame = (p["in_height"] + behind) * p["channels"] * segments
            control += index_bits(segments) + index_bits(frame)
        wide = columns * bits
        features = Features(
            (1, (kernel - 1) * wide, (partials + 1) * wide, partials * wide, wide, control),
            (1, beats * pixels * bits, wide, control, index_bits(depth)),
            memory=ram(word, depth, p["memory_kind"], family),
        )
        yield AreaPart("maxpool", features)


def _passing(operator: MaxPool) -> TensorType:
    """The frame that passes through the module: the image, and what it puts in behind.

    That is a row for each row of windows that ends with the same input row as the one before, and
    pixels where a row has more windows than pixels to begin them with.
    """
    kind, out = operator.input, operator.output
    whole = sum(operator.needs(y) < kind.height for y in range(out.height))
    return replace(
        kind,
        height=kind.height + max(0, out.height - whole - 1),
        width=max(kind.width, out.width * operator.stride),
    )
