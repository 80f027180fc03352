# SPDX-License-Identifier: Apache-2.0
"""Shape inference and the rules every float graph obeys, checked after each pass."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import numpy as np

from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError
from firebrick.ir.graph import (
    IMAGE,
    FloatArray,
    Graph,
    Node,
    Shape,
)
from firebrick.ir.limits import (
    MAX_FRAME,
    MAX_LABEL,
    MAX_LAYERS,
    MAX_NAME,
    MAX_VALUES,
    MAX_WEIGHTS,
)
from firebrick.preprocessing import MAX_BORDER, MAX_RESIZE, Preprocessing, channel_orders


def output_shape(node: Node, inputs: Sequence[Shape]) -> Shape:
    """Shape a layer gives from the shapes it reads.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    if len(inputs) != node.arity and not (inputs and node.is_variadic):
        raise node.fail("inputs", len(inputs), f"is not {node.arity}")
    shape = node.infer(inputs)
    is_whole = min(shape.height, shape.width) >= 1
    node.require(is_whole, "input", inputs[0], "is smaller than the window")
    node.require(shape.values <= MAX_VALUES, "output", shape, f"exceeds {MAX_VALUES} values")
    return shape


def shapes(graph: Graph) -> dict[str, Shape]:
    """Shape of each tensor by name, the image included.

    Raises:
        FirebrickError: when a name is used twice or unknown, or shapes do not agree.
    """
    image = graph.input
    if min(image.channels, image.height, image.width) < 1:
        raise FirebrickError(f"graph {graph.name!r}: input={image} is not positive")
    if image.values > MAX_VALUES:
        raise FirebrickError(f"graph {graph.name!r}: input={image} exceeds {MAX_VALUES} values")
    if len(graph.nodes) > MAX_LAYERS:
        raise FirebrickError(f"graph {graph.name!r}: layers={len(graph.nodes)} exceed {MAX_LAYERS}")
    known, frame = {IMAGE: image}, image.values
    for node in graph.nodes:
        node.require(node.name not in known, "name", repr(node.name), "is used twice")
        for source in node.inputs:
            is_computed = source in known
            node.require(is_computed, "input", repr(source), "is not computed before this layer")
        shape = output_shape(node, [known[x] for x in node.inputs])
        frame += shape.values if node.in_hardware else 0
        rule = f"of all layers up to here exceed {MAX_FRAME}"
        node.require(frame <= MAX_FRAME, "values", frame, rule)
        known[node.name] = shape
    return known


def check_rules(graph: Graph) -> Graph:
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
        node.require(node.name in read, "output", repr(node.name), "is read by no layer")
    logits = known[graph.nodes[-1].name]
    if (logits.height, logits.width) != (1, 1):
        raise graph.nodes[-1].fail("output", logits, "is not 1x1, as logits are")
    if graph.labels and len(graph.labels) != logits.channels:
        raise FirebrickError(
            f"graph {graph.name!r}: labels={len(graph.labels)} is not the number of logits, "
            f"{logits.channels}"
        )
    _verify_texts(graph)
    _verify_preprocessing(graph)
    return graph


def _verify_preprocessing(graph: Graph) -> None:
    """It fits the input, which has no border: zeros around it are the layers' own."""
    image, how, place = graph.input, graph.preprocessing, f"graph {graph.name!r}"
    how.check(place, image.channels, image.height, image.width)
    if any(how.border):
        raise FirebrickError(f"{place}: preprocessing.border={how.border} is not 0")


class Budget:
    """What the layers that a reader or a pass makes may have in numbers, all of them together."""

    def __init__(self) -> None:
        self.left = MAX_WEIGHTS

    def take(self, node: Node, field: str, shape: tuple[int, ...]) -> None:
        """Take from it, before an array of that shape is made.

        Raises:
            FirebrickError: naming layer, field, shape and bound.
        """
        size = math.prod(shape)
        node.require(size <= MAX_VALUES, field, shape, f"exceeds {MAX_VALUES} values")
        self.left -= size
        rule = f"with the layers before it exceeds {MAX_WEIGHTS} values"
        node.require(self.left >= 0, field, shape, rule)


def _numbers(node: Node) -> Iterator[tuple[str, FloatArray]]:
    """Fields of a layer that are arrays, by name."""
    for field in fields(node):
        array = getattr(node, field.name)
        if isinstance(array, np.ndarray):
            yield field.name, array


def take_numbers(budget: Budget, node: Node) -> None:
    """Take a layer's numbers from a budget.

    Raises:
        FirebrickError: there are too many; naming layer, field, shape and bound.
    """
    for field, array in _numbers(node):
        budget.take(node, field, array.shape)


def _verify_numbers(node: Node) -> None:
    for field, array in _numbers(node):
        finite = np.isfinite(array)
        if not finite.all():
            place = tuple(int(x) for x in np.unravel_index(np.argmin(finite), array.shape))
            index = ",".join(str(x) for x in place)
            raise node.fail(f"{field}[{index}]", array[place], "is not finite")
    node.verify_numbers()


def _verify_texts(graph: Graph) -> None:
    """Names end up in terminals, in comments of generated files and in metadata of ONNX files."""
    texts = [("name", graph.name, MAX_NAME)]
    texts += [(f"labels[{n}]", label, MAX_LABEL) for n, label in enumerate(graph.labels)]
    for field, text, most in texts:
        if len(text) > most or not text.isprintable():
            raise FirebrickError(f"graph: {field}={text!r:.40} is not a text of {most} characters")


def read_preprocessing(stored: Fields, channels: int, *, whole: bool) -> Preprocessing:
    """Preprocessing as it is stored in a file.

    Args:
        stored: its fields.
        channels: of the image.
        whole: that of integers: nothing may be left out, and it says the border. Else channel
            order, mean and std may be left out: the usual order, and pixels as they are.

    Raises:
        FirebrickError: naming file, field, value and rule.
    """
    usual = channel_orders(channels)[0]
    how = Preprocessing(
        stored.whole("resize", 1, MAX_RESIZE), usual, (0.0,) * channels, (1.0,) * channels
    )
    if whole or "channels" in stored.left:
        how = replace(how, channels=stored.line("channels"))
    if whole or "mean" in stored.left:
        how = replace(how, mean=stored.numbers("mean", channels))
    if whole or "std" in stored.left:
        how = replace(how, std=stored.numbers("std", channels))
    if whole:
        border = stored.integers("border", 4, 0, MAX_BORDER)
        stored.require(len(border) == 4, "border", border, "is not four numbers")
        top, left, bottom, right = border
        fill = stored.integers("fill", channels, 0, 255)
        how = replace(how, border=(top, left, bottom, right), fill=fill)
    stored.close()
    return how
