# SPDX-License-Identifier: Apache-2.0
"""Move ReLU and batch norm up to the convolutions they can be folded into."""

from __future__ import annotations

from dataclasses import replace

from firebrick.ir.graph import BatchNormNode, ConcatNode, Graph, MaxPoolNode, Node, ReluNode
from firebrick.ir.verify import shapes
from firebrick.passes.rewrite import readers, rebuild


def hoist_elementwise(graph: Graph) -> Graph:
    """Apply ReLU and batch norm before a pool or concat instead of after it.

    Each holds when no other layer reads the pool or the concat, and is repeated until none applies.

    Rewrites:
        - Relu(MaxPool(x)) -> MaxPool(Relu(x)), since both are monotone
        - Relu(Concat(x, y)) -> Concat(Relu(x), Relu(y))
        - BatchNorm(Concat(x, y)) -> Concat(BatchNorm(x), BatchNorm(y)), each with its channels
    """
    while (hoisted := _hoist_first(graph)) is not None:
        graph = hoisted
    return graph


def _hoist_first(graph: Graph) -> Graph | None:
    nodes = {node.name: node for node in graph.nodes}
    read_by = readers(graph)
    for node in graph.nodes:
        source = nodes.get(node.inputs[0])
        if source is None or len(read_by[source.name]) != 1:
            continue
        is_relu = isinstance(node, ReluNode)
        if (is_relu and isinstance(source, MaxPoolNode | ConcatNode)) or (
            isinstance(node, BatchNormNode) and isinstance(source, ConcatNode)
        ):
            return _swap(graph, node, source)
    return None


def _swap(graph: Graph, node: Node, source: Node) -> Graph:
    """Apply `node` to each input of `source`, which takes over the name of `node`."""
    known = shapes(graph)
    applied: list[Node] = []
    first = 0
    for index, tensor in enumerate(source.inputs):
        name = f"{node.name}.{index}"
        while name in known:
            name += "_"
        channels = known[tensor].channels
        part = slice(first, first + channels)
        first += channels
        applied.append(replace(_part(node, part), name=name, inputs=(tensor,)))
    moved = replace(source, name=node.name, inputs=tuple(x.name for x in applied))
    return rebuild(graph, {source.name: (), node.name: (*applied, moved)})


def _part(node: Node, channels: slice) -> Node:
    """The part of an elementwise layer that belongs to some channels."""
    if not isinstance(node, BatchNormNode):
        return node
    return replace(
        node,
        scale=node.scale[channels],
        bias=node.bias[channels],
        mean=node.mean[channels],
        var=node.var[channels],
    )
