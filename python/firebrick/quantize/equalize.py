# SPDX-License-Identifier: Apache-2.0
"""Give quiet channels a larger share of the integers that all channels of a tensor have in common.

A convolution's output channel may be multiplied by any positive factor if the weights that read it
are divided by it: ReLU and max pooling commute with that, and in integers the factor is part of
the requantization multiplier, so it costs nothing (Nagel et al., "Data-Free Quantization through
Weight Equalization and Bias Correction", arXiv 1906.04721). Making all channels equally loud would
spread the next layer's weights too far apart for their codebook, hence the small exponent.

How far it pays depends on the network. Where filters are few and separate, as in depthwise layers,
balancing both layers' weights first pays, with factors of any size: the same function then gives
the same integers however its channels were scaled in training. In a SqueezeNet it costs over 1 dB.
So both are offered (`candidates`), and `quantizer` compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from firebrick.ir.graph import ConvNode, Graph
from firebrick.quantize.ranges import Vector

EXPONENT = 0.25
"""A channel is amplified by (largest channel's range / its range) to this power."""
LARGEST_FACTOR = 4.0
SWEEPS = 50
"""Of balancing, at most: a factor passes one layer a sweep."""
SETTLED = 1e-3
"""Balancing ends when no factor changes by more than this part."""


def candidates(graph: Graph, ranges: Mapping[str, Vector]) -> Iterator[Graph]:
    """The same function twice, with channels of more even range: as they are, and balanced first.

    A tensor stays as it is unless all its readers, seen through max pools, are convolutions; and
    where a ceiling or a grid says what its numbers are.

    Args:
        graph: prepared graph.
        ranges: see `channel_ranges`.
    """
    links = _links(graph)
    unchanged = {name: np.ones(len(x.source.weights)) for name, x in links.items()}
    for factors in (unchanged, _balance(links)):
        amplified = {x: y * _factors(ranges[x] * y, links[x].read) for x, y in factors.items()}
        yield _amplify(graph, links, amplified)


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    """A tensor whose channels may have factors.

    Attributes:
        source: the convolution that computes it.
        readers: the convolutions that read it.
    """

    source: ConvNode
    readers: Sequence[ConvNode]

    @property
    def read(self) -> NDArray[np.bool_]:
        """Whether a channel is read at all, rather than by pruned weights alone."""
        return np.asarray(sum(x.weights.any((0, 2, 3)) for x in self.readers), np.bool_)


def _links(graph: Graph) -> dict[str, _Link]:
    convs = {x.name: x for x in graph.each(ConvNode)}
    found = {name: _readers(graph, name) for name in convs}
    return {
        name: _Link(convs[name], [convs[x] for x in readers])
        for name, readers in found.items()
        if readers and all(x in convs for x in readers) and _is_free(convs[name])
    }


def _is_free(conv: ConvNode) -> bool:
    """Whether no ceiling and no grid says what a tensor's numbers are."""
    return conv.ceiling is None and conv.grid is None


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


def _factors(loudness: Vector, read: NDArray[np.bool_]) -> Vector:
    """Amplify what is quiet. Silence what nobody reads, so that no integers are spent on it."""
    peak = float(loudness[read].max(initial=0.0))
    if peak <= 0:
        return np.ones(len(loudness))
    quiet = peak / np.maximum(loudness, peak * 1e-6)
    return np.where(quiet < 1, quiet, np.minimum(quiet**EXPONENT, LARGEST_FACTOR))


def _balance(links: Mapping[str, _Link]) -> dict[str, Vector]:
    """Per tensor, factors that give each channel the same norm in its filter as in its readers.

    Nagel et al., equation 11, with norms for ranges, over all layers in turn until it settles. A
    channel without weights on one side has factor 1, and so have all of a tensor on average.
    """
    convs = {x.name: x for link in links.values() for x in (link.source, *link.readers)}
    squares = {x: (y.weights.astype(np.float64) ** 2).sum((2, 3)) for x, y in convs.items()}
    factors = {name: np.ones(len(x.source.weights)) for name, x in links.items()}
    for _ in range(SWEEPS):
        largest_change = 0.0
        for name, link in links.items():
            written = squares[name].sum(1)
            read = np.max([squares[x.name].sum(0) for x in link.readers], 0)
            live = (written > 0) & (read > 0)
            if not live.any():
                continue
            change = np.zeros(len(live))  # of the factor's logarithm
            change[live] = (np.log(read[live]) - np.log(written[live])) / 4
            change[live] -= change[live].mean()
            squares[name] *= np.exp(2 * change)[:, None]
            for reader in link.readers:
                squares[reader.name] *= np.exp(-2 * change)
            factors[name] *= np.exp(change)
            largest_change = max(largest_change, float(np.abs(change).max()))
        if largest_change < SETTLED:
            break
    return factors


def _amplify(graph: Graph, links: Mapping[str, _Link], factors: Mapping[str, Vector]) -> Graph:
    """Multiply channels by factors, and divide by them what reads these channels."""
    convs = {x.name: x for x in graph.each(ConvNode)}
    for name, link in links.items():
        factor = factors[name].astype(np.float32)
        source = convs[name]
        weights = source.weights * factor[:, None, None, None]
        convs[name] = replace(source, weights=weights, bias=source.bias * factor)
        for reader in link.readers:
            weights = convs[reader.name].weights / factor[:, None, None]
            convs[reader.name] = replace(convs[reader.name], weights=weights)
    return replace(graph, nodes=tuple(convs.get(x.name, x) for x in graph.nodes))
