# SPDX-License-Identifier: Apache-2.0
"""A Quant on the image: hardware has whole pixels there, which are a grid already."""

from __future__ import annotations

import numpy as np

from firebrick.ir.graph import IMAGE, ConvNode, Graph, Node, QuantNode
from firebrick.ir.grid import FloatArray, Grid
from firebrick.passes.rewrite import rebuild

PIXELS = 256
"""Values of a pixel."""


def quant_image(graph: Graph) -> Graph:
    """Leave a Quant on the image out, or give it a convolution that has its grid.

    Rewrites:
        - Quant(image) -> image, when it moves no value of a pixel by more than half the distance to
          the next: what training rounded to is finer than pixels, or as fine
        - Quant(image) -> Quant(Conv(image; 1)), a 1x1 convolution
    """
    redirects: dict[str, str] = {}
    replaced: dict[str, tuple[Node, ...]] = {}
    names = {IMAGE} | {x.name for x in graph.nodes}
    for node in graph.nodes:
        if not isinstance(node, QuantNode) or node.inputs != (IMAGE,):
            continue
        if _is_fine(node.grid, graph):
            redirects[node.name] = IMAGE
            replaced[node.name] = ()
            continue
        name = f"{node.name}.pixels"
        while name in names:
            name += "_"
        names.add(name)
        channels = graph.input.channels
        weights = np.eye(channels, dtype=np.float32)[:, :, None, None]
        same = ConvNode(name, (IMAGE,), weights, np.zeros(channels, np.float32))
        replaced[node.name] = (same, QuantNode(node.name, (name,), node.grid))
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
