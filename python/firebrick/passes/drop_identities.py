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
    Shape,
)
from firebrick.ir.rules import shapes
from firebrick.passes.rewrite import readers, rebuild


def drop_identities(graph: Graph) -> Graph:
    """Drop layers without effect.

    Rewrites:
        - Dropout, Identity, Flatten, Reshape, Squeeze (x) -> x
        - Softmax, LogSoftmax, Sigmoid (x) -> x, when nothing but such layers follows
        - Concat (x), of one tensor -> x
        - GlobalAverage (x), of one pixel alone -> x, when a layer reads it

    Raises:
        FirebrickError: when a Softmax or the like is in the midst of the network.
    """
    known, read_by = shapes(graph), readers(graph)
    tail: set[str] = set()
    for node in reversed(graph.nodes):
        if isinstance(node, IdentityNode) and all(x.name in tail for x in read_by[node.name]):
            tail.add(node.name)
    redirects: dict[str, str] = {}
    for node in graph.nodes:
        if isinstance(node, IdentityNode) and node.op in MONOTONE and node.name not in tail:
            raise node.fail("op", node.op, "is supported at the end of the network only")
        is_read = any(x.name not in tail for x in read_by[node.name])
        is_alone = is_read and _is_pixel(node, known[node.inputs[0]])
        if isinstance(node, IdentityNode) or _is_single(node) or is_alone:
            redirects[node.name] = node.inputs[0]
    return rebuild(graph, dict.fromkeys(redirects, ()), redirects)


def _is_single(node: Node) -> bool:
    return isinstance(node, ConcatNode) and len(node.inputs) == 1


def _is_pixel(node: Node, image: Shape) -> bool:
    """Whether a layer averages what is one pixel already, without a ring."""
    if not isinstance(node, GlobalAveragePoolNode) or node.ring is not None:
        return False
    return (image.height, image.width, node.count or 1) == (1, 1, 1)
