# SPDX-License-Identifier: Apache-2.0
"""What stands between engines: `fifo` and `broadcast`, engines that compute nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from firebrick.hardware.features import Features
from firebrick.hardware.memory import cheap_kind, index_bits
from firebrick.hardware.memory_area import ram
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.hardware.timing import Role, RowTiming
from firebrick.ops.base import AreaPart, Engine, Identity


@dataclass(frozen=True, slots=True, eq=False)
class Fifo(Identity):
    """The identity: a queue. Fields as those of `Regroup`."""

    kind: ClassVar[str] = "fifo"
    name: str
    output: TensorType


@dataclass(frozen=True, slots=True, eq=False)
class Broadcast(Identity):
    """The identity, to several readers. Fields as those of `Regroup`."""

    kind: ClassVar[str] = "broadcast"
    name: str
    output: TensorType


class _Passing(Engine):
    """An engine whose streams are all alike."""

    stream: StreamType

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of the input stream."""
        return (self.stream.columns,)

    @property
    def out_columns(self) -> int:
        """Pixels a beat of the output streams."""
        return self.stream.columns


@dataclass(frozen=True, slots=True, eq=False)
class FifoEngine(_Passing):
    """One instance of the module `fifo`, which carries any payload: `tlast` is its top bit.

    Attributes:
        operator: what is carried.
        stream: in and out.
        depth: beats that it holds, 2 or more.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("width", "depth", "kind")
    ROLE = Role.FIFO
    PACKED = True
    GEOMETRIES = tuple(
        {"width": width, "depth": depth, "kind": kind}
        for width, depth, kind in (
            *((9, 144, 0), (113, 40, 0), (57, 1000, 1), (33, 24, 0), (225, 3000, 1), (17, 5, 0)),
        )
    )
    operator: Fifo
    stream: StreamType
    depth: int

    @property
    def width(self) -> int:
        """Bits of a beat: tdata and tlast."""
        return self.stream.data_bits + 1

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        kind = cheap_kind(self.width, self.depth)
        return {"width": self.width, "depth": self.depth, "kind": int(kind)}

    def timing(self) -> RowTiming:
        """As many whole rows are held as there is room for."""
        return RowTiming(ring=self.depth // self.stream.row_beats)

    def buffer_bits(self) -> int:
        """All of it."""
        return self.width * self.depth

    def queue_bits(self) -> int:
        """All of it."""
        return self.buffer_bits()

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """The output register is the memory's."""
        control = 2 * index_bits(p["depth"]) + p["depth"].bit_length()
        memory = ram(p["width"], p["depth"], p["kind"], family)
        yield AreaPart("fifo", Features((1, control), (1, control), memory=memory))


@dataclass(frozen=True, slots=True, eq=False)
class BroadcastEngine(_Passing):
    """One instance of the module `broadcast`: each beat goes to every reader.

    Attributes:
        operator: what is carried.
        stream: in and out.
        copies: readers.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("width", "copies")
    ROLE = Role.FORK
    GEOMETRIES = tuple(
        {"width": width, "copies": copies}
        for width, copies in ((8, 2), (112, 2), (40, 3), (224, 5))
    )
    operator: Broadcast
    stream: StreamType
    copies: int

    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""
        return {"width": self.stream.data_bits, "copies": self.copies}

    def timing(self) -> RowTiming:
        """Nothing is held."""
        return RowTiming()

    @classmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """One register."""
        del family
        features = Features((1, p["copies"]), (1, p["width"], p["copies"]))
        yield AreaPart("broadcast", features)
