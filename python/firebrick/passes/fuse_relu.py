# SPDX-License-Identifier: Apache-2.0
"""Fuse ReLU into the convolution or addition before it."""

from __future__ import annotations

from dataclasses import replace

from firebrick.ir.graph import AddNode, ConvNode, Graph, Node, ReluNode
from firebrick.passes.rewrite import readers, rebuild


def fuse_relu(graph: Graph) -> Graph:
    """Let convolutions and additions clamp their own output.

    Rewrites:
        - Relu(Conv(x)) -> Conv(x) with relu, when nothing else reads the convolution
        - Relu(Add(x, y)) -> Add(x, y) with relu, when nothing else reads the addition
        - Relu(y) -> y, when y has been clamped already

    Raises:
        FirebrickError: when a ReLU follows anything else.
    """
    read_by = readers(graph)
    nodes: dict[str, Node] = {}
    replaced: dict[str, tuple[Node, ...]] = {}
    redirects: dict[str, str] = {}
    for node in graph.nodes:
        nodes[node.name] = node
        if not isinstance(node, ReluNode):
            continue
        source = nodes.get(redirects.get(node.inputs[0], node.inputs[0]))
        if not isinstance(source, ConvNode | AddNode):
            raise node.fail("input", repr(node.inputs[0]), "is not a convolution or an addition")
        if source.relu:
            replaced[node.name] = ()
            redirects[node.name] = source.name
        elif len(read_by[source.name]) == 1:
            fused = replace(source, name=node.name, relu=True)
            nodes[node.name] = fused
            replaced |= {source.name: (), node.name: (fused,)}
        else:
            raise node.fail("input", repr(source.name), "is also read without the ReLU")
    return rebuild(graph, replaced, redirects)
