# SPDX-License-Identifier: Apache-2.0
"""What each layer's weights are worth to the network's output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE, ConvNode, FloatArray, Graph
from firebrick.ir.rules import shapes
from firebrick.progress import Progress
from firebrick.prune.allocate import SHARES, Sensitivity
from firebrick.prune.layer import fitted, saliency, support
from firebrick.prune.walk import prunable, walk
from firebrick.quantize.exact import Array
from firebrick.quantize.ops import recipe_for
from firebrick.quantize.rounding.hessian import Statistics

Functions = Mapping[str, Callable[..., FloatArray]]
"""What each layer computes, by name."""
COSTS = ("weights", "macs", "cycles")


def sensitivities(
    folded: Graph, crops: PixelArray, trial: PixelArray, cost: str, seed: int, progress: Progress
) -> tuple[dict[str, Sensitivity], float]:
    """Of each layer that may be pruned, alone.

    Args:
        folded: float graph on raw pixels.
        crops: uint8 (N, C, H, W), that what is left of a layer is fitted to.
        trial: others, that noise is measured on: fitted to the same ones it would look small.
        cost: one of `COSTS`; engines that share out the work take cycles as they take `macs`.
        seed: of positions.
        progress: told the share of layers done.

    Returns:
        Sensitivities by the layers' names, and the power of the logits that their noise is of.
    """
    known = shapes(folded)
    functions = {x.name: recipe_for(x).real(x) for x in folded.nodes}
    tensors = _run(folded, functions, trial.astype(np.float32))
    logits = tensors[folded.nodes[-1].name].astype(np.float64)
    found: dict[str, Sensitivity] = {}
    count = len(prunable(folded))

    def measure(node: ConvNode, statistics: Statistics) -> ConvNode:
        progress("measuring what layers are worth", len(found) / count)
        noise = [0.0]
        for share in SHARES[1:]:
            after = _behind(folded, functions, tensors, pruned(node, statistics, share))
            noise.append(float(((after - logits) ** 2).sum()))
        area = known[node.name].height * known[node.name].width
        price = 1.0 if cost == "weights" else float(area)
        # A little more pruned is a little worse, also where chance has it otherwise.
        rising = np.maximum.accumulate(noise).tolist()
        found[node.name] = Sensitivity(int(np.count_nonzero(node.weights)), price, rising)
        return node

    walk(folded, crops, seed, measure)
    progress("measuring what layers are worth", 1.0)
    return found, float((logits**2).sum())


def pruned(node: ConvNode, statistics: Statistics, share: float) -> ConvNode:
    """A layer with that share of its weights gone, and the others fitted."""
    flat = node.weights.reshape(len(node.weights), -1).astype(np.float64)
    keep = round((1 - share) * int(np.count_nonzero(flat)))
    mask = support(saliency(flat, statistics.hessian), keep)
    weights, bias = fitted(flat, node.bias.astype(np.float64), mask, statistics)
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
