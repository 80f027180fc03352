# SPDX-License-Identifier: Apache-2.0
"""Pruning a network as far as its output stays close enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from firebrick.errors import CheckFailed, FirebrickError
from firebrick.images import PixelArray, framed, of_photographs
from firebrick.ir.graph import ConvNode, Graph
from firebrick.ir.network import Network
from firebrick.progress import Progress
from firebrick.prune.allocate import Sensitivity, allocate, predicted
from firebrick.prune.measure import COSTS, pruned, sensitivities
from firebrick.prune.walk import prunable, walk
from firebrick.quantize import quantizer
from firebrick.quantize.calibration import random_crops
from firebrick.quantize.fold_input import fold_input
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import sqnr_db
from firebrick.samples.load import Samples

TRIAL_CROPS = 12
"""Crops that sensitivities are measured on, the others being fitted to."""
TRIES = 5
"""Prunings that are tried for the most that is close enough."""
NEAR = 0.1
"""Decibels above the least that are good enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Pruned:
    """What came of it.

    Attributes:
        graph: float graph with zeros.
        network: quantized from it.
        sqnr_db: of its logits against the dense floats, over images not calibrated on.
        dense_db: the same without pruning.
    """

    graph: Graph
    network: Network
    sqnr_db: float
    dense_db: float


def prune(
    graph: Graph,
    samples: Samples,
    options: QuantizeOptions,
    *,
    least_db: float,
    cost: str,
    progress: Progress,
) -> Pruned:
    """Prune as much of some cost as leaves the quantized logits close to the dense floats.

    Args:
        graph: prepared.
        samples: images to calibrate on, and others to measure on.
        options: of the quantization that is measured.
        least_db: SQNR that is left at least.
        cost: one of `COSTS`.
        progress: told what is being done.

    Raises:
        CheckFailed: without any pruning the logits are not that close.
        FirebrickError: there is no such cost, or nothing to prune.
    """
    if cost not in COSTS:
        raise FirebrickError(f"prune: cost={cost!r} is none of {', '.join(COSTS)}")
    if not prunable(graph):
        raise FirebrickError(f"{graph.name}: layers to prune=0: the first one stays whole")

    def tried(candidate: Graph) -> tuple[Network, float]:
        network = quantizer.quantize(candidate, options, samples.calibration, progress)
        return network, sqnr_db(graph, network, samples.evaluation)

    dense, dense_db = tried(graph)
    if dense_db < least_db:
        raise CheckFailed(
            f"{graph.name}: sqnr_db={dense_db:.2f} without pruning is less than {least_db:g}: give "
            "a smaller --min-db, or more --weight-bits"
        )
    folded = fold_input(graph)
    crops = _crops(folded, samples, options)
    learn, trial = crops[TRIAL_CROPS:], crops[:TRIAL_CROPS]
    found, signal = sensitivities(folded, learn, trial, cost, options.seed, progress)
    best = Pruned(graph, dense, dense_db, dense_db)
    low, high, share = 0.0, 1.0, _first_share(found, signal, least_db, dense_db)
    for number in range(TRIES):
        progress("pruning", number / TRIES)
        candidate = _pruned(graph, folded, crops, allocate(found, share), options.seed)
        network, db = tried(candidate)
        if db >= least_db:
            best, low = Pruned(candidate, network, db, dense_db), share
            if db < least_db + NEAR:
                break
        else:
            high = share
        # Noise of pruning grows about as a power of the share: the next guess lies on that line.
        share = _next(share, db, least_db, dense_db)
        if not low < share < high:
            share = (low + high) / 2
    progress("pruning", 1.0)
    return best


def _next(share: float, db: float, least_db: float, dense_db: float) -> float:
    """Share at which noise will be allowed, if it grows with the cube of the share."""
    base = 10 ** (-dense_db / 10)
    now, allowed = 10 ** (-db / 10) - base, 10 ** (-least_db / 10) - base
    if now <= 0 or allowed <= 0:
        return share * 1.3
    return float(share * np.clip((allowed / now) ** (1 / 3), 0.5, 2.0))


def _first_share(
    found: Mapping[str, Sensitivity], signal: float, least_db: float, dense_db: float
) -> float:
    """Where predicted noise is what is allowed beside that of quantizing."""
    allowed = signal * (10 ** (-least_db / 10) - 10 ** (-dense_db / 10))
    low, high = 0.0, 0.9
    for _ in range(20):
        middle = (low + high) / 2
        noise = predicted(found, allocate(found, middle))
        low, high = (middle, high) if noise < allowed else (low, middle)
    return max(low, 0.01)


def _crops(folded: Graph, samples: Samples, options: QuantizeOptions) -> PixelArray:
    """Images that statistics are taken from, as quantizing has them."""
    how, size = folded.preprocessing, folded.input
    if isinstance(samples.calibration, np.ndarray):
        return framed(samples.calibration[: options.crops], how)
    shape = how.cut(size.height, size.width)
    cuts = random_crops(samples.calibration, options.crops, *shape, options.seed)
    return of_photographs(cuts, how)


def _pruned(
    graph: Graph, folded: Graph, crops: PixelArray, shares: Mapping[str, float], seed: int
) -> Graph:
    """The graph with so much of each layer gone; layers make up for what earlier ones lost."""
    changed = walk(folded, crops, seed, lambda node, x: pruned(node, x, shares[node.name]))
    nodes = tuple(
        replace(x, weights=changed[x.name].weights, bias=changed[x.name].bias)
        if isinstance(x, ConvNode) and x.name in changed
        else x
        for x in graph.nodes
    )
    return replace(graph, nodes=nodes)
