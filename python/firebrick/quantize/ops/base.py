# SPDX-License-Identifier: Apache-2.0
"""What is to be said about an operator for a network to be quantized to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Generic, TypeVar

import numpy as np

from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import FloatArray, Node, Shape
from firebrick.ops.base import Operator
from firebrick.quantize.exact import Array, smallest_dtype
from firebrick.quantize.ops.onnx_nodes import OnnxNodes
from firebrick.quantize.ops.stored import Stored
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.scales import ScaleChoice, activation_scale, logit_scale
from firebrick.quantize.tensors import Tensors

MAX_WINDOW = 64
"""Longest side, and step, of a window that an integer ONNX file may have."""
LOGIT_BITS = 16
"""Bits of the output of a convolution or addition that ends the network: only software reads it."""

NodeT = TypeVar("NodeT", bound=Node)
OperatorT = TypeVar("OperatorT", bound=Operator)


@dataclass(frozen=True, slots=True)
class Source:
    """A tensor that a layer reads.

    Attributes:
        name: of the tensor.
        kind: its type.
        scale: real value of one integer step.
    """

    name: str
    kind: TensorType
    scale: float

    @property
    def shape(self) -> Shape:
        """Shape of a frame."""
        return Shape(self.kind.channels, self.kind.height, self.kind.width)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What integers are chosen from.

    Attributes:
        options: bits, scheme, crops.
        rng: source of random choices.
        tensors: what the layers so far make of the crops.
        logits: name of the last layer, whose output nobody reads.
    """

    options: QuantizeOptions
    rng: np.random.Generator
    tensors: Tensors
    logits: str

    def output_bits(self, node: Node) -> int:
        """Bits of what a layer gives where it requantizes: logits need not be narrow."""
        return LOGIT_BITS if node.name == self.logits else self.options.act_bits

    def scale_choice(self, node: Node) -> ScaleChoice:
        """How the real value of one integer step of what a layer gives is chosen."""
        return logit_scale if node.name == self.logits else activation_scale


class Recipe(ABC, Generic[NodeT, OperatorT]):
    """How a layer of the float graph becomes an operator, and what becomes of that in a file."""

    node_type: ClassVar[type[Node]]
    """Class of the layer."""
    operator_type: ClassVar[type[Operator]]
    """Class of what it becomes."""
    fields: ClassVar[tuple[tuple[str, int, int], ...]] = ()
    """The operator's integers that no initializer holds: field, smallest and largest value."""
    stored: ClassVar[tuple[tuple[str, int], ...]] = ()
    """Initializers that `read` takes: what their names end with, and their ONNX type."""

    def check(self, node: NodeT) -> None:
        """Refuse what would take too much memory to quantize.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """

    def bytes_needed(self, node: NodeT, options: QuantizeOptions) -> int:
        """Bytes that choosing the integers takes beside the tensors and a batch of its output."""
        return 0

    @abstractmethod
    def real(self, node: NodeT) -> Callable[..., FloatArray]:
        """A function that computes the layer in floats, on (N, C, H, W) arrays."""

    @abstractmethod
    def quantize(
        self, node: NodeT, inputs: Sequence[Source], calibration: Calibration
    ) -> tuple[OperatorT, float]:
        """Choose the integers.

        Returns:
            The operator, and the real value of one integer step of its output.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """

    def integer(self, operator: OperatorT) -> Callable[..., Array]:
        """A function that gives the integers of `golden()`, sooner, in the smallest dtype."""
        return partial(self._golden, operator)

    def weights(self, operator: OperatorT) -> int:
        """Number of weights in a file, zeros included."""
        return 0

    @abstractmethod
    def write(self, operator: OperatorT, inputs: Sequence[str], out: OnnxNodes) -> None:
        """Append standard ONNX nodes that give its integers as a tensor of its name.

        Raises:
            FirebrickError: it has no exact ONNX form.
        """

    @abstractmethod
    def read(self, layer: Stored) -> OperatorT:
        """The operator that `write` has written.

        Raises:
            FirebrickError: naming layer or initializer, and the rule.
        """

    def _golden(self, operator: OperatorT, *inputs: Array) -> Array:
        values = operator.golden(*(x.astype(np.int64) for x in inputs))
        return values.astype(smallest_dtype(operator.output))
