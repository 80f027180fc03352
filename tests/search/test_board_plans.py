# SPDX-License-Identifier: Apache-2.0
"""Plans for a device, found within its budget."""

import re
from dataclasses import replace

import pytest

import plan_networks as nets
from firebrick.errors import CheckFailed
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family
from firebrick.plan.pipeline import build
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.search.rounds import _rank
from firebrick.search.targets import Search

BOARDS = {
    "plenty": nets.board(),
    "few_luts": nets.board(lut=7_000),
    "few_slices": nets.board(dsp=24),
    "no_block_ram": nets.board(bram18=0),
    "ultra": nets.board(family=Family.XCUP, dsp=60, lut=30_000, bram18=8),
}


@pytest.fixture(scope="module")
def network():
    return nets.chain(size=19)


@pytest.fixture(scope="module")
def fastest(network):
    return {name: plan(network, Goal(board=board)) for name, board in BOARDS.items()}


def share(made):
    """Of the budget, that the fullest resource takes."""
    used, there = made.resources.fields(), made.budget.fields()
    return max(n / there[x] for x, n in used.items() if there[x])


@pytest.mark.parametrize("name", BOARDS)
def test_the_fastest_plan_is_within_the_budget(fastest, network, name):
    made = fastest[name]
    assert made.fits
    assert made.excess == {}
    assert made.board == "tiny"
    assert made.family is BOARDS[name].family
    assert made.budget == BOARDS[name].budget()
    assert 0 <= made.bound_cycles <= made.cycles_per_frame
    build(network, made)
    if made.family is Family.XC7:
        kinds = {
            k for x in made.layers for k in (x.folding.placement.weights, x.folding.placement.rows)
        }
        assert MemoryKind.ULTRA not in kinds


def test_a_larger_device_is_faster(fastest):
    for name in ("few_luts", "few_slices", "no_block_ram"):
        assert fastest["plenty"].cycles_per_frame <= fastest[name].cycles_per_frame
        # What fits a part of a device fits the device.
        assert fastest["plenty"].bound_cycles <= fastest[name].cycles_per_frame
    assert 1.3 * fastest["plenty"].cycles_per_frame < fastest["few_luts"].cycles_per_frame


@pytest.mark.parametrize("name", ["plenty", "ultra"])
def test_the_smallest_design_for_some_cycles(fastest, network, name):
    most = 2 * fastest[name].cycles_per_frame
    made = plan(network, Goal(board=BOARDS[name], max_cycles=most))
    assert made.cycles_per_frame <= most
    assert made.fits
    assert share(made) < share(fastest[name])
    assert made.multipliers <= fastest[name].multipliers


def test_what_is_best_depends_on_what_is_asked_for(fastest):
    made = fastest["plenty"]
    smaller = replace(made, resources=replace(made.resources, lut=made.resources.lut - 1))
    slower = replace(smaller, cycles_per_frame=made.cycles_per_frame + 1)
    board = BOARDS["plenty"]
    assert _rank(slower, Goal(board=board, max_cycles=1)) < _rank(
        made, Goal(board=board, max_cycles=1)
    )
    assert _rank(made, Goal(board=board)) < _rank(slower, Goal(board=board))
    assert _rank(made, Goal(max_cycles=1)) < _rank(slower, Goal(max_cycles=1))


@pytest.mark.parametrize("name", ["few_slices", "ultra"])
def test_a_first_guess_that_fits_is_not_the_answer(fastest, network, name, monkeypatch):
    guess = 3 * fastest[name].cycles_per_frame
    monkeypatch.setattr(Search, "first_guess", lambda _: guess)
    made = plan(network, Goal(board=BOARDS[name]))
    assert made.cycles_per_frame <= 1.02 * fastest[name].cycles_per_frame
    assert made.bound_cycles > 0


def test_multipliers_are_limited_too(fastest, network):
    limit = fastest["plenty"].multipliers // 3
    made = plan(network, Goal(board=BOARDS["plenty"], multipliers=limit))
    assert made.multipliers <= limit
    assert made.cycles_per_frame > fastest["plenty"].cycles_per_frame


def test_a_plan_for_a_device_depends_on_nothing_else(fastest, network):
    assert plan(network, Goal(board=BOARDS["few_luts"])).to_json() == fastest["few_luts"].to_json()


@pytest.mark.parametrize("resource", ["lut", "ff"])
def test_a_device_that_is_too_small(network, resource):
    """Names what is missing, how much is needed and there, and the nearest plan."""
    with pytest.raises(CheckFailed) as caught:
        plan(network, Goal(board=nets.board(**{resource: 400})))
    found = re.fullmatch(
        rf"plan: {resource}=(\d+) exceeds 400 available on tiny; "
        r"nearest plan: \d+ multipliers, \d+ cycles",
        str(caught.value),
    )
    assert found, caught.value
    assert int(found[1]) > 400


def test_cycles_that_a_device_is_too_small_for(fastest, network):
    """Names what is missing, and the fastest plan that fits."""
    made = fastest["few_luts"]
    most = (fastest["plenty"].cycles_per_frame + made.cycles_per_frame) // 2
    goal = Goal(board=BOARDS["few_luts"], max_cycles=most)
    assert plan(network, replace(goal, board=BOARDS["plenty"])).fits
    with pytest.raises(CheckFailed) as caught:
        plan(network, goal)
    found = re.fullmatch(
        r"plan: (.*, )?lut=(\d+) exceeds 7000 available on tiny(, .*)?; nearest plan: \d+ "
        r"multipliers, \d+ cycles; the fastest that fits takes (\d+) cycles",
        str(caught.value),
    )
    assert found, caught.value
    assert int(found[2]) > 7_000
    assert int(found[4]) == made.cycles_per_frame
