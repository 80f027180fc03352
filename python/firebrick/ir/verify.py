# SPDX-License-Identifier: Apache-2.0
"""Shape inference and the rules every float graph obeys, checked after each pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    BatchNormNode,
    ConcatNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    MaxPoolNode,
    Node,
    Preprocessing,
    ReluNode,
    Shape,
)
from firebrick.ir.limits import (
    MAX_FRAME,
    MAX_LABEL,
    MAX_LAYERS,
    MAX_NAME,
    MAX_RESIZE,
    MAX_VALUES,
    MAX_WEIGHTS,
)

KINDS: dict[type[Node], str] = {
    ConvNode: "conv",
    BatchNormNode: "batch norm",
    ReluNode: "relu",
    MaxPoolNode: "maxpool",
    ConcatNode: "concat",
    AddNode: "add",
    GlobalAveragePoolNode: "global average",
    IdentityNode: "identity",
}

# How many inputs a layer takes; a concat takes any number.
_ARITY: dict[type[Node], int] = dict.fromkeys(KINDS, 1) | {AddNode: 2}


_COMPUTED = (ConvNode, MaxPoolNode, AddNode, GlobalAveragePoolNode)


def fail(node: Node, field: str, value: object, rule: str) -> FirebrickError:
    """Error about one field of a layer, to be raised by the caller."""
    return FirebrickError(f"{KINDS[type(node)]} {node.name!r}: {field}={value} {rule}")


def output_shape(node: Node, inputs: Sequence[Shape]) -> Shape:
    """Shape a layer gives from the shapes it reads.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    arity = _ARITY[type(node)]
    if not inputs or (len(inputs) != arity and not isinstance(node, ConcatNode)):
        raise fail(node, "inputs", len(inputs), f"is not {arity}")
    shape = _infer(node, inputs)
    if shape.height < 1 or shape.width < 1:
        raise fail(node, "input", inputs[0], "is smaller than the window")
    if shape.channels * shape.height * shape.width > MAX_VALUES:
        raise fail(node, "output", shape, f"exceeds {MAX_VALUES} values")
    return shape


def shapes(graph: Graph) -> dict[str, Shape]:
    """Shape of each tensor by name, the image included.

    Raises:
        FirebrickError: when a name is used twice or unknown, or shapes do not agree.
    """
    image = graph.input
    if min(image.channels, image.height, image.width) < 1:
        raise FirebrickError(f"graph {graph.name!r}: input={image} is not positive")
    if image.channels * image.height * image.width > MAX_VALUES:
        raise FirebrickError(f"graph {graph.name!r}: input={image} exceeds {MAX_VALUES} values")
    if len(graph.nodes) > MAX_LAYERS:
        raise FirebrickError(f"graph {graph.name!r}: layers={len(graph.nodes)} exceed {MAX_LAYERS}")
    known = {IMAGE: image}
    frame = image.channels * image.height * image.width
    for node in graph.nodes:
        if node.name in known:
            raise fail(node, "name", repr(node.name), "is used twice")
        for source in node.inputs:
            if source not in known:
                raise fail(node, "input", repr(source), "is not computed before this layer")
        shape = output_shape(node, [known[x] for x in node.inputs])
        if isinstance(node, _COMPUTED):
            frame += shape.channels * shape.height * shape.width
        if frame > MAX_FRAME:
            raise fail(node, "values", frame, f"of all layers up to here exceed {MAX_FRAME}")
        known[node.name] = shape
    return known


NUMBERS = ("weights", "bias", "scale", "mean", "var", "ring")
"""Fields that are arrays, of the layers that have them."""


def verify(graph: Graph) -> Graph:
    """Check all rules of a float graph and return it.

    Names are unique and known, shapes agree, numbers are finite, every layer but the last is read,
    the last gives 1x1 logits, names of model and classes can be printed, and the preprocessing fits
    the input.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    if not graph.nodes:
        raise FirebrickError(f"graph {graph.name!r}: layers=0 is not a network")
    known = shapes(graph)
    budget = Budget()
    for node in graph.nodes:
        take_numbers(budget, node)
        _verify_numbers(node)
    read = {source for node in graph.nodes for source in node.inputs}
    for node in graph.nodes[:-1]:
        if node.name not in read:
            raise fail(node, "output", repr(node.name), "is read by no layer")
    logits = known[graph.nodes[-1].name]
    if (logits.height, logits.width) != (1, 1):
        raise fail(graph.nodes[-1], "output", logits, "is not 1x1, as logits are")
    if graph.labels and len(graph.labels) != logits.channels:
        raise FirebrickError(
            f"graph {graph.name!r}: labels={len(graph.labels)} is not the number of logits, "
            f"{logits.channels}"
        )
    _verify_texts(graph)
    verify_preprocessing(f"graph {graph.name!r}", graph.preprocessing, graph.input)
    return graph


def _infer(node: Node, inputs: Sequence[Shape]) -> Shape:
    shape = inputs[0]
    match node:
        case ConvNode():
            return _conv_shape(node, shape)
        case BatchNormNode():
            for field in ("scale", "bias", "mean", "var"):
                _require_shape(node, field, getattr(node, field), (shape.channels,))
        case MaxPoolNode():
            return _pool_shape(node, shape)
        case ConcatNode():
            return _concat_shape(node, inputs)
        case AddNode() if inputs[0] != inputs[1]:
            raise fail(node, "inputs", f"{inputs[0]} and {inputs[1]}", "differ in shape")
        case GlobalAveragePoolNode():
            return _average_shape(node, shape)
        case IdentityNode() if node.op not in ("Dropout", "Identity"):
            if (shape.height, shape.width) != (1, 1):
                raise fail(node, "input", shape, f"is not 1x1, as {node.op} requires")
    return shape


def _conv_shape(node: ConvNode, shape: Shape) -> Shape:
    if node.weights.ndim != 4 or node.weights.shape[2] != node.weights.shape[3]:
        raise fail(node, "weights", node.weights.shape, "is not of shape (O, I, K, K)")
    out, channels, kernel, _ = node.weights.shape
    if channels != shape.channels:
        raise fail(node, "weights", node.weights.shape, f"does not take {shape.channels} channels")
    _require_shape(node, "bias", node.bias, (out,))
    _require_positive(node, "weights", node.weights.size)
    require_size(node, "weights", node.weights.shape)
    _require_positive(node, "stride", node.stride)
    top, left, bottom, right = node.pads
    if top != left:
        raise fail(node, "pads", node.pads, "differs between top and left")
    if min(node.pads) < 0:
        raise fail(node, "pads", node.pads, "is negative")
    height = (shape.height + top + bottom - kernel) // node.stride + 1
    width = (shape.width + left + right - kernel) // node.stride + 1
    return Shape(out, height, width)


def _pool_shape(node: MaxPoolNode, shape: Shape) -> Shape:
    _require_positive(node, "kernel", node.kernel)
    _require_positive(node, "stride", node.stride)
    return Shape(shape.channels, _windows(node, shape.height), _windows(node, shape.width))


def _concat_shape(node: ConcatNode, inputs: Sequence[Shape]) -> Shape:
    first = inputs[0]
    for other in inputs:
        if (other.height, other.width) != (first.height, first.width):
            raise fail(node, "inputs", f"{first} and {other}", "differ in height or width")
    return Shape(sum(x.channels for x in inputs), first.height, first.width)


def _average_shape(node: GlobalAveragePoolNode, shape: Shape) -> Shape:
    if node.ring is not None:
        _require_shape(node, "ring", node.ring, (shape.channels,))
    pixels = shape.height * shape.width
    if node.count is not None and node.count < pixels:
        raise fail(node, "count", node.count, f"is less than the input's {pixels} pixels")
    return Shape(shape.channels, 1, 1)


def _windows(node: MaxPoolNode, size: int) -> int:
    """Number of windows along a side, each of which begins inside the image."""
    span = size - node.kernel
    count = (-(-span // node.stride) if node.ceil else span // node.stride) + 1
    return min(count, -(-size // node.stride))


def _require_shape(node: Node, field: str, array: FloatArray, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise fail(node, field, array.shape, f"is not of shape {shape}")


def require_size(node: Node, field: str, shape: tuple[int, ...]) -> None:
    """Check a shape against `MAX_VALUES`, before a pass makes an array of it.

    Raises:
        FirebrickError: naming layer, field, shape and bound.
    """
    if math.prod(shape) > MAX_VALUES:
        raise fail(node, field, shape, f"exceeds {MAX_VALUES} values")


class Budget:
    """What the layers that a reader or a pass makes may have in numbers, all of them together."""

    def __init__(self) -> None:
        self.left = MAX_WEIGHTS

    def take(self, node: Node, field: str, shape: tuple[int, ...]) -> None:
        """Take from it, before an array of that shape is made.

        Raises:
            FirebrickError: naming layer, field, shape and bound.
        """
        require_size(node, field, shape)
        self.left -= math.prod(shape)
        if self.left < 0:
            rule = f"with the layers before it exceeds {MAX_WEIGHTS} values"
            raise fail(node, field, shape, rule)


def _require_positive(node: Node, field: str, value: int) -> None:
    if value < 1:
        raise fail(node, field, value, "is less than 1")


def take_numbers(budget: Budget, node: Node) -> None:
    """Take a layer's numbers from a budget.

    Raises:
        FirebrickError: there are too many; naming layer, field, shape and bound.
    """
    for field in NUMBERS:
        array = getattr(node, field, None)
        if array is not None:
            budget.take(node, field, array.shape)


def _verify_numbers(node: Node) -> None:
    for field in NUMBERS:
        array = getattr(node, field, None)
        if array is None:
            continue
        finite = np.isfinite(array)
        if not finite.all():
            place = tuple(int(x) for x in np.unravel_index(np.argmin(finite), array.shape))
            index = ",".join(str(x) for x in place)
            raise fail(node, f"{field}[{index}]", array[place], "is not finite")
    if isinstance(node, BatchNormNode) and not np.all(node.var + node.epsilon > 0):
        raise fail(node, "var", float(node.var.min()), f"plus {node.epsilon} is not positive")


def _verify_texts(graph: Graph) -> None:
    """Names end up in terminals, in comments of generated files and in metadata of ONNX files."""
    texts = [("name", graph.name, MAX_NAME)]
    texts += [(f"labels[{n}]", label, MAX_LABEL) for n, label in enumerate(graph.labels)]
    for field, text, most in texts:
        if len(text) > most or not text.isprintable():
            raise FirebrickError(f"graph: {field}={text!r:.40} is not a text of {most} characters")


def verify_preprocessing(place: str, how: Preprocessing, image: Shape) -> None:
    """Check that a photograph can become the image in this way.

    Args:
        place: what is preprocessed for, to begin messages with.
        how: to be checked.
        image: shape of the network's input.

    Raises:
        FirebrickError: naming place, field, value and rule.
    """

    def require(holds: bool, field: str, value: object, rule: str) -> None:
        if not holds:
            raise FirebrickError(f"{place}: preprocessing.{field}={value} {rule}")

    smallest = max(image.height, image.width)
    require(how.channels in ("RGB", "BGR"), "channels", how.channels, "is not RGB or BGR")
    require(how.resize >= smallest, "resize", how.resize, f"is less than the input's {smallest}")
    require(how.resize <= MAX_RESIZE, "resize", how.resize, f"exceeds {MAX_RESIZE}")
    for field, values in (("mean", how.mean), ("std", how.std)):
        numbers = len(values) == image.channels and bool(np.all(np.isfinite(values)))
        require(numbers, field, values, f"is not {image.channels} finite numbers")
    require(min(how.std) > 0, "std", how.std, "is not positive")
