# SPDX-License-Identifier: Apache-2.0
"""Fold batch norm into the convolution before it, or into those behind it."""

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
          convolution and it has neither ReLU nor grid
        - Conv(BatchNorm(x); W, c) -> Conv(x; W a, c + W b), when convolutions alone read it and
          either b is 0 or they are not padded
        - BatchNorm(x) of anything else -> Conv(x; diag(a), b), a 1x1 convolution

    Raises:
        FirebrickError: when that 1x1 convolution would have too many weights.
    """
    read_by = readers(graph)
    nodes = {node.name: node for node in graph.nodes}
    replaced: dict[str, tuple[Node, ...]] = {}
    redirects: dict[str, str] = {}
    budget = Budget()
    for node in graph.nodes:
        if not isinstance(node, BatchNormNode):
            continue
        factor, offset = _affine(node)
        source = nodes.get(redirects.get(node.inputs[0], node.inputs[0]))
        behind = [nodes[x.name] for x in read_by[node.name]]
        takers = [x for x in behind if isinstance(x, ConvNode) and _takes(x, offset)]
        is_alone = len(read_by.get(node.inputs[0], ())) == 1
        if is_alone and isinstance(source, ConvNode) and not source.relu and source.grid is None:
            budget.take(node, "weights", source.weights.shape)
            folded = replace(
                source,
                name=node.name,
                weights=(source.weights * factor[:, None, None, None]).astype(np.float32),
                bias=(source.bias * factor + offset).astype(np.float32),
            )
            replaced[source.name] = ()
        elif behind and len(takers) == len(behind):
            replaced[node.name] = ()
            redirects[node.name] = node.inputs[0]
            for reader in takers:
                budget.take(node, "weights", reader.weights.shape)
                nodes[reader.name] = _behind(reader, factor, offset)
                replaced[reader.name] = (nodes[reader.name],)
            continue
        else:
            budget.take(node, "weights", (len(factor), len(factor)))
            weights = np.diag(factor)[:, :, None, None].astype(np.float32)
            folded = ConvNode(node.name, node.inputs, weights, offset.astype(np.float32))
        # a second batch norm in a row folds into this convolution
        nodes[node.name] = folded
        replaced[node.name] = (folded,)
    return rebuild(graph, replaced, redirects)


def _affine(node: BatchNormNode) -> tuple[np.ndarray, np.ndarray]:
    factor = node.scale.astype(np.float64) / np.sqrt(node.var.astype(np.float64) + node.epsilon)
    return factor, node.bias - node.mean * factor


def _takes(reader: ConvNode, offset: np.ndarray) -> bool:
    """Whether no padding keeps a convolution from taking an offset in."""
    return not (any(reader.pads) and offset.any())


def _behind(conv: ConvNode, factor: np.ndarray, offset: np.ndarray) -> ConvNode:
    """A convolution of what was multiplied by factors and shifted."""
    bias = conv.bias + np.einsum("oikl,i->o", conv.weights.astype(np.float64), offset)
    weights = conv.weights * factor[:, None, None]
    return replace(conv, weights=weights.astype(np.float32), bias=bias.astype(np.float32))
