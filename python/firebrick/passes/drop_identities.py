# SPDX-License-Identifier: Apache-2.0
"""Drop layers that change neither the integers nor the order of the logits."""

from __future__ import annotations

from firebrick.ir.graph import (
    MONOTONE,
    ConcatNode,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    Node,
    QuantNode,
    Shape,
)
from firebrick.ir.grid import BITS
from firebrick.ir.rules import shapes
from firebrick.passes.rewrite import readers, rebuild


def drop_identities(graph: Graph) -> Graph:
    """Drop layers without effect.

    Rewrites:
        - Dropout, Identity, Flatten, Reshape, Squeeze (x) -> x
        - Softmax, LogSoftmax, Sigmoid (x) -> x, when nothing but such layers follows
        - Concat (x), of one tensor -> x
        - GlobalAverage (x), of one pixel alone -> x, when a layer reads it
        - Quant (x) -> x, when nothing but such layers follows, and no layer could have the grid: x
          is a global average, or the grid has too many bits. Like Softmax it never falls: classes
          may tie that did not, but none overtakes another.

    Raises:
        FirebrickError: when a Softmax or the like is in the midst of the network.
    """
    known, read_by = shapes(graph), readers(graph)
    tail: set[str] = set()
    for node in reversed(graph.nodes):
        is_dropped = isinstance(node, IdentityNode | QuantNode)
        if is_dropped and all(x.name in tail for x in read_by[node.name]):
            tail.add(node.name)
    redirects: dict[str, str] = {}
    averages = {x.name for x in graph.nodes if isinstance(x, GlobalAveragePoolNode)}
    for node in graph.nodes:
        if node.name in tail and node.inputs[0] in averages:
            averages.add(node.name)
        if isinstance(node, IdentityNode) and node.op in MONOTONE and node.name not in tail:
            raise node.fail("op", node.op, "is supported at the end of the network only")
        is_read = any(x.name not in tail for x in read_by[node.name])
        is_alone = is_read and _is_pixel(node, known[node.inputs[0]])
        is_last = node.name in tail and _is_finer(node, averages)
        if isinstance(node, IdentityNode) or _is_single(node) or is_alone or is_last:
            redirects[node.name] = node.inputs[0]
    return rebuild(graph, dict.fromkeys(redirects, ()), redirects)


def _is_finer(node: Node, averages: set[str]) -> bool:
    """Whether a layer puts values on a grid that no layer of the hardware can."""
    return isinstance(node, QuantNode) and (node.name in averages or node.grid.bits not in BITS)


def _is_single(node: Node) -> bool:
    return isinstance(node, ConcatNode) and len(node.inputs) == 1


def _is_pixel(node: Node, image: Shape) -> bool:
    """Whether a layer averages what is one pixel already, without a ring."""
    if not isinstance(node, GlobalAveragePoolNode) or node.ring is not None:
        return False
    return (image.height, image.width, node.count or 1) == (1, 1, 1)
