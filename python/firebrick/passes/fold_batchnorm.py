# SPDX-License-Identifier: Apache-2.0
"""Fold batch norm into the convolution before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firebrick.ir.graph import BatchNormNode, ConvNode, Graph, Node
from firebrick.ir.rules import Budget
from firebrick.passes.rewrite import readers, rebuild


def fold_batchnorm(graph: Graph) -> Graph:
    """Make every batch norm part of a convolution.

    With `a = scale / sqrt(var + epsilon)` and `b = bias - mean * a`, per channel.

    Rewrites:
        - BatchNorm(Conv(x; W, c)) -> Conv(x; a W, a c + b), when nothing else reads the
          convolution and it has no ReLU
        - BatchNorm(x) of anything else -> Conv(x; diag(a), b), a 1x1 convolution

    Raises:
        FirebrickError: when that 1x1 convolution would have too many weights.
    """
    read_by = readers(graph)
    nodes: dict[str, Node] = {}
    replaced: dict[str, tuple[Node, ...]] = {}
    budget = Budget()
    for node in graph.nodes:
        nodes[node.name] = node
        if not isinstance(node, BatchNormNode):
            continue
        factor, offset = _affine(node)
        source = nodes.get(node.inputs[0])
        if isinstance(source, ConvNode) and not source.relu and len(read_by[node.inputs[0]]) == 1:
            budget.take(node, "weights", source.weights.shape)
            folded = replace(
                source,
                name=node.name,
                weights=(source.weights * factor[:, None, None, None]).astype(np.float32),
                bias=(source.bias * factor + offset).astype(np.float32),
            )
            replaced[source.name] = ()
        else:
            budget.take(node, "weights", (len(factor), len(factor)))
            weights = np.diag(factor)[:, :, None, None].astype(np.float32)
            folded = ConvNode(node.name, node.inputs, weights, offset.astype(np.float32))
        # a second batch norm in a row folds into this convolution
        nodes[node.name] = folded
        replaced[node.name] = (folded,)
    return rebuild(graph, replaced)


def _affine(node: BatchNormNode) -> tuple[np.ndarray, np.ndarray]:
    factor = node.scale.astype(np.float64) / np.sqrt(node.var.astype(np.float64) + node.epsilon)
    return factor, node.bias - node.mean * factor
