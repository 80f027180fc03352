# SPDX-License-Identifier: Apache-2.0
"""What each layer's weights are worth to the network's output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE, ConvNode, FloatArray, Graph, Shape
from firebrick.ir.rules import shapes
from firebrick.progress import Progress
from firebrick.prune.allocate import SHARES, Sensitivity
from firebrick.prune.layer import fitted, saliency, support
from firebrick.quantize.exact import Array
from firebrick.quantize.ops import recipe_for
from firebrick.quantize.rounding.hessian import Statistics, Streams, gather_patches

POSITIONS = 100
"""Of each image that a layer's statistics are taken from, at most."""
Functions = Mapping[str, Callable[..., FloatArray]]
"""What each layer computes, by name."""
COSTS = ("weights", "macs", "cycles")


def prunable(graph: Graph) -> list[ConvNode]:
    """All convolutions but those that read the image: few weights, on which everything depends."""
    return [x for x in graph.nodes if isinstance(x, ConvNode) and IMAGE not in x.inputs]


def sensitivities(
    folded: Graph, crops: PixelArray, cost: str, seed: int, progress: Progress
) -> dict[str, Sensitivity]:
    """Of each layer that may be pruned, alone.

    Args:
        folded: float graph on raw pixels.
        crops: uint8 (N, C, H, W).
        cost: one of `COSTS`; engines that share out the work take cycles as they take `macs`.
        seed: of positions.
        progress: told the share of layers done.
    """
    known, rng = shapes(folded), np.random.default_rng(seed)
    functions = {x.name: recipe_for(x).real(x) for x in folded.nodes}
    tensors = _run(folded, functions, crops.astype(np.float32))
    logits = tensors[folded.nodes[-1].name].astype(np.float64)
    found = {}
    layers = prunable(folded)
    for number, node in enumerate(layers):
        progress("measuring what layers are worth", number / len(layers))
        statistics = statistics_of(node, tensors[node.inputs[0]], known[node.name], rng)
        flat = node.weights.reshape(len(node.weights), -1).astype(np.float64)
        worth = saliency(flat, statistics.hessian)
        count = int(np.count_nonzero(flat))
        noise = [0.0]
        for share in SHARES[1:]:
            mask = support(worth, round((1 - share) * count))
            weights, bias = fitted(flat, node.bias.astype(np.float64), mask, statistics)
            changed = with_weights(node, weights, bias)
            after = _behind(folded, functions, tensors, changed)
            noise.append(float(((after - logits) ** 2).sum()))
        area = known[node.name].height * known[node.name].width
        price = 1.0 if cost == "weights" else float(area)
        # A little more pruned is a little worse, also where chance has it otherwise.
        found[node.name] = Sensitivity(count, price, np.maximum.accumulate(noise).tolist())
    progress("measuring what layers are worth", 1.0)
    return found


def statistics_of(
    node: ConvNode, x: FloatArray, shape: Shape, rng: np.random.Generator
) -> Statistics:
    """Of the dense network's inputs."""
    size = (shape.height, shape.width)
    parts = (Streams(x[i : i + 1], x[i : i + 1], 1.0) for i in range(len(x)))
    return Statistics.of(gather_patches(parts, len(x), node, size, POSITIONS, rng))


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
