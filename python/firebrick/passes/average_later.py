# SPDX-License-Identifier: Apache-2.0
"""Let a classifier behind the global average work before it, where that is as good as free."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firebrick.ir.graph import ConvNode, GlobalAveragePoolNode, Graph, Node, Shape
from firebrick.ir.rules import shapes
from firebrick.passes.rewrite import readers, rebuild

SHARE = 64
"""What is added is at most one part in so many of a network's multiplications. An average that
comes last is an exact sum: a rounding less, and wide logits. A small classifier costs that little;
one of some hundred channels, or of a small network, would take engines that the rest could use."""


def average_later(graph: Graph) -> Graph:
    """Average what a convolution makes of the pixels, not the pixels: both are linear.

    Names go with the places, so that readers of either see the same as before.

    Rewrites:
        - Conv1x1(GlobalAverage(x; ring r, count n); weights W, bias b) ->
          GlobalAverage(Conv1x1(x); ring W r + (n - pixels) b, count n), for stride 1, no padding,
          no ReLU, and an average that nothing else reads
    """
    known, read_by = shapes(graph), readers(graph)
    work = {x.name: _multiplications(x, known[x.name]) for x in graph.nodes}
    budget = sum(work.values()) // SHARE
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        nodes[node.name] = node
        average = nodes.get(node.inputs[0])
        if not isinstance(node, ConvNode) or not isinstance(average, GlobalAveragePoolNode):
            continue
        image = known[average.inputs[0]]
        added = work[node.name] * (image.height * image.width - 1)
        if _is_linear(node) and len(read_by[average.name]) == 1 and added <= budget:
            budget -= added
            nodes |= {x.name: x for x in _exchanged(average, node, image)}
            known[average.name] = Shape(len(node.weights), image.height, image.width)
    return rebuild(graph, {name: (node,) for name, node in nodes.items()})


def _multiplications(node: Node, output: Shape) -> int:
    """Those of a frame, by weights that are not zero."""
    if not isinstance(node, ConvNode):
        return 0
    return int(np.count_nonzero(node.weights)) * output.height * output.width


def _is_linear(node: ConvNode) -> bool:
    """Whether it gives weighted sums of each pixel and no more."""
    is_point = node.weights.shape[2] == node.stride == 1 and not any(node.pads)
    return is_point and not node.relu and node.grid is None


def _exchanged(
    average: GlobalAveragePoolNode, conv: ConvNode, image: Shape
) -> tuple[ConvNode, GlobalAveragePoolNode]:
    """The convolution at the average's place, and the other way round."""
    pixels = image.height * image.width
    ring, missing = average.ring, (average.count or pixels) - pixels
    if ring is not None or missing:
        total = conv.bias.astype(np.float64) * missing
        if ring is not None:
            total += conv.weights[:, :, 0, 0].astype(np.float64) @ ring
        ring = total.astype(np.float32)
    return (
        replace(conv, name=average.name, inputs=average.inputs),
        replace(average, name=conv.name, inputs=conv.inputs, ring=ring),
    )
