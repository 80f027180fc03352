# SPDX-License-Identifier: Apache-2.0
"""What every operator provides, in its two forms.

An `Operator` is *what is computed*: shapes, integers, `golden()`. It knows nothing of hardware.
An `Engine` is an operator whose folding is chosen: one instance of the SystemVerilog module of the
same name, with its parameters, memory images, row timing and what all of it costs. A `LayerEngine`
is one that a layer of a network becomes; what it says of a whole class, planning asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.hardware.features import Features
from firebrick.hardware.memory import Memory
from firebrick.hardware.resources import Family
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hardware.timing import Role, RowTiming
from firebrick.ops.folding import Folding

Order = tuple[int, ...]
"""Natural channel number at each position of a stream."""


class Operator(ABC):
    """One layer of a quantized network. Tensors are int64 arrays in NCHW order."""

    kind: ClassVar[str]
    """Name of the operator in every language: module, file stem, `ops/<kind>.py`."""
    name: str
    """Name of the layer, and of its output tensor."""
    output: TensorType
    """Type of the output tensor."""

    @property
    @abstractmethod
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""

    @abstractmethod
    def golden(self, *inputs: IntArray) -> IntArray:
        """The definition of the operator: slow, obvious, exact."""

    @property
    def macs(self) -> tuple[int, int]:
        """Multiplications a frame: by nonzero weights; by all weights, pruned ones included."""
        return 0, 0

    def require(self, rule: bool, field: str, value: object, text: str) -> None:
        """Raise unless `rule` holds, naming layer, field, value and rule.

        Raises:
            FirebrickError: with the text ``conv 'fire2_squeeze': lanes=200 exceeds 64 slices``.
        """
        if not rule:
            raise FirebrickError(f"{self.kind} {self.name!r}: {field}={value} {text}")


class Identity(Operator):
    """An operator that changes nothing but how values travel."""

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the input tensors."""
        return (self.output,)

    def golden(self, *inputs: IntArray) -> IntArray:
        """The input itself."""
        return inputs[0]


class AreaPart(NamedTuple):
    """A part of a module whose area is estimated by itself.

    Attributes:
        module: SystemVerilog module of the part; coefficients are by its name.
        features: what it takes.
        copies: how many of it there are.
    """

    module: str
    features: Features
    copies: int = 1


class ChannelTable(NamedTuple):
    """A constant for each channel of an input stream, in its order, as a C++ function takes it.

    Attributes:
        name: of the function's argument.
        values: one a channel.
        bits: of each.
        signed: two's complement.
        note: what it says.
    """

    name: str
    values: Sequence[int]
    bits: int
    signed: bool
    note: str


class Engine(ABC):
    """One hardware instance: an operator with its folding.

    `parameters()` are exactly the parameters of the SystemVerilog module `operator.kind`, in lower
    case; `memories()` are its memory images by file suffix: the module reads
    ``<PREFIX>.<suffix>.mem`` (hexadecimal, one word a line).
    """

    PARAMETERS: ClassVar[tuple[str, ...]]
    """Keys of `parameters()`, in the module's order."""
    ROLE: ClassVar[Role] = Role.STREAM
    """What it does with rows."""
    IN_PORTS: ClassVar[tuple[str, ...]] = ("s_axis",)
    """Prefixes of the module's input streams."""
    PACKED: ClassVar[bool] = False
    """Whether its ports carry any payload, `tlast` as the top bit of `tdata`."""
    LOADED: ClassVar[bool] = False
    """Whether the module is on the chain that brings memory contents after a reset."""
    GEOMETRIES: ClassVar[tuple[dict[str, int], ...]] = ()
    """Parameters of instances that its area's coefficients are fitted to."""
    operator: Operator

    @property
    @abstractmethod
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of each input stream."""

    @property
    @abstractmethod
    def out_columns(self) -> int:
        """Pixels a beat of the output stream."""

    @abstractmethod
    def parameters(self) -> dict[str, int]:
        """Parameters of the module, in lower case."""

    def memories(self) -> dict[str, Memory]:
        """Memory images by file suffix; mostly none."""
        return {}

    def tables(self) -> tuple[ChannelTable, ...]:
        """What memories hold of each channel, for functions in C++; mostly nothing."""
        return ()

    def content_bits(self) -> dict[str, int]:
        """Bits of the read-only memories, padding included, by what they hold; mostly none."""
        return {}

    def stored_bits(self) -> int:
        """Bits that memories of block RAM and UltraRAM are to hold, where that is accounted for."""
        return 0

    def load_words(self) -> tuple[int, ...]:
        """Words to be loaded into its memories after a reset, in the chain's order; mostly none."""
        return ()

    @property
    def load_count(self) -> int:
        """Number of `load_words()`, without making them."""
        return 0

    @property
    def load_stages(self) -> int:
        """Memories that the chain of these words goes through."""
        return 0

    @abstractmethod
    def timing(self) -> RowTiming:
        """Row timing, exact where the engine is the bottleneck."""

    @property
    def held(self) -> int:
        """Output beats that queues of a `WORK` engine hold while the output is blocked."""
        return 0

    def buffer_bits(self) -> int:
        """Bits of writable memory: row buffers, partial sums, queues; none if all is registers."""
        return 0

    def queue_bits(self) -> int:
        """Those of them that are queues."""
        return 0

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights (requantization not counted)."""
        return 0

    @classmethod
    def random_memories(cls, p: Mapping[str, int], rng: np.random.Generator) -> dict[str, Memory]:
        """Memory images by file suffix, with anything in them, from parameters; mostly none."""
        del p, rng
        return {}

    @classmethod
    @abstractmethod
    def area(cls, p: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
        """What the module takes of a device, part by part, from its parameters alone.

        Args:
            p: parameters, in lower case.
            family: of the device.

        Raises:
            KeyError: a parameter is missing.
        """


SHARE = 0.75
"""Most of a frame's cycles that a stream may be busy, so that it absorbs uneven arrival."""


def few_columns(kind: TensorType, stride: int, cycles: float) -> int:
    """Fewest output columns, each of `stride` pixels, with which a tensor arrives in time."""
    rows = kind.channels * kind.height
    fewest = 1
    while fewest < kind.width and rows * -(-kind.width // (fewest * stride)) > SHARE * cycles:
        fewest += 1
    return fewest


class ChannelOrder(Enum):
    """In which order an engine gives its channels."""

    CHOSEN = "chosen"
    """In any that the plan likes: its tables follow. So far the plan chooses for `conv` alone."""
    KEPT = "kept"
    """In that of its inputs, which is one and the same."""
    NATURAL = "natural"
    """In natural order, whatever that of its input."""


class LayerEngine(Engine):
    """An engine that a layer of a network becomes."""

    CHANNELS: ClassVar[ChannelOrder] = ChannelOrder.KEPT
    """In which order channels leave."""
    operator: Any
    columns: int
    """Pixels a beat of all streams, unless the next two say otherwise."""

    @property
    def in_columns(self) -> tuple[int, ...]:
        """Pixels a beat of each input stream."""
        return (self.columns,) * len(self.operator.inputs)

    @property
    def out_columns(self) -> int:
        """Pixels a beat of the output stream."""
        return self.columns

    @classmethod
    def of(cls, operator: Any, folding: Folding, in_order: Order) -> Self:
        """The engine of a layer; most need nothing but columns.

        Args:
            operator: what is computed.
            folding: chosen.
            in_order: natural channel number at each position of the input streams.

        Raises:
            FirebrickError: the folding does not suit; names layer, field, value and rule.
        """
        del in_order
        make: Any = cls
        engine: Self = make(operator, folding.columns)
        return engine

    @classmethod
    def most_columns(cls, operator: Any) -> int:
        """Columns beyond which there is nothing to gain."""
        return int(operator.output.width)

    @classmethod
    def most_lanes(cls, operator: Any) -> int:
        """Lanes beyond which there is nothing to share out; 0 where there are no lanes."""
        del operator
        return 0

    @classmethod
    def suited_columns(
        cls, operator: Any, given: Sequence[int], wanted: Sequence[int], cycles: float
    ) -> int:
        """Columns of an engine that only passes beats on: never the bottleneck, few regroupings.

        Args:
            operator: what is computed.
            given: columns of its inputs' producers.
            wanted: columns in which readers that do work take its output.
            cycles: a frame's cycles.
        """
        del wanted
        output = operator.output
        return int(min(max(*given, few_columns(output, 1, cycles)), output.width))
