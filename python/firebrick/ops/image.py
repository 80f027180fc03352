# SPDX-License-Identifier: Apache-2.0
"""`image`: interleaved pixels, as cameras and files have them, to a row stream. No layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from firebrick.hardware.features import Features
from firebrick.hardware.memory import MemoryKind, cheap_kind, index_bits
from firebrick.hardware.memory_area import ram, select_luts
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hardware.timing import Role, RowTiming
from firebrick.ops.base import AreaPart, Engine, Identity
from firebrick.ops.regroup import RegroupEngine, gearbox_lag


def pixel_beats(image: IntArray, pixels: int, padding: int = 0) -> IntArray:
    """Lay images out as beats of interleaved pixels.

    Args:
        image: values, shape (N, C, H, W).
        pixels: pixels a beat; each image row begins a new beat.
        padding: value of all channels of the pixels beyond a row's end.

    Returns:
        Array of shape (beats, pixels * C), pixel by pixel, channel 0 first.
    """
    tail = -image.shape[3] % pixels
    padded = np.pad(image, ((0, 0), (0, 0), (0, 0), (0, tail)), constant_values=padding)
    return padded.transpose(0, 2, 3, 1).reshape(-1, pixels * image.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Image(Identity):
    """The identity: only the order in which values travel changes.

    Attributes:
        name: of the image's tensor.
        output: type of the image, in and out.
    """

    kind: ClassVar[str] = "image"
    name: str
    output: TensorType


@dataclass(frozen=True, slots=True, eq=False, init=False)
class ImageEngine(Engine):
    """One instance of the module `image`. Its input is no row stream, see `pixel_beats`.

    Attributes:
        operator: what is carried.
        pixels: pixels of an input beat, with all their channels.
        columns: pixels of an output beat.
        memory: what the two rows are kept in; by `cheap_kind` if None.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        *("channels", "height", "width", "pixels", "columns", "bits", "memory_kind"),
    )
    ROLE = Role.WORK
    GEOMETRIES = tuple(
        {"channels": 3, "height": 227, "width": 227, "pixels": pixels, "columns": columns}
        | {"bits": 8, "memory_kind": 0}
        for pixels, columns in (
            *((8, 8), (1, 4), (16, 114), (8, 38), (4, 3), (12, 57), (1, 112), (1, 28), (2, 56)),
        )
    )
    operator: Image
    pixels: int
    columns: int
    memory: MemoryKind | None

    def __init__(
        self,
        tensor: TensorType,
        pixels: int,
        columns: int,
        name: str = "image",
        memory: MemoryKind | None = None,
    ) -> None:
        """Check the folding.

        Args:
            tensor: type of the image.
            pixels: pixels of an input beat.
            columns: pixels of an output beat.
            name: of the image's tensor.
            memory: what the two rows are kept in; by `cheap_kind` if None.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        operator = Image(name, tensor)
        operator.require(pixels >= 1, "pixels", pixels, "is less than 1")
        operator.require(columns >= 1, "columns", columns, "is less than 1")
        object.__setattr__(self, "operator", operator)
        object.__setattr__(self, "pixels", pixels)
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "memory", memory)

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of each input stream."""
        return (self.pixels,)

    @property
    def out_columns(self) -> int:
        """Pixels a beat of the output stream."""
        return self.columns

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        tensor = self.operator.output
        return {
            "channels": tensor.channels,
            "height": tensor.height,
            "width": tensor.width,
            "pixels": self.pixels,
            "columns": self.columns,
            "bits": tensor.bits,
            "memory_kind": int(cheap_kind(*self._words) if self.memory is None else self.memory),
        }

    def timing(self) -> RowTiming:
        """A row waits until it is there, then passes once per channel; two rows are held."""
        tensor = self.operator.output
        plane, sink = StreamType(tensor, self.pixels), StreamType(tensor, self.columns)
        rows = tuple(range(1, tensor.height + 1))
        cycles = tensor.channels * max(plane.segments, sink.segments)
        return RowTiming(
            needs=rows,
            frees=rows,
            cycles=(cycles,) * len(rows),
            lag=gearbox_lag(plane, sink) + 1,
            ring=2,
            in_beats=plane.segments,
            out_beats=sink.row_beats,
        )

    @property
    def _words(self) -> tuple[int, int]:
        """Bits of a raw beat, and beats: those of two rows."""
        tensor = self.operator.output
        beats = 2 * StreamType(tensor, self.pixels).segments
        return self.pixels * tensor.channels * tensor.bits, beats

    @property
    def held(self) -> int:
        """Output beats that the gearbox makes ready while its output is blocked."""
        return 2

    def buffer_bits(self) -> int:
        """Two rows of raw beats."""
        width, depth = self._words
        return width * depth

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """Two rows of beats, a channel selector, a gearbox."""
        width = p["pixels"] * p["channels"] * p["bits"]
        segments = -(-p["width"] // p["pixels"])
        shape = {name: p[name] for name in ("channels", "height", "width", "bits")}
        columns = {"in_columns": p["pixels"], "out_columns": p["columns"]}
        inner = next(RegroupEngine.area(shape | columns, family)).features
        control = 3 * index_bits(segments) + 2 * index_bits(p["channels"]) + index_bits(p["height"])
        plane = p["pixels"] * p["bits"] * select_luts(p["channels"])
        features = Features(
            (*inner.lut_terms, plane, control),
            (*inner.ff_terms, control),
            memory=ram(width, 2 * segments, p["memory_kind"], family),
        )
        yield AreaPart("image", features)
