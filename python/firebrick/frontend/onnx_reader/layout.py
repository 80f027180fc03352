# SPDX-License-Identifier: Apache-2.0
"""ONNX operators that only arrange: they change what the axes of a tensor are called.

The graph itself is always NCHW. So a Transpose, Reshape, Flatten, Squeeze or Unsqueeze makes no
layer; what reads its output must be in an order that it knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from firebrick.frontend.onnx_reader.scope import MERGED, NO_PADS, Op, Value

_LETTERS = {letters: letter for letter, letters in MERGED.items()}


def transpose(op: Op) -> None:
    """Transpose."""
    value = op.value(0, padded=True)
    rank = len(value.axes)
    order = op.attribute_ints("perm", range(rank - 1, -1, -1))
    if sorted(order) != list(range(rank)):
        raise op.fail("perm", order, f"is not an order of {rank} axes")
    axes = "".join(value.axes[x] for x in order)
    op.bind(Value(value.name, axes, value.shape, value.pads))


def flatten(op: Op) -> None:
    """Flatten of each frame."""
    value = op.value(0)
    axis, rank = op.attribute_int("axis", 1), len(value.axes)
    if axis not in (1, 1 - rank) or value.axes[0] != "N":
        raise op.fail("axis", axis, f"of {value.axes} is not 1, which keeps frames apart")
    _arrange(op, value, [value.shape.values], "axis", axis)


def reshape(op: Op) -> None:
    """Reshape of each frame."""
    value = op.value(0)
    wanted, frames = op.ints(1), op.scope.batch
    known = [frames, *(value.size(x) for x in value.axes[1:])]
    is_copied = not op.attribute_int("allowzero", 0)
    dims = [
        known[at] if dim == 0 and is_copied and at < len(known) else dim
        for at, dim in enumerate(wanted)
    ]
    if dims.count(-1) == 1:
        rest = -math.prod(dims)
        whole = frames * value.shape.values
        dims = [whole // rest if x == -1 and rest > 0 else x for x in dims]
    if value.axes[0] != "N" or dims[:1] != [frames]:
        raise op.fail("shape", wanted, "does not keep frames apart")
    _arrange(op, value, dims[1:], "shape", wanted)


def squeeze(op: Op) -> None:
    """Squeeze of height and width, where they are 1."""
    value = op.value(0)
    axes = op.axes(len(value.axes))
    removed = {value.axes[x] for x in axes} if axes is not None else {"H", "W"}
    if not removed <= {"H", "W"} or any(value.size(x) != 1 for x in removed & {*value.axes}):
        raise op.fail("axes", axes, f"is not height and width of {value.axes}, both 1")
    op.bind(Value(value.name, "".join(x for x in value.axes if x not in removed), value.shape))


def unsqueeze(op: Op) -> None:
    """Unsqueeze, which brings a lost height or width back."""
    value = op.value(0)
    places = [*op.attribute_ints("axes", ())] or op.ints(1)
    rank = len(value.axes) + len(places)
    if len({x % rank for x in places}) != len(places) or any(not -rank <= x < rank for x in places):
        raise op.fail("axes", places, f"is not within rank {rank}")
    dims = [value.size(x) for x in value.axes[1:]]
    for place in sorted(x % rank for x in places):
        dims.insert(place - 1, 1)
    if 0 in {x % rank for x in places}:
        raise op.fail("axes", places, "is before the frames")
    _arrange(op, value, dims, "axes", places)


def pad(op: Op) -> None:
    """Pad with zeros, which the convolution that reads it takes over."""
    value = op.value(0, padded=True)
    mode = op.attribute_text("mode", "constant")
    if mode != "constant":
        raise op.fail("mode", mode, "is not constant: only zeros are put around a map")
    pads = op.ints(1) if op.has_input(1) else op.attribute_ints("pads", ())
    filled = op.attribute_float("value", 0.0)
    if op.has_input(2):
        filled = op.number(2)
    if filled != 0:
        raise op.fail("value", filled, "is not 0: only zeros are put around a map")
    rank = len(value.axes)
    axes = [x % rank for x in op.ints(3)] if op.has_input(3) else [*range(rank)]
    if len({*axes}) != len(axes) or len(pads) != 2 * len(axes) or min(pads, default=0) < 0:
        raise op.fail("pads", pads, f"is not two numbers of 0 or more for each of {len(axes)} axes")
    before = {value.axes[x]: pads[at] for at, x in enumerate(axes)}
    after = {value.axes[x]: pads[at + len(axes)] for at, x in enumerate(axes)}
    if any(n and x not in "HW" for edge in (before, after) for x, n in edge.items()):
        raise op.fail("pads", pads, f"of {value.axes} is not of height and width alone")
    edges = (before.get("H", 0), before.get("W", 0), after.get("H", 0), after.get("W", 0))
    top, left, bottom, right = (a + b for a, b in zip(value.pads, edges, strict=True))
    op.bind(Value(value.name, value.axes, value.shape, (top, left, bottom, right)))


def is_transpose(op_type: str, dims: Sequence[int], image: Sequence[int]) -> bool:
    """Whether a Reshape of an image (N, H, W, C) to these is one to (N, C, H, W)."""
    wanted = zip(dims[1:], (1, *image[1:3]), strict=True)
    return op_type == "Reshape" and image[3] == 1 and all(a in (-1, b) for a, b in wanted)


def _arrange(op: Op, value: Value, dims: Sequence[int], field: str, given: object) -> None:
    """Name the axes of a frame (without N) after it was given these sizes.

    Axes of size 1 may stand anywhere; of the others, neighbours may be merged.
    """
    letters = [y for x in value.axes[1:] for y in MERGED.get(x, x)]
    units = [x for x in "CHW" if value.size(x) == 1]
    waiting = [x for x in letters if x not in units]
    if len(dims) == 1 and dims[0] == value.shape.values and waiting not in ([], ["C"]):
        orders = {x: [y for y in MERGED[x] if y in waiting] for x in "FG"}
        flat = next((x for x, order in orders.items() if order == waiting), "")
        if flat:
            op.bind(Value(value.name, f"N{flat}", value.shape))
            return
    axes = ["N"]
    for dim in dims:
        taken = ""
        while dim > 1 and waiting and math.prod(value.size(x) for x in taken) < dim:
            taken += waiting.pop(0)
        if dim == 1 and units:
            taken = units.pop(0)
        size = math.prod(value.size(x) for x in taken)
        if not taken or size != dim or (len(taken) > 1 and taken not in _LETTERS):
            break
        axes.append(_LETTERS.get(taken, taken))
    if waiting or len(axes) != len(dims) + 1:
        sizes = " x ".join(f"{x}={value.size(x)}" for x in value.axes[1:])
        raise op.fail(field, given, f"does not merge neighbours of {sizes} in a way that is known")
    op.bind(Value(value.name, "".join(axes), value.shape, NO_PADS))
