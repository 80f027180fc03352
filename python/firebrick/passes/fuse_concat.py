# SPDX-License-Identifier: Apache-2.0
"""Make one convolution of the expand half-layers of a Fire module."""

from __future__ import annotations

import numpy as np

from firebrick.ir.graph import ConcatNode, ConvNode, FloatArray, Graph, Node
from firebrick.ir.rules import Budget
from firebrick.passes.rewrite import readers, rebuild


def fuse_concat(graph: Graph) -> Graph:
    """Replace each Concat by one convolution: a 1x1 filter is a 3x3 filter with a ring of zeros.

    Rewrites:
        - Concat(Conv(x; V), Conv(x; W), ...) -> Conv(x; V and W, one after the other), when the
          convolutions agree in stride, ReLU and grid and nothing else reads them. The kernel is the
          smallest square that holds all taps at their places.

    Raises:
        FirebrickError: when a Concat joins anything else, or reaches too far to be one kernel.
    """
    read_by = readers(graph)
    nodes: dict[str, Node] = {}
    replaced: dict[str, tuple[Node, ...]] = {}
    budget = Budget()
    for node in graph.nodes:
        nodes[node.name] = node
        if isinstance(node, ConcatNode):
            parts = [_part(node, source, nodes, read_by) for source in node.inputs]
            fused = _fuse(node, parts, budget)
            nodes[node.name] = fused
            replaced |= dict.fromkeys(node.inputs, ())
            replaced[node.name] = (fused,)
    return rebuild(graph, replaced)


def _part(
    node: ConcatNode, source: str, nodes: dict[str, Node], read_by: dict[str, list[Node]]
) -> ConvNode:
    part = nodes.get(source)
    if not isinstance(part, ConvNode):
        raise node.fail("input", repr(source), "is not a convolution, nothing else can be joined")
    if len(read_by[source]) > 1 or node.inputs.count(source) > 1:
        raise node.fail("input", repr(source), "is read more than once, it cannot be fused")
    return part


def _fuse(node: ConcatNode, parts: list[ConvNode], budget: Budget) -> ConvNode:
    first = parts[0]
    for part in parts[1:]:
        for field in ("inputs", "stride", "relu", "ceiling", "grid"):
            ours, theirs = getattr(first, field), getattr(part, field)
            rule = f"is not {ours} as in {first.name!r}, only like convolutions can be joined"
            if field == "grid":
                rule += ": quantize what is concatenated with one scale, as one QuantReLU has"
            node.require(ours == theirs, f"{part.name}.{field}", theirs, rule)
    # Taps reach from -before to +after around a window's origin; the union of all reaches is kept.
    before = max(part.pads[0] for part in parts)
    after = max(part.weights.shape[2] - 1 - part.pads[0] for part in parts)
    kernel = before + after + 1
    filters = sum(len(part.weights) for part in parts)
    budget.take(node, "weights", (filters, first.weights.shape[1], kernel, kernel))
    # The far edges move with the kernel's, so that each part keeps its number of windows.
    edges = [after - (part.weights.shape[2] - 1 - part.pads[0]) for part in parts]
    bottom = max(part.pads[2] + edge for part, edge in zip(parts, edges, strict=True))
    right = max(part.pads[3] + edge for part, edge in zip(parts, edges, strict=True))
    return ConvNode(
        node.name,
        first.inputs,
        np.concatenate([_embed(x.weights, kernel, before - x.pads[0]) for x in parts]),
        np.concatenate([x.bias for x in parts]),
        first.stride,
        (before, before, bottom, right),
        relu=first.relu,
        ceiling=first.ceiling,
        grid=first.grid,
    )


def _embed(weights: FloatArray, kernel: int, offset: int) -> FloatArray:
    """Surround filters with zeros: `offset` before them, the rest of `kernel` after."""
    rest = kernel - weights.shape[2] - offset
    return np.pad(weights, ((0, 0), (0, 0), (offset, rest), (offset, rest)))
