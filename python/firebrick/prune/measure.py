# SPDX-License-Identifier: Apache-2.0
"""What each layer's weights are worth to the network's output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE, ConvNode, FloatArray, Graph
from firebrick.ir.rules import shapes
from firebrick.progress import Progress
from firebrick.prune.allocate import SHARES, Sensitivity
from firebrick.prune.layer import fitted, saliency, support
from firebrick.quantize import footprint
from firebrick.quantize.exact import Array
from firebrick.quantize.ops import recipe_for
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.rounding.hessian import Statistics, gather_patches
from firebrick.quantize.tensors import LayerStep, Tensors

POSITIONS = 200
"""Of each image that a layer's statistics are taken from, at most."""
Functions = Mapping[str, Callable[..., FloatArray]]
"""What each layer computes, by name."""
COSTS = ("weights", "macs", "cycles")


def prunable(graph: Graph) -> list[ConvNode]:
    """All convolutions but those that read the image: few weights, on which everything depends."""
    return [x for x in graph.nodes if isinstance(x, ConvNode) and IMAGE not in x.inputs]


def sensitivities(
    folded: Graph, crops: PixelArray, trial: PixelArray, cost: str, seed: int, progress: Progress
) -> dict[str, Sensitivity]:
    """Of each layer that may be pruned, alone.

    Args:
        folded: float graph on raw pixels.
        crops: uint8 (N, C, H, W), that what is left of a layer is fitted to.
        trial: others, that noise is measured on: fitted to the same ones it would look small.
        cost: one of `COSTS`; engines that share out the work take cycles as they take `macs`.
        seed: of positions.
        progress: told the share of layers done.
    """
    known = shapes(folded)
    functions = {x.name: recipe_for(x).real(x) for x in folded.nodes}
    tensors = _run(folded, functions, trial.astype(np.float32))
    logits = tensors[folded.nodes[-1].name].astype(np.float64)
    found = {}
    count = len(prunable(folded))
    for number, (node, statistics) in enumerate(_statistics(folded, crops, functions, seed)):
        progress("measuring what layers are worth", number / count)
        flat = node.weights.reshape(len(node.weights), -1).astype(np.float64)
        worth = saliency(flat, statistics.hessian)
        nonzero = int(np.count_nonzero(flat))
        noise = [0.0]
        for share in SHARES[1:]:
            mask = support(worth, round((1 - share) * nonzero))
            weights, bias = fitted(flat, node.bias.astype(np.float64), mask, statistics)
            changed = with_weights(node, weights, bias)
            after = _behind(folded, functions, tensors, changed)
            noise.append(float(((after - logits) ** 2).sum()))
        area = known[node.name].height * known[node.name].width
        price = 1.0 if cost == "weights" else float(area)
        # A little more pruned is a little worse, also where chance has it otherwise.
        found[node.name] = Sensitivity(nonzero, price, np.maximum.accumulate(noise).tolist())
    progress("measuring what layers are worth", 1.0)
    return found


def _statistics(
    folded: Graph, crops: PixelArray, functions: Functions, seed: int
) -> Iterator[tuple[ConvNode, Statistics]]:
    """Layers that may be pruned, in order, and statistics of what the dense network gives them."""
    known, rng = shapes(folded), np.random.default_rng(seed)
    tensors, rooms = Tensors(crops), footprint.rooms(folded, QuantizeOptions(crops=len(crops)))
    last_use = {source: at for at, node in enumerate(folded.nodes) for source in node.inputs}
    wanted = {x.name for x in prunable(folded)}
    alive = {IMAGE}
    for index, node in enumerate(folded.nodes):
        shape, function = known[node.name], functions[node.name]
        if isinstance(node, ConvNode) and node.name in wanted:
            parts = (part for (part,) in tensors.batches([node.inputs[0]]))
            size = (shape.height, shape.width)
            patches = gather_patches(parts, len(crops), node, size, POSITIONS, rng)
            yield node, Statistics.of(patches)
        step = LayerStep(node.inputs, function, function, shape.values, 1.0)
        tensors.add(node.name, step, rooms[index])
        alive.add(node.name)
        alive -= {x for x in node.inputs if last_use[x] == index}
        tensors.forget(alive)


def with_weights(node: ConvNode, weights: Array, bias: Array) -> ConvNode:
    """A convolution with others."""
    return replace(
        node,
        weights=weights.reshape(node.weights.shape).astype(np.float32),
        bias=bias.astype(np.float32),
    )


def _run(graph: Graph, functions: Functions, image: FloatArray) -> dict[str, Array]:
    tensors: dict[str, Array] = {IMAGE: image}
    for node in graph.nodes:
        tensors[node.name] = functions[node.name](*(tensors[x] for x in node.inputs))
    return tensors


def _behind(
    graph: Graph, functions: Functions, tensors: Mapping[str, Array], changed: ConvNode
) -> Array:
    """The logits with one layer changed: only what depends on it is computed anew."""
    new: dict[str, Array] = {}
    for node in graph.nodes:
        if node.name == changed.name:
            function = recipe_for(changed).real(changed)
        elif not set(node.inputs) & new.keys():
            continue
        else:
            function = functions[node.name]
        new[node.name] = function(*(new[x] if x in new else tensors[x] for x in node.inputs))
    return np.asarray(new[graph.nodes[-1].name], np.float64)
