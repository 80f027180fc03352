# SPDX-License-Identifier: Apache-2.0
"""What passes share: who reads a tensor, and rebuilding a graph around replaced layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from firebrick.ir.graph import Graph, Node


def readers(graph: Graph) -> dict[str, list[Node]]:
    """Layers that read each layer's output, in execution order; empty for the last."""
    result: dict[str, list[Node]] = {node.name: [] for node in graph.nodes}
    for node in graph.nodes:
        for source in dict.fromkeys(node.inputs):
            if source in result:
                result[source].append(node)
    return result


def rebuild(
    graph: Graph,
    replacements: Mapping[str, Sequence[Node]],
    redirects: Mapping[str, str] | None = None,
) -> Graph:
    """The graph with some layers replaced and some tensors read from elsewhere.

    Args:
        graph: to be rebuilt.
        replacements: by layer name, the layers that take its place; none to drop it.
        redirects: by tensor name, the tensor to read in its stead (followed to its end).
    """
    redirects = redirects or {}

    def target(name: str) -> str:
        while name in redirects:
            name = redirects[name]
        return name

    nodes = [
        replace(new, inputs=tuple(target(x) for x in new.inputs))
        for node in graph.nodes
        for new in replacements.get(node.name, (node,))
    ]
    return replace(graph, nodes=tuple(nodes))
