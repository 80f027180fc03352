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
            stands for zero, or some are padded too differently.
    """
    how, size = graph.preprocessing, graph.input
    readers = [_conv(x) for x in graph.nodes if IMAGE in x.inputs]
    pixel = np.rint(how.mean).astype(np.int64)
    border = _border(readers) if pixel.any() else (0, 0, 0, 0)
    for conv in readers if any(border) else ():
        rule = f"of a layer that reads the image exceeds {MAX_BORDER}"
        conv.require(max(conv.pads) <= MAX_BORDER, "pads", conv.pads, rule)
        rule = f"of a layer that reads the image, while mean={how.mean}: no pixel 0..255 is zero"
        has_zero = bool(np.all((pixel >= 0) & (pixel <= 255)))
        conv.require(has_zero or not any(conv.pads), "pads", conv.pads, rule)
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
    """The widest padding on each side."""
    top, left, bottom, right = (
        max(sides) for sides in zip(*(x.pads for x in readers), strict=True)
    )
    return top, left, bottom, right


def _unpadded(conv: ConvNode, border: Pads) -> ConvNode:
    """The same layer on an image with that border: zeros around its kernel reach the rest of it."""
    if not any(border):
        return conv
    top, left, bottom, right = (b - p for b, p in zip(border, conv.pads, strict=True))
    rule = f"of a layer that reads the image lacks unequal parts of the widest, {border}"
    conv.require((top, bottom) == (left, right), "pads", conv.pads, rule)
    outputs, channels, kernel, _ = conv.weights.shape
    size = outputs * channels * (top + kernel + bottom) ** 2
    rule = f"beside the widest, {border}, makes more than {MAX_VALUES} weights"
    conv.require(size <= MAX_VALUES, "pads", conv.pads, rule)
    grown = np.pad(conv.weights, ((0, 0), (0, 0), (top, bottom), (left, right)))
    return replace(conv, weights=grown, pads=(0, 0, 0, 0))


def _on_pixels(conv: ConvNode, how: Preprocessing) -> ConvNode:
    """The same layer on pixels in RGB order."""
    mean, std = np.asarray(how.mean, np.float64), np.asarray(how.std, np.float64)
    weights: NDArray[np.float64] = conv.weights.astype(np.float64) / std[:, None, None]
    bias = conv.bias - (weights * mean[:, None, None]).sum((1, 2, 3))
    if how.channels == "BGR":
        weights = weights[:, ::-1]
    return replace(
        conv,
        weights=np.ascontiguousarray(weights, np.float32),
        bias=np.asarray(bias, np.float32),
    )
