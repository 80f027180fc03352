# SPDX-License-Identifier: Apache-2.0
"""Do not compute what is constant: the ring of a padded 1x1 convolution before the average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firebrick.ir.graph import ConvNode, GlobalAveragePoolNode, Graph, Node
from firebrick.ir.rules import shapes
from firebrick.passes.rewrite import readers, rebuild


def fold_ring(graph: Graph) -> Graph:
    """Move the padding of a 1x1 convolution into the global average that reads it.

    On padding, a 1x1 convolution gives its bias, activated, whatever the image.

    Rewrites:
        - GlobalAverage(Conv1x1(x; pads p, bias b)) -> GlobalAverage(Conv1x1(x; no pads)) with
          `ring = activate(b) * (pixels with p - pixels)` and `count = pixels with p`, for stride 1
          and a convolution that nothing else reads
    """
    known = shapes(graph)
    read_by = readers(graph)
    nodes = {node.name: node for node in graph.nodes}
    replaced: dict[str, tuple[Node, ...]] = {}
    for node in graph.nodes:
        conv = nodes.get(node.inputs[0])
        if not isinstance(node, GlobalAveragePoolNode) or not isinstance(conv, ConvNode):
            continue
        is_point = conv.weights.shape[2] == 1 and conv.stride == 1 and any(conv.pads)
        if not is_point or len(read_by[conv.name]) != 1 or node.count is not None:
            continue
        inner, outer = known[conv.inputs[0]], known[conv.name]
        count = outer.height * outer.width
        ring = (conv.activate(conv.bias) * (count - inner.height * inner.width)).astype(np.float32)
        replaced[conv.name] = (replace(conv, pads=(0, 0, 0, 0)),)
        replaced[node.name] = (replace(node, ring=ring, count=count),)
    return rebuild(graph, replaced)
