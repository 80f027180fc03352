# SPDX-License-Identifier: Apache-2.0
"""The float network, for calibration and for measuring quality."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.ir.graph import (
    AddNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Shape,
)
from firebrick.ir.verify import output_shape
from firebrick.quantize.exact import Array, FloatConv
from firebrick.quantize.forward import last_layer, maxpool


def float_operator(node: Node) -> Callable[..., FloatArray]:
    """A function that computes one node of a prepared graph on (N, C, H, W) arrays.

    Raises:
        FirebrickError: a prepared graph has no such node.
    """
    if isinstance(node, ConvNode):
        return partial(_conv, node, FloatConv(node.weights, node.stride, node.pads))
    if isinstance(node, MaxPoolNode):
        return partial(_maxpool, node)
    if isinstance(node, AddNode):
        return partial(_add, node)
    if isinstance(node, GlobalAveragePoolNode):
        return partial(_average, node)
    raise FirebrickError(f"layer {node.name!r}: {type(node).__name__} cannot be quantized")


def _conv(node: ConvNode, conv: FloatConv, x: Array) -> FloatArray:
    y = conv(x)
    y += node.bias[:, None, None]
    return np.maximum(y, 0, out=y) if node.relu else y


def _maxpool(node: MaxPoolNode, x: Array) -> FloatArray:
    out = output_shape(node, [Shape(*x.shape[1:])])
    return np.asarray(maxpool(x, node.kernel, node.stride, out.height, out.width), np.float32)


def _add(node: AddNode, left: Array, right: Array) -> FloatArray:
    total = np.asarray(left + right, np.float32)
    return np.maximum(total, 0) if node.relu else total


def _average(node: GlobalAveragePoolNode, x: Array) -> FloatArray:
    count = x.shape[2] * x.shape[3] if node.count is None else node.count
    total = x.sum((2, 3), keepdims=True, dtype=np.float64)
    if node.ring is not None:
        total = total + node.ring[:, None, None]
    return np.asarray(total / count, np.float32)


def run_float(graph: Graph, image: FloatArray) -> FloatArray:
    """Logits (N, classes) of preprocessed images (N, 3, H, W)."""
    functions = ((x.name, x.inputs, float_operator(x)) for x in graph.nodes)
    return np.asarray(last_layer(functions, image), np.float32).reshape(len(image), -1)
