# SPDX-License-Identifier: Apache-2.0
"""Fold channel order, mean and std of the input into the first layer: hardware eats raw pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.ir.graph import IMAGE, ConvNode, Graph, Preprocessing


def fold_input(graph: Graph) -> Graph:
    """The same network on raw RGB pixels 0..255.

    `sum w * (x - mean) / std + b = sum (w / std) * x + (b - sum w * mean / std)`, exact as long as
    no tap falls on a padding zero, which means `mean` on the pixel scale.

    Raises:
        FirebrickError: a layer that reads the image is no convolution, or is padded while the mean
            is not zero.
    """
    preprocessing = graph.preprocessing
    mean = np.asarray(preprocessing.mean, np.float64)
    std = np.asarray(preprocessing.std, np.float64)
    nodes = list(graph.nodes)
    for index, node in enumerate(nodes):
        if IMAGE not in node.inputs:
            continue
        if not isinstance(node, ConvNode):
            raise FirebrickError(
                f"layer {node.name!r}: reads the image, which only a convolution may"
            )
        if any(node.pads) and mean.any():
            raise FirebrickError(
                f"conv {node.name!r}: pads={node.pads} of a layer that reads the image must be 0 "
                f"unless mean={preprocessing.mean} is 0: the mean cannot be folded into it exactly"
            )
        weights = node.weights.astype(np.float64) / std[:, None, None]
        bias = node.bias - (weights * mean[:, None, None]).sum((1, 2, 3))
        if preprocessing.channels == "BGR":
            weights = weights[:, ::-1]
        nodes[index] = replace(
            node,
            weights=np.ascontiguousarray(weights, np.float32),
            bias=np.asarray(bias, np.float32),
        )
    return replace(
        graph, nodes=tuple(nodes), preprocessing=Preprocessing(resize=preprocessing.resize)
    )
