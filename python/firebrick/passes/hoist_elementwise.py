# SPDX-License-Identifier: Apache-2.0
"""Move ReLU, Quant and batch norm up to the convolutions they can be folded into."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from firebrick.ir.graph import (
    BatchNormNode,
    ConcatNode,
    ConvNode,
    Graph,
    MaxPoolNode,
    Node,
    QuantNode,
    ReluNode,
    Shape,
)
from firebrick.ir.limits import MAX_LAYERS
from firebrick.ir.rules import shapes
from firebrick.passes.rewrite import readers

MAX_MOVES = 4 * MAX_LAYERS
"""Most times that a layer moves up by one: a thousand of them below a thousand others would take
hours."""


def hoist_elementwise(graph: Graph) -> Graph:
    """Apply ReLU, Quant and batch norm before a pool or concat instead of after it.

    Each holds when no other layer reads the pool or the concat, and is repeated until none applies.

    Rewrites:
        - Relu(MaxPool(x)) -> MaxPool(Relu(x)), since both are monotone
        - Relu(Concat(x, y)) -> Concat(Relu(x), Relu(y))
        - the same of Quant
        - BatchNorm(Concat(x, y)) -> Concat(BatchNorm(x), BatchNorm(y)), each with its channels,
          where x and y are convolutions, which take it in

    Raises:
        FirebrickError: that would take too many steps or layers.
    """
    known = shapes(graph)
    read_by = {name: len(nodes) for name, nodes in readers(graph).items()}
    done: dict[str, Node] = {}
    linear: set[str] = set()
    moves = 0
    for original in graph.nodes:
        waiting = [original]
        while waiting:
            node = waiting.pop()
            source = done.get(node.inputs[0])
            is_free = source is not None and read_by[source.name] == 1
            if source is None or not is_free or not _moves(node, source, linear):
                done[node.name] = node
                if _is_linear(node, linear):
                    linear.add(node.name)
                continue
            moves += len(source.inputs)
            if moves > MAX_MOVES:
                raise node.fail("layer", repr(node.name), f"is among over {MAX_MOVES} to be moved")
            del done[source.name]
            parts = _apply(node, source, known)
            for tensor, count in Counter(source.inputs).items():
                if tensor in read_by:
                    read_by[tensor] += count - 1
            read_by |= {x.name: 1 for x in parts}
            moved = replace(source, name=node.name, inputs=tuple(x.name for x in parts))
            waiting += [moved, *reversed(parts)]
    return replace(graph, nodes=tuple(done.values()))


def _moves(node: Node, source: Node, linear: set[str]) -> bool:
    """Whether a layer may be applied before the one it reads."""
    if isinstance(node, ReluNode) and node.ceiling is None:
        return source.lets_relu_through
    if isinstance(node, ReluNode | QuantNode):
        # These never fall either, and what they read are numbers of its inputs as they are.
        return isinstance(source, MaxPoolNode | ConcatNode)
    is_concat = isinstance(node, BatchNormNode) and isinstance(source, ConcatNode)
    return is_concat and source.name in linear


def _is_linear(node: Node, linear: set[str]) -> bool:
    """Whether a layer is a convolution with nothing behind it, or such ones side by side."""
    if isinstance(node, ConcatNode):
        return linear.issuperset(node.inputs)
    is_sum = isinstance(node, ConvNode) and not node.relu and node.grid is None
    return is_sum or isinstance(node, BatchNormNode)


def _apply(node: Node, source: Node, known: dict[str, Shape]) -> list[Node]:
    """`node` applied to each input of `source`, under names that are made known."""
    applied: list[Node] = []
    first = 0
    for index, tensor in enumerate(source.inputs):
        name = f"{node.name}.{index}"
        while name in known:
            name += "_"
        known[name] = known[tensor]
        channels = known[tensor].channels
        part = slice(first, first + channels)
        first += channels
        applied.append(replace(_part(node, part), name=name, inputs=(tensor,)))
    return applied


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
