# SPDX-License-Identifier: Apache-2.0
"""Through the layers in order, the dense network beside the one that is pruned so far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE, ConvNode, Graph
from firebrick.ir.rules import shapes
from firebrick.quantize import footprint
from firebrick.quantize.ops import recipe_for
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.rounding.hessian import Statistics, gather_patches
from firebrick.quantize.tensors import LayerStep, Tensors

POSITIONS = 200
"""Of each image that a layer's statistics are taken from, at most."""
Visit = Callable[[ConvNode, Statistics], ConvNode]
"""Given a layer and the statistics of its inputs; returns what takes its place."""


def prunable(graph: Graph) -> list[ConvNode]:
    """All convolutions but those that read the image: few weights, on which everything depends."""
    return [x for x in graph.each(ConvNode) if IMAGE not in x.inputs]


def walk(folded: Graph, crops: PixelArray, seed: int, visit: Visit) -> dict[str, ConvNode]:
    """Visit all layers that may be pruned.

    Args:
        folded: float graph on raw pixels.
        crops: uint8 (N, C, H, W).
        seed: of positions.
        visit: is called for each, in order; later layers are given what it has returned so far.

    Returns:
        What it returned, by the layers' names.
    """
    known, rng = shapes(folded), np.random.default_rng(seed)
    tensors, rooms = Tensors(crops), footprint.rooms(folded, QuantizeOptions(crops=len(crops)))
    last_use = {source: at for at, node in enumerate(folded.nodes) for source in node.inputs}
    wanted = {x.name: x for x in prunable(folded)}
    changed: dict[str, ConvNode] = {}
    alive = {IMAGE}
    for index, node in enumerate(folded.nodes):
        shape = known[node.name]
        layer = wanted.get(node.name)
        if layer is not None:
            parts = (part for (part,) in tensors.batches([node.inputs[0]]))
            size = (shape.height, shape.width)
            patches = gather_patches(parts, len(crops), layer, size, POSITIONS, rng)
            changed[node.name] = visit(layer, Statistics.of(patches))
        new = changed.get(node.name, node)
        real, pruned = (recipe_for(x).real(x) for x in (node, new))
        step = LayerStep(node.inputs, real, pruned, shape.values, 1.0)
        tensors.add(node.name, step, rooms[index])
        alive.add(node.name)
        alive -= {x for x in node.inputs if last_use[x] == index}
        tensors.forget(alive)
    return changed
