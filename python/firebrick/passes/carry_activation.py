# SPDX-License-Identifier: Apache-2.0
"""A Quant or ReLU of what no layer of sums gives: of the image, of an average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firebrick.ir.graph import (
    IMAGE,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    Node,
    QuantNode,
    ReluNode,
)
from firebrick.ir.grid import FloatArray, Grid
from firebrick.ir.rules import Budget, shapes
from firebrick.passes.rewrite import rebuild

PIXELS = 256
"""Values of a pixel."""


def carry_activation(graph: Graph) -> Graph:
    """Give a Quant or ReLU of an image or average a convolution to be fused with.

    Hardware has whole pixels in an image, which are a grid already.

    Rewrites:
        - Quant(image) -> image, when it moves no value of a pixel by more than half the distance to
          the next: what training rounded to is finer than pixels, or as fine
        - Quant(image) -> Quant(Conv(image; 1)), a 1x1 convolution; the same of a ReLU, and of both
          behind a global average
    """
    known = shapes(graph)
    alone = {IMAGE} | {x.name for x in graph.nodes if isinstance(x, GlobalAveragePoolNode)}
    redirects: dict[str, str] = {}
    replaced: dict[str, tuple[Node, ...]] = {}
    budget = Budget()
    names = {IMAGE} | {x.name for x in graph.nodes}
    for node in graph.nodes:
        if not isinstance(node, QuantNode | ReluNode) or node.inputs[0] not in alone:
            continue
        is_pixel = node.inputs[0] == IMAGE
        if is_pixel and isinstance(node, QuantNode) and _is_fine(node.grid, graph):
            redirects[node.name] = IMAGE
            replaced[node.name] = ()
            continue
        name = f"{node.name}.same"
        while name in names:
            name += "_"
        names.add(name)
        channels = known[node.inputs[0]].channels
        budget.take(node, "weights", (channels, channels))
        weights = np.eye(channels, dtype=np.float32)[:, :, None, None]
        same = ConvNode(name, node.inputs, weights, np.zeros(channels, np.float32))
        replaced[node.name] = (same, replace(node, inputs=(name,)))
    return rebuild(graph, replaced, redirects)


def _is_fine(grid: Grid, graph: Graph) -> bool:
    """Whether every value of a pixel stays nearer to where it is than half a step."""
    mean, std = (
        np.asarray(x, np.float64)[:, None]
        for x in (graph.preprocessing.mean, graph.preprocessing.std)
    )
    values: FloatArray = ((np.arange(PIXELS) - mean) / std).astype(np.float32)
    moved = np.abs(grid.apply(values) - values)
    # float32 places a value that lies half-way on either side
    return bool(np.all(moved <= (0.5 + 1e-4) / std))
