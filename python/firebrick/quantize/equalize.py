# SPDX-License-Identifier: Apache-2.0
"""Give quiet channels a larger share of the integers that all channels of a tensor have in common.

A convolution's output channel may be multiplied by any positive factor if the weights that read it
are divided by it: ReLU and max pooling commute with that, and in integers the factor is part of
the requantization multiplier, so it costs nothing (Nagel et al., "Data-Free Quantization through
Weight Equalization and Bias Correction", arXiv 1906.04721). Making all channels equally loud would
spread the next layer's weights too far apart for their codebook, hence the small exponent.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from firebrick.images import PixelArray
from firebrick.ir.graph import ConvNode, FloatArray, Graph
from firebrick.quantize.forward import run_layers
from firebrick.quantize.ops import recipe_for

EXPONENT = 0.25
"""A channel is amplified by (largest channel's range / its range) to this power."""
LARGEST_FACTOR = 4.0


def equalize(graph: Graph, images: FloatArray | PixelArray) -> Graph:
    """The same function, with channels of more even range.

    A tensor stays as it is unless all its readers, seen through max pools, are convolutions; and
    where a ceiling or a grid says what its numbers are.

    Args:
        graph: prepared graph.
        images: preprocessed images (N, C, H, W), on which ranges are measured.
    """
    convs = {x.name: x for x in graph.nodes if isinstance(x, ConvNode)}
    for name, loudness in _ranges(graph, images).items():
        readers = _readers(graph, name)
        if not readers or not all(x in convs for x in readers):
            continue
        source = convs[name]
        if source.ceiling is not None or source.grid is not None:
            continue
        factors = _factors(loudness)
        weights = source.weights * factors[:, None, None, None]
        convs[name] = replace(source, weights=weights, bias=source.bias * factors)
        for reader in readers:
            weights = convs[reader].weights / factors[:, None, None]
            convs[reader] = replace(convs[reader], weights=weights)
    return replace(graph, nodes=tuple(convs.get(x.name, x) for x in graph.nodes))


def _ranges(graph: Graph, images: FloatArray | PixelArray) -> dict[str, NDArray[np.float64]]:
    """Per convolution and channel, the largest magnitude of an image, averaged over images."""
    totals: dict[str, NDArray[np.float64]] = {}
    functions = [(x.name, x.inputs, recipe_for(x).real(x)) for x in graph.nodes]
    convs = {x.name for x in graph.nodes if isinstance(x, ConvNode)}
    for index in range(len(images)):
        image = images[index : index + 1].astype(np.float32)
        for name, y in run_layers(functions, image):
            if name in convs:
                largest = np.maximum(y.max((0, 2, 3)), -y.min((0, 2, 3))).astype(np.float64)
                totals[name] = totals.get(name, np.zeros(1)) + largest
    return {name: total / len(images) for name, total in totals.items()}


def _factors(loudness: NDArray[np.float64]) -> NDArray[np.float32]:
    peak = float(loudness.max())
    if peak <= 0:
        return np.ones(len(loudness), np.float32)
    quiet = peak / np.maximum(loudness, peak * 1e-6)
    return np.minimum(quiet**EXPONENT, LARGEST_FACTOR).astype(np.float32)


def _readers(graph: Graph, name: str) -> list[str]:
    """Layers that read a tensor, looking through max pools.

    None if the tensor is the network's output; a pool that is the output counts as a reader.
    """
    found: list[str] = []
    seen_through = {name}
    for node in graph.nodes:
        if seen_through.isdisjoint(node.inputs):
            continue
        # a pool that ends the network is its output
        if node.keeps_factors and node is not graph.nodes[-1]:
            seen_through.add(node.name)
        else:
            found.append(node.name)
    return found
