# SPDX-License-Identifier: Apache-2.0
"""The float graph: a typed picture of the trained network, before it becomes integers.

Nodes are immutable and listed in execution order; a node's name is the name of its output tensor.
Each class knows the rules of its layer; those of a whole graph are in `ir.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.ir.grid import BITS, Grid, activated
from firebrick.preprocessing import Preprocessing

FloatArray = NDArray[np.float32]

IMAGE = "image"
"""Name of the graph's input tensor."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of one frame of a tensor."""

    channels: int
    height: int
    width: int

    @property
    def values(self) -> int:
        """Number of values."""
        return self.channels * self.height * self.width


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A layer. `inputs` are names of earlier nodes, or `IMAGE`."""

    kind: ClassVar[str]
    """What messages call it."""
    stem: ClassVar[str] = "layer"
    """What passes call it, with a number behind."""
    arity: ClassVar[int] = 1
    """How many tensors it reads; any number but none, if `is_variadic`."""
    is_variadic: ClassVar[bool] = False
    in_hardware: ClassVar[bool] = False
    """Whether hardware computes it; passes leave no others."""
    keeps_factors: ClassVar[bool] = False
    """Whether `f(a x) = a f(x)` for any positive factors `a` of the channels."""
    lets_relu_through: ClassVar[bool] = False
    """Whether `relu(f(x)) = f(relu(x))`, of a ReLU without a ceiling."""
    name: str
    inputs: tuple[str, ...]

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """Shape it gives from as many shapes as it reads: that of the first, unless it says more.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """
        return inputs[0]

    def verify_numbers(self) -> None:
        """Check what must hold of its numbers beside being finite.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """

    def fail(self, field: str, value: object, rule: str) -> FirebrickError:
        """Error about one field, to be raised by the caller."""
        return FirebrickError(f"{self.kind} {self.name!r}: {field}={value} {rule}")

    def require(self, holds: bool, field: str, value: object, rule: str) -> None:
        """Raise what `fail` gives unless the rule holds."""
        if not holds:
            raise self.fail(field, value, rule)

    def _require_size(self, field: str, value: float) -> None:
        self.require(0 < value < float("inf"), field, value, "is not positive and finite")

    def _require_shape(self, field: str, array: FloatArray, shape: tuple[int, ...]) -> None:
        self.require(array.shape == shape, field, array.shape, f"is not of shape {shape}")


@dataclass(frozen=True, slots=True, eq=False)
class ActivatedNode(Node):
    """A layer of sums, which may do behind them what a ReLU and a `Quant` would.

    Attributes:
        relu: a ReLU follows.
        ceiling: what the ReLU is clamped to; None for not at all.
        grid: what its values are put on then; None for none.
    """

    relu: bool = field(default=False, kw_only=True)
    ceiling: float | None = field(default=None, kw_only=True)
    grid: Grid | None = field(default=None, kw_only=True)

    def activate(self, sums: FloatArray) -> FloatArray:
        """What becomes of its sums, the bias among them."""
        return activated(sums, relu=self.relu, ceiling=self.ceiling, grid=self.grid)

    def verify_numbers(self) -> None:
        """A ceiling is a ReLU's, and a grid one that integers of the hardware can have."""
        if self.ceiling is not None:
            self.require(self.relu, "ceiling", self.ceiling, "has no ReLU under it")
            self._require_size("ceiling", self.ceiling)
        if self.grid is not None:
            self._require_size("scale", self.grid.scale)
            bits, rule = self.grid.bits, f"is not in {BITS.start}..{BITS[-1]}"
            self.require(bits in BITS, "bits", bits, rule)
            is_relu = self.relu == (not self.grid.signed)
            self.require(is_relu, "signed", self.grid.signed, f"does not go with relu={self.relu}")


@dataclass(frozen=True, slots=True, eq=False)
class ConvNode(ActivatedNode):
    """Convolution, cross-correlation as in ONNX.

    Attributes:
        weights: float32 (O, I, K, K); groups are already expanded to zeros.
        bias: float32 (O,).
        stride: both directions.
        pads: top, left, bottom, right.
    """

    kind: ClassVar[str] = "conv"
    in_hardware: ClassVar[bool] = True
    weights: FloatArray
    bias: FloatArray
    stride: int = 1
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """One channel a filter, one pixel a window that lies within image and padding."""
        (shape,) = inputs
        size = self.weights.shape
        is_square = len(size) == 4 and size[2] == size[3]
        self.require(is_square, "weights", size, "is not of shape (O, I, K, K)")
        out, channels, kernel, _ = size
        rule = f"does not take {shape.channels} channels"
        self.require(channels == shape.channels, "weights", size, rule)
        self._require_shape("bias", self.bias, (out,))
        self.require(self.weights.size >= 1, "weights", self.weights.size, "is less than 1")
        self.require(self.stride >= 1, "stride", self.stride, "is less than 1")
        top, left, bottom, right = self.pads
        self.require(top == left, "pads", self.pads, "differs between top and left")
        self.require(min(self.pads) >= 0, "pads", self.pads, "is negative")
        height = (shape.height + top + bottom - kernel) // self.stride + 1
        width = (shape.width + left + right - kernel) // self.stride + 1
        return Shape(out, height, width)


@dataclass(frozen=True, slots=True, eq=False)
class BatchNormNode(Node):
    """y = (x - mean) / sqrt(var + epsilon) * scale + bias, each array float32 (C,)."""

    kind: ClassVar[str] = "batch norm"
    scale: FloatArray
    bias: FloatArray
    mean: FloatArray
    var: FloatArray
    epsilon: float = 1e-5

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """That of the input, which has a channel for each number."""
        for name in ("scale", "bias", "mean", "var"):
            self._require_shape(name, getattr(self, name), (inputs[0].channels,))
        return inputs[0]

    def verify_numbers(self) -> None:
        """The root is taken of a positive number."""
        least = float(self.var.min())
        rule = f"plus {self.epsilon} is not positive"
        self.require(bool(np.all(self.var + self.epsilon > 0)), "var", least, rule)


@dataclass(frozen=True, slots=True, eq=False)
class ReluNode(Node):
    """max(x, 0), and not above the ceiling if there is one, which keeps no factors.

    Attributes:
        ceiling: largest value; None for none.
    """

    kind: ClassVar[str] = "relu"
    ceiling: float | None = None

    def verify_numbers(self) -> None:
        """Something is left between 0 and the ceiling."""
        if self.ceiling is not None:
            self._require_size("ceiling", self.ceiling)


@dataclass(frozen=True, slots=True, eq=False)
class QuantNode(Node):
    """Values are put on a grid, as training has done with this tensor."""

    kind: ClassVar[str] = "quant"
    grid: Grid

    def verify_numbers(self) -> None:
        """The grid has a size."""
        self._require_size("scale", self.grid.scale)


@dataclass(frozen=True, slots=True, eq=False)
class MaxPoolNode(Node):
    """Maximum over windows, which are clipped at the edges: padding never wins.

    Attributes:
        kernel: window side.
        stride: both directions.
        ceil: a last, partial window counts (as ONNX ceil_mode).
        pads: top, left, bottom, right, each less than `kernel`.
    """

    kind: ClassVar[str] = "maxpool"
    stem: ClassVar[str] = "pool"
    in_hardware: ClassVar[bool] = True
    keeps_factors: ClassVar[bool] = True
    lets_relu_through: ClassVar[bool] = True
    kernel: int
    stride: int
    ceil: bool = False
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """One pixel a window."""
        (shape,) = inputs
        self.require(self.kernel >= 1, "kernel", self.kernel, "is less than 1")
        self.require(self.stride >= 1, "stride", self.stride, "is less than 1")
        self.require(min(self.pads) >= 0, "pads", self.pads, "is negative")
        rule = f"is not less than the kernel, {self.kernel}: windows would lie in the padding"
        self.require(max(self.pads) < self.kernel, "pads", self.pads, rule)
        top, left, bottom, right = self.pads
        height = self._windows(top, shape.height, bottom)
        return Shape(shape.channels, height, self._windows(left, shape.width, right))

    def _windows(self, before: int, size: int, after: int) -> int:
        """Number of windows along a side, each of which begins before the image's far edge."""
        span = before + size + after - self.kernel
        count = (-(-span // self.stride) if self.ceil else span // self.stride) + 1
        return min(count, -(-(before + size) // self.stride))


@dataclass(frozen=True, slots=True, eq=False)
class ConcatNode(Node):
    """Channel concatenation."""

    kind: ClassVar[str] = "concat"
    is_variadic: ClassVar[bool] = True
    lets_relu_through: ClassVar[bool] = True

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """The channels of all inputs, which agree in height and width."""
        first = inputs[0]
        for other in inputs:
            agrees = (other.height, other.width) == (first.height, first.width)
            self.require(agrees, "inputs", f"{first} and {other}", "differ in height or width")
        return Shape(sum(x.channels for x in inputs), first.height, first.width)


@dataclass(frozen=True, slots=True, eq=False)
class AddNode(ActivatedNode):
    """Elementwise sum of two tensors of the same shape."""

    kind: ClassVar[str] = "add"
    stem: ClassVar[str] = "bypass"
    arity: ClassVar[int] = 2
    in_hardware: ClassVar[bool] = True

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """That of both inputs."""
        left, right = inputs
        self.require(left == right, "inputs", f"{left} and {right}", "differ in shape")
        return left


@dataclass(frozen=True, slots=True, eq=False)
class GlobalAveragePoolNode(Node):
    """Mean over all pixels, including a constant ring around the tensor if there is one.

    `y[c] = (sum over pixels of x[c] + ring[c]) / count`.

    Attributes:
        ring: float32 (C,), sum of the constant pixels that are not in the tensor; None for none.
        count: number of pixels averaged, ring included; None for height * width.
    """

    kind: ClassVar[str] = "global average"
    stem: ClassVar[str] = "pool"
    in_hardware: ClassVar[bool] = True
    ring: FloatArray | None = None
    count: int | None = None

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """One pixel."""
        (shape,) = inputs
        if self.ring is not None:
            self._require_shape("ring", self.ring, (shape.channels,))
        pixels = shape.height * shape.width
        if self.count is not None and self.count < pixels:
            raise self.fail("count", self.count, f"is less than the input's {pixels} pixels")
        return Shape(shape.channels, 1, 1)


MONOTONE = ("Softmax", "LogSoftmax", "Sigmoid")
"""Layers that keep the order of the logits and change them otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class IdentityNode(Node):
    """A layer without effect on the integers or on the order of the logits.

    Attributes:
        op: what it was: Dropout, Flatten, Reshape, Squeeze, Identity or one of `MONOTONE`.
    """

    kind: ClassVar[str] = "identity"
    op: str = "Identity"

    def infer(self, inputs: Sequence[Shape]) -> Shape:
        """That of the input: one pixel, where height and width would get lost."""
        (shape,) = inputs
        is_kept = self.op in ("Dropout", "Identity") or (shape.height, shape.width) == (1, 1)
        self.require(is_kept, "input", shape, f"is not 1x1, as {self.op} requires")
        return shape


NodeT = TypeVar("NodeT", bound=Node)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A classifier: nodes in execution order; the last node's output is the logits.

    Attributes:
        name: of the model, e.g. ``squeezenet1.1``.
        input: shape of the image.
        nodes: in execution order.
        preprocessing: how photographs become input.
        labels: class names, empty when unknown.
    """

    name: str
    input: Shape
    nodes: tuple[Node, ...]
    preprocessing: Preprocessing
    labels: tuple[str, ...] = field(default=())

    def each(self, kind: type[NodeT]) -> Iterator[NodeT]:
        """Nodes of one kind, in execution order."""
        return (x for x in self.nodes if isinstance(x, kind))
