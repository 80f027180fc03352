# SPDX-License-Identifier: Apache-2.0
"""What is known while an ONNX graph is read: its tensors, and access to one node's fields."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firebrick.errors import FirebrickError
from firebrick.ir.graph import FloatArray, Node, Shape
from firebrick.ir.limits import MAX_VALUES, MAX_WEIGHTS
from firebrick.ir.rules import Budget, output_shape, take_numbers

MAX_RANK = 8
"""Most axes of a constant."""
MAX_FOLDING = 8 * MAX_WEIGHTS
"""Most numbers that nodes of constants alone may read, all of them together."""
MAX_INTS = 64
"""Most integers of a constant that is a shape or a list of axes."""
_CONSTANT_TYPES = {
    "value_int": np.int64,
    "value_ints": np.int64,
    "value_float": np.float32,
    "value_floats": np.float32,
}


MERGED = {"F": "CHW", "G": "HWC", "P": "HW"}
"""Letters for several axes in one, in this order."""
NO_PADS = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor computed from the image.

    Attributes:
        name: of the layer that computes it, or `IMAGE`.
        axes: order of its axes in the ONNX file, e.g. ``NCHW``, ``NHWC`` or ``NC``; letters of
            `MERGED` stand for several. The graph itself is always NCHW, so that a Transpose or a
            Reshape changes nothing but this.
        shape: of one frame.
        pads: zeros around it (top, left, bottom, right), which a Pad has put there and the window
            that reads it takes over.
    """

    name: str
    axes: str
    shape: Shape
    pads: tuple[int, int, int, int] = NO_PADS

    def size(self, axis: str) -> int:
        """Of an axis of a frame, by its letter."""
        sizes = {"C": self.shape.channels, "H": self.shape.height, "W": self.shape.width}
        return math.prod(sizes[x] for x in MERGED.get(axis, axis))


@dataclass(slots=True)
class Scope:
    """Everything read so far.

    Attributes:
        opset: version of the operators.
        batch: frames at a time that the file asks for, 1 where it leaves them open.
        constants: by tensor name.
        values: by tensor name.
        nodes: layers in execution order.
        shapes: by layer name, the image included.
        budget: numbers that further layers may have.
        computed: numbers that further constants may have, those that are computed from others.
        folding: numbers that may be read to compute them.
    """

    opset: int
    batch: int
    constants: dict[str, TensorProto]
    values: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    computed: int = MAX_WEIGHTS
    folding: int = MAX_FOLDING

    def fresh(self, name: str) -> str:
        """A name for a layer: this one, unless another layer or the image bears it."""
        while name in self.shapes:
            name += "_"
        return name


@dataclass(frozen=True, slots=True)
class Op:
    """An ONNX node while it is read."""

    proto: onnx.NodeProto
    scope: Scope

    @property
    def name(self) -> str:
        """Name of the layer it becomes: that of its first output, if that is free."""
        return self.scope.fresh(str(self.proto.output[0]))

    @property
    def where(self) -> str:
        """What messages call it."""
        name = self.proto.name or next(iter(self.proto.output), "")
        return f"node {name!r} ({self.proto.op_type})"

    def fail(self, field: str, value: object, rule: str) -> FirebrickError:
        """Error about one field, to be raised by the caller."""
        return FirebrickError(f"{self.where}: {field}={value} {rule}")

    def has_input(self, index: int) -> bool:
        """Whether an optional input is given."""
        return index < len(self.proto.input) and bool(self.proto.input[index])

    def value(self, index: int, axes: str | None = None, *, padded: bool = False) -> Value:
        """An input computed from the image.

        Args:
            index: of the input.
            axes: that the operator requires, None for any.
            padded: the operator takes zeros around it over.
        """
        name = self._input(index)
        value = self.scope.values.get(name)
        if value is None:
            raise self.fail(f"input[{index}]", repr(name), "is not computed from the image")
        if axes is not None and value.axes != axes:
            raise self.fail(f"input[{index}]", value.axes, f"is not in the order {axes}")
        if value.pads != NO_PADS and not padded:
            rule = (
                f"has zeros {value.pads} around it, of a Pad, which only Conv and MaxPool take over"
            )
            raise self.fail(f"input[{index}]", repr(name), rule)
        return value

    def is_constant(self, index: int) -> bool:
        """Whether an input is a constant."""
        return self._input(index) in self.scope.constants

    def constant(self, index: int) -> NDArray[np.generic]:
        """A constant input, bounded before it is unpacked."""
        name = self._input(index)
        if name not in self.scope.constants:
            raise self.fail(f"input[{index}]", repr(name), "is not a constant")
        tensor = self.scope.constants[name]
        dims = list(tensor.dims[:MAX_RANK])
        if min(dims, default=1) < 0 or math.prod(dims) > MAX_VALUES:
            raise self.fail(name, dims, f"is not a shape of up to {MAX_VALUES} values")
        if len(tensor.dims) > MAX_RANK:
            raise self.fail(f"rank of {name}", len(tensor.dims), f"exceeds {MAX_RANK}")
        try:
            return np.asarray(numpy_helper.to_array(tensor))
        # A corrupt tensor can raise nearly anything.
        except Exception as error:
            raise self.fail(name, dims, f"cannot be unpacked: {error}") from None

    def floats(self, index: int) -> FloatArray:
        """A constant input of real numbers, as float32."""
        array = self.constant(index)
        if array.dtype.kind != "f" and array.dtype.name != "bfloat16":
            raise self.fail(f"input[{index}]", array.dtype, "is not a floating-point type")
        # What float32 cannot hold becomes infinite, which the verifier refuses.
        with np.errstate(over="ignore"):
            return np.asarray(array, np.float32)

    def number(self, index: int) -> float:
        """A constant input of one real number; infinite at the ends of its type, as no bound."""
        values = np.unique(self.floats(index))
        if values.size != 1:
            raise self.fail(f"input[{index}]", values.shape, "is not one number")
        number = float(values[0])
        kind: Any = self.constant(index).dtype
        is_end = kind.kind == "f" and abs(number) >= float(np.finfo(kind).max)
        return math.copysign(math.inf, number) if is_end else number

    def ints(self, index: int) -> list[int]:
        """A constant input of integers."""
        array = self.constant(index)
        if not np.issubdtype(array.dtype, np.integer):
            raise self.fail(f"input[{index}]", array.dtype, "is not an integer type")
        if array.size > MAX_INTS:
            raise self.fail(f"input[{index}]", array.shape, f"is more than {MAX_INTS} integers")
        return [int(x) for x in array.reshape(-1)]

    def attribute_ints(self, name: str, default: Sequence[int]) -> list[int]:
        """An attribute of integers."""
        return [int(x) for x in self._attributes().get(name, default)]

    def attribute_int(self, name: str, default: int) -> int:
        """An integer attribute; of operators that ONNX's checker does not know it may be any."""
        value = self._attributes().get(name, default)
        if not isinstance(value, int):
            raise self.fail(name, type(value).__name__, "is not an integer")
        return value

    def attribute_bool(self, name: str, *, default: bool) -> bool:
        """An integer attribute that is 0 or 1."""
        value = self.attribute_int(name, default)
        if value not in (0, 1):
            raise self.fail(name, value, "is not 0 or 1")
        return bool(value)

    def attribute_float(self, name: str, default: float) -> float:
        """A float attribute."""
        return float(self._attributes().get(name, default))

    def attribute_text(self, name: str, default: str) -> str:
        """A text attribute."""
        value = self._attributes().get(name, default)
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)

    def constant_value(self) -> TensorProto:
        """The tensor that a Constant node gives, in whichever attribute it lies."""
        attributes = self._attributes()
        if isinstance(tensor := attributes.get("value"), TensorProto):
            return tensor
        for name, kind in _CONSTANT_TYPES.items():
            if name in attributes:
                return numpy_helper.from_array(np.asarray(attributes[name], kind))
        raise self.fail("attributes", [*attributes], "is not one of a tensor or of numbers")

    def axes(self, rank: int) -> list[int] | None:
        """Axes of a reduction or squeeze, which moved from attribute to input in newer opsets."""
        attribute = self.attribute_ints("axes", ())
        axes = attribute or (self.ints(1) if self.has_input(1) else None)
        if axes is None:
            return None
        for axis in axes:
            if not -rank <= axis < rank:
                raise self.fail("axes", axes, f"is not within rank {rank}")
        return [axis % rank for axis in axes]

    def add(self, node: Node, axes: str) -> None:
        """Append a layer, which gives the first output of this node."""
        self.bind(self.append(node, axes))

    def append(self, node: Node, axes: str) -> Value:
        """Append a layer, and say what it gives."""
        shape = output_shape(node, [self.scope.shapes[x] for x in node.inputs])
        take_numbers(self.scope.budget, node)
        self.scope.shapes[node.name] = shape
        self.scope.nodes.append(node)
        return Value(node.name, axes, shape)

    def compute(self, array: NDArray[Any], name: str | None = None) -> None:
        """Say that an output of this node, by default the first, is a constant."""
        if array.size > self.scope.computed:
            rule = f"with the constants before it exceeds {MAX_WEIGHTS} values"
            raise self.fail("output", array.shape, rule)
        self.scope.computed -= array.size
        tensor = numpy_helper.from_array(array)
        self.scope.constants[self.proto.output[0] if name is None else name] = tensor

    def bind(self, value: Value) -> None:
        """Say what the first output of this node is."""
        self.scope.values[self.proto.output[0]] = value

    def _input(self, index: int) -> str:
        if not self.has_input(index):
            raise self.fail("inputs", len(self.proto.input), f"is not more than {index}")
        return str(self.proto.input[index])

    def _attributes(self) -> Mapping[str, Any]:
        for attribute in self.proto.attribute:
            if attribute.ref_attr_name:
                rule = "is an attribute of a function, in which this node is not"
                raise self.fail(attribute.name, repr(attribute.ref_attr_name), rule)
        return {x.name: helper.get_attribute_value(x) for x in self.proto.attribute}
