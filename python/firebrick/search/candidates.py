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
from firebrick.ops.conv.folding import Placement, entries_per_word, may_share_slices
from firebrick.ops.conv.shape import ring, shape_parameters
from firebrick.plan.engines import ConvChoice
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

Amounts = NDArray[np.float64]
"""Resources as an array, in the order of the fields of `Resources`."""


@dataclass(frozen=True, slots=True)
class Folding:
    """A folding of one convolution.

    Attributes:
        choice: what it is.
        cycles: estimated cycles of a frame: those at work over its share.
        resources: estimated resources; none where no device is asked for.
    """

    choice: ConvChoice
    cycles: float
    resources: Resources


def foldings(
    work: Work, target: float, family: Family | None, budget: Resources | None
) -> list[Folding]:
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

    def cycles(choice: ConvChoice) -> float:
        return work.frame_cycles(choice.lanes, choice.columns, choice.gap_bits) / work.share

    if family is None or budget is None:
        return [Folding(x, cycles(x), Resources()) for x in bare]
    prices = price_vectors(budget)
    kept: list[Folding] = []
    for columns in sorted({x.columns for x in bare}):
        ways = [_ways(work, x, family, prices) for x in bare if x.columns == columns]
        cheapest = np.argmin([way.costs for way in ways], axis=0)
        found = {(int(w), *ways[w].pick(k)): (w, k) for k, w in enumerate(cheapest)}
        chosen = {ways[w].at(k) for w, k in found.values()}
        kept += [Folding(x, cycles(x), r) for x, r in sorted(chosen, key=str)]
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
        choice: the folding.
        base: its resources with the first way of every part.
        axes: per part, its ways and what each takes more than the first.
        picks: per part, the cheapest way at each price.
        costs: of the cheapest ways together, at each price.
    """

    choice: ConvChoice
    base: Amounts
    axes: list[tuple[list[ConvChoice], Amounts]]
    picks: list[NDArray[np.int64]]
    costs: Amounts

    def pick(self, price: int) -> tuple[int, ...]:
        """Which way of each part is the cheapest at a price."""
        return tuple(int(x[price]) for x in self.picks)

    def at(self, price: int) -> tuple[ConvChoice, Resources]:
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
        choice = replace(self.choice, fabric=fabric.fabric, placement=placement)
        return choice, Resources(*(int(x) for x in total))


def _ways(work: Work, choice: ConvChoice, family: Family, prices: Amounts) -> _Ways:
    """Ways to build a folding. The estimate is a sum over parts, so each is looked at alone."""
    static = sketch(work, choice)

    def amounts(way: ConvChoice) -> Amounts:
        return np.array(estimate("conv", static | _varied(work, way), family).counts, np.float64)

    base = amounts(choice)
    axes = [
        (ways, np.array([amounts(x) - base for x in ways])) for ways in _axes(choice, work, family)
    ]
    priced = [prices @ more.T for _, more in axes]
    picks = [x.argmin(axis=1) for x in priced]
    costs = prices @ base + sum(x.min(axis=1) for x in priced)
    return _Ways(choice, base, axes, picks, costs)


def _bare(work: Work, target: float) -> Iterator[ConvChoice]:
    """Fewest lanes for each number of columns and gap bits."""
    dual = may_share_slices(work.operator)
    for columns in work.foldings():
        if not work.keeps_pace(columns, target):
            continue
        for gap in work.gaps:
            lanes = work.fewest_lanes(columns, gap, target)
            if lanes is not None:
                drain = work.drain(columns, target)
                zeros = work.store_zeros
                yield ConvChoice(
                    lanes, columns, drain, gap, store_zeros=zeros, dual=dual, tight=work.tight
                )


def _axes(choice: ConvChoice, work: Work, family: Family) -> list[list[ConvChoice]]:
    """Ways to build each part: multipliers, then the memories in the order of `Placement`."""
    kinds = list(MemoryKind) if family is Family.XCUP else [MemoryKind.LUT, MemoryKind.BLOCK]
    tables = [MemoryKind.LUT]
    if work.operator.output.channels > DEEP_TABLE:
        tables.append(MemoryKind.BLOCK)
    fabrics = sorted({0, choice.columns % 2, choice.columns // 2, choice.columns})

    def placed(field: str, values: Sequence[MemoryKind]) -> list[ConvChoice]:
        where = choice.placement
        return [replace(choice, placement=replace(where, **{field: value})) for value in values]

    # Deeper tables of LUTs have more chunks than there are names for.
    shallow = work.lane_load(choice.lanes, choice.gap_bits) < DEEPEST_LUTS
    return [
        [replace(choice, fabric=x) for x in fabrics],
        placed("weights", kinds if shallow else kinds[1:]),
        placed("lengths", tables),
        placed("requantize", tables),
        placed("rows", kinds),
    ]


def _varied(work: Work, choice: ConvChoice) -> dict[str, int]:
    """Parameters of `conv.sv` in which ways to build a folding differ."""
    weights = choice.placement.weights
    return {
        "fabric": choice.fabric,
        "pack": entries_per_word(work.operator, choice.gap_bits, weights),
        "weight_kind": weights,
        "length_kind": choice.placement.lengths,
        "requantize_kind": choice.placement.requantize,
        "bank_kind": choice.placement.rows,
    }


def sketch(work: Work, choice: ConvChoice) -> dict[str, int]:
    """Parameters of `conv.sv`, those estimated that follow from the exact deal of weights."""
    op, lanes = work.operator, choice.lanes
    load = work.lane_load(lanes, choice.gap_bits)
    mean = load / op.output.channels
    longest = max(float(work.weights.max()) * work.growth[choice.gap_bits] / lanes, mean)
    estimated = {
        "lanes": lanes,
        "columns": choice.columns,
        "drain": choice.drain,
        "gap_bits": choice.gap_bits,
        "queue_depth": choice.queue_depth,
        "ring": ring(op, tight=choice.tight),
        "weight_depth": math.ceil(load),
        "length_max": math.ceil(longest * LONGEST_CHANNEL),
        "positions": min(work.positions, math.ceil(1.2 * work.positions / lanes)),
        "lane_channels": min(op.input.channels, math.ceil(op.input.channels / lanes) + (lanes > 1)),
        "dual": int(choice.dual),
    }
    return shape_parameters(op) | estimated | _varied(work, choice)
