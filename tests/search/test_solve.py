# SPDX-License-Identifier: Apache-2.0
"""The integer program against trying everything."""

import os
from dataclasses import astuple
from itertools import pairwise, product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.hardware.resources import Resources
from firebrick.ops.folding import Folding
from firebrick.search import program
from firebrick.search.candidates import Candidate
from firebrick.search.program import GAP, columns_of, fewest_multipliers, solve

NAMES = ("a", "b", "c")


def candidate(lanes, columns, resources=Resources(), gap_bits=3, cycles=100.0):
    return Candidate(Folding(columns, lanes, 1, gap_bits), cycles, resources)


def random_instance(rng):
    """Options of three layers in a chain, and LUTs between them by their columns."""
    options = {
        name: [
            candidate(
                int(rng.integers(1, 5)),
                int(rng.integers(1, 4)),
                Resources(*(int(x) for x in rng.integers(0, 40, 6))),
            )
            for _ in range(rng.integers(1, 6))
        ]
        for name in NAMES
    }
    columns = columns_of(options)
    tables = {
        (x, y): rng.integers(0, 60, (len(columns[x]), len(columns[y]))).tolist()
        for x, y in pairwise(NAMES)
    }
    return options, tables


def amounts(chosen, tables, columns):
    """Resources of a choice with its gearboxes, and its multipliers."""
    total = np.array(astuple(sum((x.resources for x in chosen.values()), Resources())))
    for (x, y), table in tables.items():
        row = columns[x].index(chosen[x].folding.columns)
        total[1] += table[row][columns[y].index(chosen[y].folding.columns)]
    return np.append(total, sum(x.folding.multipliers for x in chosen.values()))


def everything(options, tables, available):
    """Share and sum of shares of every choice there is."""
    columns = columns_of(options)
    found = []
    for picks in product(*options.values()):
        use = amounts(dict(zip(options, picks, strict=True)), tables, columns) / available
        found.append((use.max(), use.sum()))
    return np.array(found)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 200), st.integers(4, 30))
def test_least_share_is_found(seed, size, multipliers):
    rng = np.random.default_rng(seed)
    options, tables = random_instance(rng)
    budget = Resources(*(int(x) for x in rng.integers(size // 2, size, 6)))
    available = np.array([*astuple(budget), multipliers], float)
    answer = solve(options, budget, multipliers, tables)
    best = everything(options, tables, available)[:, 0].min()
    use = amounts(answer.chosen, tables, columns_of(options)) / available
    assert answer.share == pytest.approx(use.max(), abs=1e-4)
    assert best - 1e-6 <= answer.share <= best * (1 + GAP) + 1e-6
    assert answer.bound <= best + 1e-6
    assert answer.fits == (use.max() <= 1 + 1e-9)
    assert not answer.impossible or best > 1 + 1e-9


def test_gearboxes_decide_between_neighbours():
    """Each layer alone would take what is cheapest; together they agree on their columns."""
    cheap, dear = Resources(lut=100), Resources(lut=110)
    options = {
        "a": [candidate(4, 2, cheap), candidate(2, 4, dear)],
        "b": [candidate(4, 2, dear), candidate(2, 4, cheap)],
    }
    budget = Resources(1000, 1000, 1000, 1000, 1000, 1000)
    for gears, picked in (([[0, 0], [0, 0]], (2, 4)), ([[0, 50], [50, 0]], (4, 4))):
        answer = solve(options, budget, None, {("a", "b"): gears})
        assert answer.share == pytest.approx(0.2 if picked == (2, 4) else 0.21)
        columns = tuple(answer.chosen[x].folding.columns for x in "ab")
        assert columns == picked or (picked == (4, 4) and columns == (2, 2))


def test_a_budget_of_nothing_allows_nothing():
    options = {"a": [candidate(1, 1, Resources(dsp=1)), candidate(1, 1, Resources(lut=60))]}
    answer = solve(options, Resources(lut=100), None, {})
    assert answer.fits
    assert answer.chosen["a"].resources == Resources(lut=60)
    answer = solve({"a": options["a"][:1]}, Resources(lut=100), None, {})
    assert not answer.fits
    assert answer.impossible


def test_a_full_budget_fits():
    """Rounding in the solver's bound is no proof that it does not."""
    rng = np.random.default_rng(20)
    options, tables = random_instance(rng)
    budget = Resources(*(int(x) for x in rng.integers(89 // 2, 89, 6)))
    answer = solve(options, budget, 13, tables)
    assert answer.share == pytest.approx(1, abs=1e-12)
    assert answer.fits
    assert not answer.impossible


def test_a_chatty_solver_is_not_heard(monkeypatch, capfd):
    def chatty(*args, **named):
        os.write(1, b"HiGHS is in trouble")
        return milp(*args, **named)

    milp = program.milp
    monkeypatch.setattr(program, "milp", chatty)
    assert solve({"a": [candidate(1, 1)]}, Resources(lut=1), None, {}).fits
    print("heard")
    assert capfd.readouterr().out == "heard\n"


@pytest.mark.parametrize(("status", "proven"), [(program.INFEASIBLE, True), (1, False), (4, False)])
def test_no_answer_is_no_proof(status, proven, monkeypatch):
    """But for the answer that there is none: the search may have run out of nodes."""
    monkeypatch.setattr(program, "milp", lambda *_, **__: SimpleNamespace(x=None, status=status))
    answer = solve({"a": [candidate(1, 1)]}, Resources(lut=1), None, {})
    assert not answer.fits
    assert answer.impossible is proven


def test_no_folding_is_fast_enough():
    answer = solve({"a": [], "b": [candidate(1, 1)]}, Resources(), None, {})
    assert not answer.fits
    assert answer.impossible
    assert fewest_multipliers({"a": []}, 10, few_lanes=True) == answer


@pytest.mark.parametrize("multipliers", [8, 9, 12, 40, None])
def test_without_a_device(multipliers):
    options = {
        "a": [candidate(6, 1), candidate(1, 8)],
        "b": [candidate(3, 1), candidate(1, 3, gap_bits=2)],
    }
    plain = fewest_multipliers(options, multipliers, few_lanes=False)
    assert sum(x.folding.multipliers for x in plain.chosen.values()) == 9
    assert plain.fits == (multipliers != 8)
    assert plain.impossible == (multipliers == 8)
    few = fewest_multipliers(options, multipliers, few_lanes=True)
    used = sum(x.folding.multipliers for x in few.chosen.values())
    assert used <= (9 if multipliers == 8 else multipliers or 99)
    assert sum(x.price for x in few.chosen.values()) <= sum(x.price for x in plain.chosen.values())
