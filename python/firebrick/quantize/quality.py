# SPDX-License-Identifier: Apache-2.0
"""How close the integers come to the float network, and what they consist of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray
from firebrick.images import PixelArray, centre_crop, framed, of_photographs, to_float
from firebrick.ir.graph import FloatArray, Graph
from firebrick.ir.network import Network
from firebrick.ops.conv.operator import Conv
from firebrick.quantize.floats import float_functions
from firebrick.quantize.forward import Function, last_layer, run_layers
from firebrick.quantize.ops import recipe_of

LARGEST_DB = 200.0
"""Taken for an infinite one where several are averaged."""


def statistics(network: Network) -> dict[str, int]:
    """Numbers of weights, as fields of a report.

    Returns:
        ``weights``: all, pruned ones included, see `Conv.true_weights`.
        ``nonzero``: those that are stored and multiplied.
    """
    convs = [operator for _, operator in network.each(Conv)]
    return {
        "weights": sum(int(x.true_weights.sum()) for x in convs),
        "nonzero": sum(x.nonzero for x in convs),
    }


def run_integers(network: Network, pixels: PixelArray) -> dict[str, IntArray]:
    """The integers of `Network.golden`, an order of magnitude sooner."""
    return {name: x.astype(np.int64) for name, x in run_layers(_functions(network), pixels)}


def sqnr_db(
    graph: Graph, network: Network, photographs: Sequence[PixelArray] | PixelArray
) -> float:
    """Signal to quantization noise of the logits, pooled over photographs and classes.

    `10 log10(sum float**2 / sum (float - scale * integer)**2)`

    Args:
        graph: prepared float graph.
        network: quantized from it.
        photographs: uint8 (3, H, W) RGB of any size; their centre is used. Or as `quantize` takes
            images of the network's size.

    Returns:
        In dB; infinity if there is no error at all, minus infinity if there is nothing else.

    Raises:
        FirebrickError: there is no photograph.
    """
    if not len(photographs):
        raise FirebrickError("sqnr: photographs=0 is less than 1")
    shape, how = graph.input, graph.preprocessing

    def pairs() -> Iterator[tuple[PixelArray, FloatArray]]:
        for photograph in photographs:
            pixels = photograph[None]
            if not isinstance(photographs, np.ndarray):
                cut = centre_crop(photograph, how.resize, shape.height, shape.width)
                pixels = of_photographs(cut[None], how)
            yield framed(pixels, network.preprocessing)[0], to_float(pixels, how)

    signals, noises = zip(*_powers(graph, network, pairs()), strict=True)
    return _db(sum(signals), sum(noises))


def crops_db(folded: Graph, network: Network, crops: PixelArray) -> float:
    """The same of each crop as it is, averaged: a single one that saturates does not decide.

    Args:
        folded: float graph on raw pixels.
        network: quantized from it.
        crops: of photographs, uint8 (N, C, H, W).
    """
    pairs = _powers(folded, network, ((x, x[None].astype(np.float32)) for x in crops))
    return float(np.mean([np.clip(_db(*x), -LARGEST_DB, LARGEST_DB) for x in pairs]))


def _powers(
    graph: Graph, network: Network, images: Iterable[tuple[PixelArray, FloatArray]]
) -> Iterator[tuple[float, float]]:
    """Signal and noise of images, each as the network reads it and as the graph does."""
    real, integer = list(float_functions(graph)), list(_functions(network))
    for pixels, image in images:
        wanted = last_layer(real, image).astype(np.float64)
        logits = last_layer(integer, pixels[None]).astype(np.int64).reshape(wanted.shape)
        noise = ((wanted - network.scales[network.output] * logits) ** 2).sum()
        yield float((wanted**2).sum()), float(noise)


def _db(signal: float, noise: float) -> float:
    if noise == 0:
        return float("inf")
    return float(10 * np.log10(signal / noise)) if signal > 0 else float("-inf")


def _functions(network: Network) -> Iterator[Function]:
    for layer in network:
        operator = layer.operator
        yield layer.name, layer.inputs, recipe_of(operator).integer(operator)
