# SPDX-License-Identifier: Apache-2.0
"""What every operator provides, in its two forms.

An `Operator` is *what is computed*: shapes, integers, `golden()`. It knows nothing of hardware.
An `Engine` is an operator whose folding is chosen: one instance of the SystemVerilog module of the
same name, with its parameters, memory images and row timing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from firebrick.errors import FirebrickError
from firebrick.hardware.memory import Memory
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hardware.timing import RowTiming


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

    def require(self, rule: bool, field: str, value: object, text: str) -> None:
        """Raise unless `rule` holds, naming layer, field, value and rule.

        Raises:
            FirebrickError: with the text ``conv 'fire2_squeeze': lanes=200 exceeds 64 slices``.
        """
        if not rule:
            raise FirebrickError(f"{self.kind} {self.name!r}: {field}={value} {text}")


class Engine(ABC):
    """One hardware instance: an operator with its folding.

    `parameters()` are exactly the parameters of the SystemVerilog module `operator.kind`, in lower
    case; `memories()` are its memory images by file suffix: the module reads
    ``<PREFIX>.<suffix>.mem`` (hexadecimal, one word a line).
    """

    PARAMETERS: ClassVar[tuple[str, ...]]
    """Keys of `parameters()`, in the module's order."""
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

    @abstractmethod
    def memories(self) -> dict[str, Memory]:
        """Memory images by file suffix."""

    def load_words(self) -> tuple[int, ...]:
        """Words to be loaded into its memories after a reset, in the chain's order; mostly none."""
        return ()

    @abstractmethod
    def timing(self) -> RowTiming:
        """Row timing, exact where the engine is the bottleneck."""

    @abstractmethod
    def buffer_bits(self) -> int:
        """Bits of writable memory: row buffers, partial sums, queues."""

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights (requantization not counted)."""
        return 0
