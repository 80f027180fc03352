# SPDX-License-Identifier: Apache-2.0
"""Foldings of a convolution that are fast enough, and what each takes of a device.

For every number of columns (the neighbours' gearboxes depend on it), gap bits and kinds of memories
there are thousands; those are kept that are cheapest at some price of the resources, by trying
many prices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from firebrick.area.estimate import estimate
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family, Resources
from firebrick.ops.conv.folding import QUEUE_DEPTH, may_share_slices
from firebrick.ops.conv.shape import folding_parameters, layer_parameters
from firebrick.ops.folding import Folding, Placement
from firebrick.search.work import Work

LONGEST_CHANNEL = 1.5
"""Entries of a lane's longest channel over the mean, about."""
DEEP_TABLE = 64
"""Tables of more words may be worth a block RAM."""
DEEPEST_LUTS = 12_000
"""Entries of a lane that LUTs may hold."""
WASTE = 1.35
"""Foldings that need so many times the multipliers of the best are not looked at."""
PRICES = 48
"""Price vectors tried."""
LANE_PRICE = 0.3
"""What a further lane costs where no device is asked for, in multipliers: logic and patience."""

Amounts = NDArray[np.float64]
"""Resources as an array, in the order of the fields of `Resources`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folding of one convolution that may be chosen.

    Attributes:
        folding: what it is.
        cycles: estimated cycles of a frame: those at work over its share.
        resources: estimated resources; none where no device is asked for.
    """

    folding: Folding
    cycles: float
    resources: Resources

    @property
    def price(self) -> float:
        """Without a device: multipliers, a little for each lane, next to nothing for memory."""
        folding = self.folding
        return folding.multipliers + LANE_PRICE * (folding.lanes - 1) + folding.gap_bits / 100


def candidates(
    work: Work, target: float, family: Family | None, budget: Resources | None
) -> list[Candidate]:
    """Foldings that take at most `target` cycles a frame.

    Args:
        work: the convolution.
        target: cycles; the engine is to work for its share of them.
        family: of the device; None leaves resources out and memories where they are by default.
        budget: of the device, the measure of what is scarce.
    """
    bare = list(_bare(work, target * work.share))
    if not bare:
        return []
    fewest = min(x.multipliers for x in bare)
    bare = [x for x in bare if x.multipliers <= WASTE * fewest + 2]

    def cycles(folding: Folding) -> float:
        return work.folded_cycles(folding) / work.share

    if family is None or budget is None:
        return [Candidate(x, cycles(x), Resources()) for x in bare]
    prices = price_vectors(budget)
    kept: list[Candidate] = []
    for columns in sorted({x.columns for x in bare}):
        ways = [_ways(work, x, family, prices) for x in bare if x.columns == columns]
        cheapest = np.argmin([way.costs for way in ways], axis=0)
        found = {(int(w), *ways[w].pick(k)): (w, k) for k, w in enumerate(cheapest)}
        chosen = {ways[w].at(k) for w, k in found.values()}
        kept += [Candidate(x, cycles(x), r) for x, r in sorted(chosen, key=str)]
    return kept


def price_vectors(budget: Resources) -> Amounts:
    """Prices of a unit of each resource, shape (PRICES, resources): single ones and mixtures."""
    share = 1 / np.maximum(1.0, np.array(budget.counts, np.float64))
    kinds = len(share)
    random = np.random.default_rng(1).dirichlet([0.5] * kinds, PRICES - kinds - 1)
    weights = np.concatenate([np.full((1, kinds), 1 / kinds), 0.02 + np.eye(kinds), random])
    return weights * share


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """The ways to build one folding, part by part, and the cheapest at each price.

    Attributes:
        folding: the folding.
        base: its resources with the first way of every part.
        axes: per part, its ways and what each takes more than the first.
        picks: per part, the cheapest way at each price.
        costs: of the cheapest ways together, at each price.
    """

    folding: Folding
    base: Amounts
    axes: list[tuple[list[Folding], Amounts]]
    picks: list[NDArray[np.int64]]
    costs: Amounts

    def pick(self, price: int) -> tuple[int, ...]:
        """Which way of each part is the cheapest at a price."""
        return tuple(int(x[price]) for x in self.picks)

    def at(self, price: int) -> tuple[Folding, Resources]:
        """The cheapest way at a price."""
        parts = [ways[pick[price]] for (ways, _), pick in zip(self.axes, self.picks, strict=True)]
        total = self.base.copy()
        for (_, more), pick in zip(self.axes, self.picks, strict=True):
            total += more[pick[price]]
        fabric, weights, lengths, requantize, rows = parts
        placement = Placement(
            weights.placement.weights,
            lengths.placement.lengths,
            requantize.placement.requantize,
            rows.placement.rows,
        )
        folding = replace(self.folding, fabric=fabric.fabric, placement=placement)
        return folding, Resources(*(int(x) for x in total))


def _ways(work: Work, folding: Folding, family: Family, prices: Amounts) -> _Ways:
    """Ways to build a folding. The estimate is a sum over parts, so each is looked at alone."""
    guessed = guesses(work, folding)

    def amounts(way: Folding) -> Amounts:
        parameters = guessed | folding_parameters(work.operator, way)
        return np.array(estimate("conv", parameters, family).counts, np.float64)

    base = amounts(folding)
    axes = [
        (ways, np.array([amounts(x) - base for x in ways])) for ways in _axes(folding, work, family)
    ]
    priced = [prices @ more.T for _, more in axes]
    picks = [x.argmin(axis=1) for x in priced]
    costs = prices @ base + sum(x.min(axis=1) for x in priced)
    return _Ways(folding, base, axes, picks, costs)


def _bare(work: Work, target: float) -> Iterator[Folding]:
    """Fewest lanes for each number of columns and gap bits."""
    dual = may_share_slices(work.operator)
    for columns in work.columns():
        if not work.keeps_pace(columns, target):
            continue
        for gap in work.gaps:
            lanes = work.fewest_lanes(columns, gap, target)
            if lanes is not None:
                yield Folding(
                    columns,
                    lanes,
                    drain=work.drain(columns, target),
                    gap_bits=gap,
                    queue_depth=QUEUE_DEPTH,
                    store_zeros=work.store_zeros,
                    dual=dual,
                    tight=work.tight,
                )


def _axes(folding: Folding, work: Work, family: Family) -> list[list[Folding]]:
    """Ways to build each part: multipliers, then the memories in the order of `Placement`."""
    kinds = list(MemoryKind) if family is Family.XCUP else [MemoryKind.LUT, MemoryKind.BLOCK]
    tables = [MemoryKind.LUT]
    if work.operator.output.channels > DEEP_TABLE:
        tables.append(MemoryKind.BLOCK)
    fabrics = sorted({0, folding.columns % 2, folding.columns // 2, folding.columns})

    def placed(field: str, values: Sequence[MemoryKind]) -> list[Folding]:
        where = folding.placement
        return [replace(folding, placement=replace(where, **{field: value})) for value in values]

    shallow = work.lane_load(folding.lanes, folding.gap_bits) < DEEPEST_LUTS
    return [
        [replace(folding, fabric=x) for x in fabrics],
        placed("weights", kinds if shallow else kinds[1:]),
        placed("lengths", tables),
        placed("requantize", tables),
        placed("rows", kinds),
    ]


def guesses(work: Work, folding: Folding) -> dict[str, int]:
    """Parameters of `conv.sv` that no folding gives: the layer's, and guesses at the deal's."""
    op, lanes = work.operator, folding.lanes
    load = work.lane_load(lanes, folding.gap_bits)
    mean = load / op.output.channels
    longest = max(float(work.weights.max()) * work.growth[folding.gap_bits] / lanes, mean)
    return layer_parameters(op) | {
        "weight_depth": math.ceil(load),
        "length_max": math.ceil(longest * LONGEST_CHANNEL),
        "positions": min(work.positions, math.ceil(1.2 * work.positions / lanes)),
        "lane_channels": min(op.input.channels, math.ceil(op.input.channels / lanes) + (lanes > 1)),
    }
