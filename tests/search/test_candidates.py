# SPDX-License-Identifier: Apache-2.0
"""Foldings that the search may choose from."""

from dataclasses import astuple, replace
from itertools import product

import numpy as np
import pytest

import plan_networks as nets
from firebrick.area.estimate import estimate
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family, Resources
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ops.conv.folding import fewest_columns
from firebrick.ops.conv.shape import folding_parameters
from firebrick.ops.folding import Placement
from firebrick.search.candidates import WASTE, candidates, guesses, price_vectors
from firebrick.search.work import works

BUDGET = nets.board(dsp=500).budget()
TARGETS = [9_000, 40_000, 300_000]


def sketch(work, folding):
    """Parameters of an engine as the search sees it."""
    return guesses(work, folding) | folding_parameters(work.operator, folding)


@pytest.fixture(scope="module")
def work():
    """A convolution whose tables are worth block RAMs."""
    operator = nets.conv("c", TensorType(16, 28, 28), 96, kernel=3, density=0.3, pointwise=48)
    return works(nets.network([(operator, (IMAGE,))], operator.input), store_zeros=False)["c"]


@pytest.mark.parametrize("family", [*Family, None])
@pytest.mark.parametrize("target", TARGETS)
def test_every_folding_is_fast_enough_and_buildable(work, target, family):
    found = candidates(work, target, family, BUDGET if family else None)
    assert found
    operator = work.operator
    fewest = min(x.folding.multipliers for x in found)
    for candidate in found:
        folding = candidate.folding
        assert candidate.cycles <= target
        assert (
            work.frame_cycles(folding.lanes, folding.columns, folding.gap_bits) == candidate.cycles
        )
        assert work.keeps_pace(folding.columns, target)
        assert 1 <= folding.lanes <= work.most_lanes
        assert fewest_columns(operator) <= folding.columns <= operator.output.width
        assert 1 <= folding.drain <= folding.columns
        assert 0 <= folding.fabric <= folding.columns
        assert folding.gap_bits in work.gaps
        assert folding.multipliers <= WASTE * fewest + 2
        if family is Family.XC7:
            assert MemoryKind.ULTRA not in (folding.placement.weights, folding.placement.rows)
        if family is None:
            assert folding.placement == Placement()
    foldings = [x.folding for x in found]
    assert len(set(foldings)) == len(foldings)


@pytest.mark.parametrize("family", Family)
def test_parts_add_up_to_the_estimate(work, family):
    """Parts are priced one by one, so what they take together must be their sum."""
    for candidate in candidates(work, 40_000, family, BUDGET):
        whole = estimate("conv", sketch(work, candidate.folding), family)
        found = candidate.resources
        assert (found.dsp, found.bram18, found.uram) == (whole.dsp, whole.bram18, whole.uram)
        for name in ("lut", "lutram", "ff"):  # each part's estimate is rounded
            assert abs(getattr(found, name) - getattr(whole, name)) <= 5, name


def test_nothing_cheaper_was_dropped(work):
    """At every price that was asked for, the cheapest of all ways to build is there."""
    target, family = 40_000, Family.XC7
    found = candidates(work, target, family, BUDGET)
    columns = max(x.folding.columns for x in found)
    mine = [x for x in found if x.folding.columns == columns]
    kinds, tables = (MemoryKind.LUT, MemoryKind.BLOCK), (MemoryKind.LUT, MemoryKind.BLOCK)
    every = []
    for bare in {replace(x.folding, fabric=0, placement=Placement()) for x in mine}:
        for fabric, *where in product((0, columns // 2, columns), kinds, tables, tables, kinds):
            folding = replace(bare, fabric=fabric, placement=Placement(*where))
            every.append(astuple(estimate("conv", sketch(work, folding), family)))
    prices = price_vectors(BUDGET)
    best = (prices @ np.array(every, float).T).min(1)
    kept = (prices @ np.array([astuple(x.resources) for x in mine], float).T).min(1)
    slack = prices @ np.array([0, 5, 5, 5, 0, 0.0])
    assert (kept <= best + slack).all()
    assert (kept >= best - slack).all()


def test_scarce_resources_are_spared(work):
    """A device without DSP slices multiplies in LUTs, one without block RAMs remembers in them."""
    rich = candidates(work, 40_000, Family.XC7, BUDGET)
    assert min(x.resources.dsp for x in rich) < min(x.folding.multipliers for x in rich) / 4
    assert min(x.resources.bram18 for x in rich) == 0
    for scarce in ("dsp", "bram18"):
        budget = replace(BUDGET, **{scarce: 0})
        found = candidates(work, 40_000, Family.XC7, budget)
        least = min(found, key=lambda x: (getattr(x.resources, scarce), x.resources.lut))
        assert getattr(least.resources, scarce) <= least.folding.drain


def test_impossible_targets_have_no_candidates(work):
    assert candidates(work, 10, Family.XC7, BUDGET) == []
    assert candidates(work, 10, None, None) == []


def test_prices_are_of_each_resource_and_of_mixtures():
    prices = price_vectors(BUDGET)
    shares = prices * np.maximum(1, astuple(BUDGET))
    assert (prices > 0).all()
    dominant = shares.argmax(1)[(shares.max(1) > 0.9 * shares.sum(1))]
    assert set(dominant) == set(range(len(astuple(Resources()))))
