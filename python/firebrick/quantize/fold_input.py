# SPDX-License-Identifier: Apache-2.0
"""Fold channel order, mean and std of the input into the first layer: hardware eats raw pixels.

Zeros around the float input are `mean` on the pixel scale. Where that is not the pixel 0, which
hardware pads with, the image itself gets a border, of the nearest pixel, and the layers that read
it are padded no more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.ir.graph import IMAGE, ConvNode, Graph, Shape
from firebrick.ir.limits import MAX_VALUES
from firebrick.preprocessing import MAX_BORDER, Preprocessing, channel_orders

Pads = tuple[int, int, int, int]


def fold_input(graph: Graph) -> Graph:
    """The same network on raw pixels 0..255, RGB, with the border that its preprocessing says.

    `sum w * (x - mean) / std + b = sum (w / std) * x + (b - sum w * mean / std)`, exact but for
    taps on the border, whose pixels are rounded: half a step of the input at most.

    Raises:
        FirebrickError: a layer that reads the image is no convolution, or is padded where no pixel
            stands for zero, or far too much; or what becomes of its weights exceeds float32.
    """
    how, size = graph.preprocessing, graph.input
    readers = [_conv(x) for x in graph.nodes if IMAGE in x.inputs]
    pixel = np.rint(how.mean)
    border = _border(readers) if pixel.any() else (0, 0, 0, 0)
    for conv in readers if any(border) else ():
        rule = f"of a layer that reads the image exceeds {MAX_BORDER}"
        conv.require(max(conv.pads) <= MAX_BORDER, "pads", conv.pads, rule)
        rule = f"of a layer that reads the image, while mean={how.mean}: no pixel 0..255 is zero"
        has_zero = bool(np.all((pixel >= 0) & (pixel <= 255)))
        conv.require(has_zero or not any(_seen(conv)), "pads", conv.pads, rule)
    if how.channels == "BGR":
        pixel = pixel[::-1]
    top, left, bottom, right = border
    folded = Preprocessing(
        how.resize,
        channel_orders(size.channels)[0],
        (0.0,) * size.channels,
        (1.0,) * size.channels,
        border,
        tuple(int(x) for x in pixel) if any(border) else (),
    )
    nodes = {x.name: _on_pixels(_unpadded(x, border), how) for x in readers}
    return replace(
        graph,
        input=Shape(size.channels, top + size.height + bottom, left + size.width + right),
        nodes=tuple(nodes.get(x.name, x) for x in graph.nodes),
        preprocessing=folded,
    )


def _conv(node: object) -> ConvNode:
    if not isinstance(node, ConvNode):
        name = getattr(node, "name", "")
        raise FirebrickError(f"layer {name!r}: reads the image, which only a convolution may")
    return node


def _border(readers: list[ConvNode]) -> Pads:
    """The widest padding on each side that a weight looks at."""
    top, left, bottom, right = (
        max(0, *sides) for sides in zip(*(_seen(x) for x in readers), strict=True)
    )
    return top, left, bottom, right


def _box(conv: ConvNode) -> tuple[slice, slice]:
    """Rows and columns of the kernel around which all weights are zero."""
    used = np.any(conv.weights, axis=(0, 1))
    rows, columns = (np.flatnonzero(np.any(used, axis=x)) for x in (1, 0))
    if not len(rows):
        return slice(0, conv.weights.shape[2]), slice(0, conv.weights.shape[3])
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _seen(conv: ConvNode) -> Pads:
    """Padding that a weight looks at; less than 0 where all look at the inside."""
    kernel, (rows, columns) = conv.weights.shape[2], _box(conv)
    top, left, bottom, right = conv.pads
    if not conv.weights.any():
        return (0, 0, 0, 0)
    return (
        top - rows.start,
        left - columns.start,
        bottom - (kernel - rows.stop),
        right - (kernel - columns.stop),
    )


def _unpadded(conv: ConvNode, border: Pads) -> ConvNode:
    """The same layer on an image with that border.

    Zeros before its weights reach the rest of the border, zeros behind them keep the number of
    windows; only those look at padding, at the far edges.
    """
    if not any(border):
        return conv
    rows, columns = _box(conv)
    taps = conv.weights[:, :, rows, columns]
    seen, kernel = _seen(conv), conv.weights.shape[2]
    first = [border[n] - seen[n] for n in (0, 1)]
    whole = [kernel + border[n] + border[n + 2] - conv.pads[n] - conv.pads[n + 2] for n in (0, 1)]
    ends = [start + size for start, size in zip(first, taps.shape[2:], strict=True)]
    side = max(*ends, *whole)
    size = taps.shape[0] * taps.shape[1] * side**2
    rule = f"beside the widest, {border}, makes more than {MAX_VALUES} weights"
    conv.require(size <= MAX_VALUES, "pads", conv.pads, rule)
    behind = [(start, side - end) for start, end in zip(first, ends, strict=True)]
    grown = np.pad(taps, ((0, 0), (0, 0), *behind))
    bottom, right = (side - x for x in whole)
    return replace(conv, weights=grown, pads=(0, 0, bottom, right))


def _on_pixels(conv: ConvNode, how: Preprocessing) -> ConvNode:
    """The same layer on pixels in RGB order."""
    mean, std = np.asarray(how.mean, np.float64), np.asarray(how.std, np.float64)
    weights: NDArray[np.float64] = conv.weights.astype(np.float64) / std[:, None, None]
    bias = conv.bias - (weights * mean[:, None, None]).sum((1, 2, 3))
    largest = max(float(np.abs(weights).max()), float(np.abs(bias).max()))
    rule = f"give numbers of {largest:.3g} with its weights, which float32 does not hold"
    is_held = largest <= float(np.finfo(np.float32).max)
    conv.require(is_held, "mean and std", f"{mean}, {std}", rule)
    if how.channels == "BGR":
        weights = weights[:, ::-1]
    return replace(
        conv,
        weights=np.ascontiguousarray(weights, np.float32),
        bias=np.asarray(bias, np.float32),
    )
