# SPDX-License-Identifier: Apache-2.0
"""A float graph as a PyTorch module, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    BatchNormNode,
    ConcatNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    MaxPoolNode,
    Node,
    ReluNode,
)
from firebrick.training.pruning import weights as pruned_weights


class FloatModule(nn.Module):
    """Computes a graph of floats; its parameters are those of the graph, to be trained.

    Args:
        graph: of layers that PyTorch has.
        normalize: train with a batch norm between each convolution and its ReLU, which `to_graph`
            folds into the convolution.

    Raises:
        FirebrickError: naming the layer that cannot be trained.
    """

    def __init__(self, graph: Graph, *, normalize: bool) -> None:
        super().__init__()
        self.graph = graph
        self.layers = nn.ModuleDict()
        self.norms = nn.ModuleDict()
        for index, node in enumerate(graph.nodes):
            if isinstance(node, ConvNode):
                outputs, inputs, kernel, _ = node.weights.shape
                conv = nn.Conv2d(inputs, outputs, kernel, node.stride)
                with torch.no_grad():
                    conv.weight.copy_(torch.tensor(node.weights))
                    conv.bias.copy_(torch.tensor(node.bias))
                node.require(node.grid is None, "grid", node.grid, "is not trained")
                self.layers[str(index)] = conv
                if normalize and node.relu:
                    self.norms[str(index)] = nn.BatchNorm2d(outputs)
            elif isinstance(node, BatchNormNode):
                self.layers[str(index)] = _batch_norm(node)
            else:
                known = isinstance(
                    node,
                    AddNode
                    | ConcatNode
                    | GlobalAveragePoolNode
                    | IdentityNode
                    | MaxPoolNode
                    | ReluNode,
                )
                node.require(known, "layer", node.kind, "is not trained")

    @property
    def convolutions(self) -> dict[str, nn.Conv2d]:
        """By the names of their layers."""
        return {
            node.name: self.layers[str(index)]
            for index, node in enumerate(self.graph.nodes)
            if isinstance(node, ConvNode)
        }

    def forward(self, image: Tensor) -> Tensor:
        """Logits (N, classes) of normalized images (N, C, H, W)."""
        tensors = {IMAGE: image}
        for index, node in enumerate(self.graph.nodes):
            inputs = [tensors[x] for x in node.inputs]
            tensors[node.name] = self._layer(str(index), node, inputs)
        return tensors[self.graph.nodes[-1].name].flatten(1)

    def _layer(self, index: str, node: Node, inputs: list[Tensor]) -> Tensor:
        x = inputs[0]
        match node:
            case ConvNode():
                top, left, bottom, right = node.pads
                x = self.layers[index](functional.pad(x, (left, right, top, bottom)))
                y = _activated(node, self.norms[index](x) if index in self.norms else x)
            case BatchNormNode():
                y = self.layers[index](x)
            case ReluNode():
                y = functional.relu(x)
                y = y if node.ceiling is None else y.clamp(max=node.ceiling)
            case AddNode():
                y = _activated(node, x + inputs[1])
            case ConcatNode():
                y = torch.cat(inputs, 1)
            case MaxPoolNode():
                y = _pooled(node, x)
            case GlobalAveragePoolNode():
                count = x.shape[2] * x.shape[3] if node.count is None else node.count
                ring = 0 if node.ring is None else torch.from_numpy(node.ring)
                y = ((x.sum((2, 3)) + ring) / count)[:, :, None, None]
            case _:  # an identity
                y = x
        return y

    def to_graph(self) -> Graph:
        """The graph with what was trained, its own batch norms folded."""
        return replace(
            self.graph,
            nodes=tuple(self._node(str(i), x) for i, x in enumerate(self.graph.nodes)),
        )

    def _node(self, index: str, node: Node) -> Node:
        if isinstance(node, ConvNode):
            conv = self.layers[index]
            weights, bias = pruned_weights(conv).double(), conv.bias.double()
            if index in self.norms:
                norm = self.norms[index]
                factor = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
                weights = weights * factor[:, None, None, None]
                bias = (bias - norm.running_mean) * factor + norm.bias
            return replace(node, weights=_array(weights), bias=_array(bias))
        if isinstance(node, BatchNormNode):
            norm = self.layers[index]
            return replace(
                node,
                scale=_array(norm.weight),
                bias=_array(norm.bias),
                mean=_array(norm.running_mean),
                var=_array(norm.running_var),
            )
        return node


def _activated(node: ConvNode | AddNode, x: Tensor) -> Tensor:
    if node.relu:
        x = functional.relu(x)
    return x if node.ceiling is None else x.clamp(max=node.ceiling)


def _pooled(node: MaxPoolNode, x: Tensor) -> Tensor:
    top, left, bottom, right = node.pads
    if any(node.pads):
        x = functional.pad(x, (left, right, top, bottom), value=-torch.inf)
    return functional.max_pool2d(x, node.kernel, node.stride, ceil_mode=node.ceil)


def _batch_norm(node: BatchNormNode) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(len(node.scale), eps=node.epsilon)
    with torch.no_grad():
        for place, values in (
            (norm.weight, node.scale),
            (norm.bias, node.bias),
            (norm.running_mean, node.mean),
            (norm.running_var, node.var),
        ):
            place.copy_(torch.tensor(values))
    return norm


def _array(values: Tensor) -> FloatArray:
    return np.ascontiguousarray(values.detach().numpy().astype(np.float32))
