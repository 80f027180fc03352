# SPDX-License-Identifier: Apache-2.0
"""The vocabulary that families of networks are written in: a graph, a layer after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    ConcatNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    MaxPoolNode,
    Node,
    Shape,
)
from firebrick.ir.rules import shapes
from firebrick.preprocessing import Preprocessing

Parameters = tuple[FloatArray, FloatArray]
"""Weights (O, I, K, K) and bias (O,) of a convolution."""
WeightShape = tuple[int, int, int, int]
Source = Callable[[str, WeightShape], Parameters]
"""Gives the parameters of a convolution, by its name and the shape of its weights."""


class Blocks:
    """Nodes so far; each method adds one behind the tensor it is given, and returns its output."""

    def __init__(self, image: Shape, source: Source) -> None:
        self.image = image
        self.source = source
        self.nodes: list[Node] = []
        self.channels = {IMAGE: image.channels}
        """Of each tensor."""

    def conv(
        self, name: str, tensor: str, filters: int, kernel: int, *, stride: int = 1, pad: int = 0,
        relu: bool = True,
    ) -> str:  # fmt: skip
        """A convolution, padded the same on all sides."""
        parameters = self.source(name, (filters, self.channels[tensor], kernel, kernel))
        pads = (pad,) * 4
        return self._add(ConvNode(name, (tensor,), *parameters, stride, pads, relu=relu), filters)

    def max_pool(self, name: str, tensor: str, kernel: int = 3, stride: int = 2) -> str:
        """A max pool, whose last window may be a part."""
        node = MaxPoolNode(name, (tensor,), kernel, stride, ceil=True)
        return self._add(node, self.channels[tensor])

    def concat(self, name: str, tensors: Sequence[str]) -> str:
        """Channels of all tensors."""
        return self._add(ConcatNode(name, tuple(tensors)), sum(self.channels[x] for x in tensors))

    def add(self, name: str, first: str, second: str, *, relu: bool = False) -> str:
        """Sum of two tensors."""
        return self._add(AddNode(name, (first, second), relu=relu), self.channels[first])

    def classifier(self, name: str, tensor: str) -> str:
        """The average of each channel: the logits."""
        average = self._add(GlobalAveragePoolNode(name, (tensor,)), self.channels[tensor])
        return self._add(IdentityNode("logits", (average,), op="Flatten"), self.channels[tensor])

    def graph(self, name: str, how: Preprocessing, labels: tuple[str, ...] = ()) -> Graph:
        """All of it."""
        return Graph(name, self.image, tuple(self.nodes), how, labels)

    def _add(self, node: Node, channels: int) -> str:
        self.nodes.append(node)
        self.channels[node.name] = channels
        return node.name


def given(parameters: Mapping[str, Parameters]) -> Source:
    """Parameters that somebody has trained, by the name of their layer."""
    return lambda name, _shape: parameters[name]


def he_normal(seed: int) -> Source:
    """Random weights of variance 2 / (I * K * K), no bias: layers keep the variance of signals.

    He, Zhang, Ren, Sun, Delving deep into rectifiers, ICCV 2015, equation 10.
    """
    rng = np.random.default_rng(seed)

    def draw(_name: str, shape: WeightShape) -> Parameters:
        weights = rng.normal(scale=np.sqrt(2 / prod(shape[1:])), size=shape)
        return weights.astype(np.float32), np.zeros(shape[0], np.float32)

    return draw


def weight_shapes(build: Callable[[Source], Graph]) -> dict[str, WeightShape]:
    """Shape (O, I, K, K) of each convolution's weights, in network order."""
    found: dict[str, WeightShape] = {}

    def note(name: str, shape: WeightShape) -> Parameters:
        found[name] = shape
        return np.zeros(shape, np.float32), np.zeros(shape[0], np.float32)

    build(note)
    return found


def parameters(graph: Graph) -> int:
    """Weights and biases of all convolutions."""
    return sum(x.weights.size + x.bias.size for x in graph.each(ConvNode))


def macs(graph: Graph) -> int:
    """Multiplications of all convolutions for an image, those with zeros and padding included."""
    known = shapes(graph)
    return sum(
        x.weights.size * known[x.name].height * known[x.name].width for x in graph.each(ConvNode)
    )
