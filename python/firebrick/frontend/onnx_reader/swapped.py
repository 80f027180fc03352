# SPDX-License-Identifier: Apache-2.0
"""A model that turns RGB around itself, as Keras' ``preprocess_input`` does for VGG and ResNet.

Hardware reads pixels in either order, so these nodes are taken out and become the order of
channels. They are told by what they select: the channels of the image, last one first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx
from onnx import TensorProto, numpy_helper

from firebrick.frontend.onnx_reader.scope import MAX_INTS
from firebrick.ir.limits import MAX_VALUES

COLOURS = 3
RANK = 4
_REVERSED = [2, 1, 0]


@dataclass(frozen=True, slots=True)
class _Pick:
    """Places of an axis that a node takes, in order."""

    axis: int
    places: list[int]


def take_out(
    image: onnx.ValueInfoProto,
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, TensorProto],
) -> tuple[list[onnx.NodeProto], bool]:
    """The nodes without those that reverse the image's channels, and whether there were any.

    Args:
        image: the input.
        nodes: of the graph, in order, those that the output depends on.
        weights: of the graph, by name.
    """
    sides = [x.dim_value for x in image.type.tensor_type.shape.dim]
    constants = _Constants(nodes, weights)
    readers = [x for x in nodes if image.name in x.input]
    picks = {x.output[0]: _picked(x, image.name, sides, constants) for x in readers}
    gone = readers if len(readers) == 1 else _joined(readers, nodes)
    if not gone:
        return list(nodes), False
    last = gone[-1]
    parts = [picks[x] for x in (last.input if len(gone) > 1 else last.output)]
    axes = {x.axis for x in parts if x} | ({_axis(last)} if len(gone) > 1 else set())
    places = [place for x in parts if x for place in x.places]
    if not all(parts) or len(axes) != 1 or places != _REVERSED:
        return list(nodes), False
    taken = {id(x) for x in gone}
    return [_renamed(x, last.output[0], image.name) for x in nodes if id(x) not in taken], True


class _Constants:
    """Short lists of integers, by name of the tensor."""

    def __init__(self, nodes: Sequence[onnx.NodeProto], weights: Mapping[str, TensorProto]) -> None:
        self.tensors = dict(weights)
        for node in nodes:
            for attribute in node.attribute:
                if node.op_type == "Constant" and attribute.name == "value":
                    self.tensors[node.output[0]] = attribute.t

    def ints(self, node: onnx.NodeProto, index: int, name: str) -> list[int] | None:
        """An input, before opset 10 an attribute; None where it is no such list."""
        for attribute in node.attribute:
            if attribute.name == name and attribute.type == onnx.AttributeProto.INTS:
                return list(attribute.ints)
        tensor = self.tensors.get(node.input[index]) if index < len(node.input) else None
        kinds = (TensorProto.INT32, TensorProto.INT64)
        if tensor is None or tensor.data_type not in kinds or math.prod(tensor.dims) > MAX_INTS:
            return None
        try:
            return [int(x) for x in numpy_helper.to_array(tensor).reshape(-1)]
        except Exception:  # a corrupt tensor can raise nearly anything
            return None


def _picked(
    node: onnx.NodeProto, image: str, sides: Sequence[int], constants: _Constants
) -> _Pick | None:
    """Which channels of the image a Slice or a Gather takes; None where it is neither."""
    if node.input[0] != image or image in node.input[1:]:
        return None
    pick = None
    if node.op_type == "Gather":
        places = constants.ints(node, 1, "")
        if places and all(-COLOURS <= x < COLOURS for x in places):
            pick = _Pick(_axis(node), [x % COLOURS for x in places])
    elif node.op_type == "Slice":
        pick = _sliced(node, constants)
    is_known = pick is not None and pick.axis in (1, RANK - 1) and sides[pick.axis] == COLOURS
    return pick if is_known else None


def _sliced(node: onnx.NodeProto, constants: _Constants) -> _Pick | None:
    """What a Slice takes of the one axis that it does not leave whole."""
    begins, ends, axes = (
        constants.ints(node, index, name)
        for index, name in enumerate(("starts", "ends", "axes"), 1)
    )
    if begins is None or ends is None or axes is None:
        return None
    has_steps = len(node.input) > RANK and bool(node.input[RANK])
    steps = constants.ints(node, RANK, "steps") if has_steps else [1] * len(axes)
    if steps is None or 0 in steps or not len(begins) == len(ends) == len(axes) == len(steps):
        return None
    rows = zip(begins, ends, axes, steps, strict=True)
    parts = [x for x in rows if x[0] != 0 or x[1] < MAX_VALUES or x[3] != 1]
    if len(parts) != 1:
        return None
    ((begin, end, axis, step),) = parts
    # before the first: how ONNX says that, backwards, none is left out
    end = -COLOURS - 1 if step < 0 and end < -COLOURS else end
    return _Pick(axis % RANK, list(range(COLOURS))[slice(begin, end, step)])


def _axis(node: onnx.NodeProto) -> int:
    return int(next((x.i for x in node.attribute if x.name == "axis"), 0)) % RANK


def _joined(
    parts: Sequence[onnx.NodeProto], nodes: Sequence[onnx.NodeProto]
) -> list[onnx.NodeProto]:
    """Parts and the Concat of exactly these, which nothing else reads; none if there is none."""
    names = {x.output[0] for x in parts}
    readers = [x for x in nodes if not names.isdisjoint(x.input)]
    is_joint = len(readers) == 1 and readers[0].op_type == "Concat"
    return [*parts, *readers] if is_joint and sorted(readers[0].input) == sorted(names) else []


def _renamed(node: onnx.NodeProto, old: str, new: str) -> onnx.NodeProto:
    """The node, reading one tensor in place of another."""
    if old not in node.input:
        return node
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.ClearField("input")
    copy.input.extend(new if x == old else x for x in node.input)
    return copy
