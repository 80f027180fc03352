# SPDX-License-Identifier: Apache-2.0
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plan_networks as nets
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPoolEngine
from firebrick.ops.conv.memories import Contents
from firebrick.plan.claims import check_claims
from firebrick.plan.predict import macs
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.search.targets import Search


@settings(max_examples=12, deadline=None)
@given(st.integers(4, 400), st.integers(0, 99), st.floats(0.05, 1.0), st.integers(7, 31))
def test_plan_keeps_the_count(multipliers, seed, density, size):
    network = nets.chain(seed, density, size)
    made = plan(network, Goal(multipliers=multipliers))
    assert made.multipliers <= multipliers
    assert {x.name for x in made.layers if x.multipliers} == {
        "conv1",
        "squeeze",
        "expand",
        "conv10",
    }
    assert 0 < made.bound_cycles <= made.cycles_per_frame
    assert made.cycles_per_frame >= max(x.cycles for x in made.layers)


def test_too_few_multipliers():
    with pytest.raises(
        CheckFailed, match=r"^plan: multipliers=4 exceeds 3 allowed; nearest plan: 4"
    ):
        plan(nets.chain(), Goal(multipliers=3))
    assert plan(nets.chain(), Goal(multipliers=4)).multipliers == 4


def test_weights_that_are_all_zero():
    assert plan(nets.chain(density=0.0), Goal(multipliers=40)).cycles_per_frame > 0


def test_kernel_as_wide_as_the_image():
    """An input beat completes the halo of the word before it, so it is wider than the output."""
    for size in (5, 7, 9):
        image = TensorType(2, size, size)
        dense = nets.from_codes("dense", image, np.ones((3, 2, size, size), np.uint8), 1, 0)
        made = plan(nets.network([(dense, (IMAGE,))], image), Goal(multipliers=100))
        assert made.layers[0].folding.columns == size - 1


def test_add_is_no_wider_than_its_rows():
    """Even behind convolutions whose beats are."""
    image = TensorType(3, 9, 9)
    sides = [nets.from_codes(name, image, np.ones((2, 3, 7, 7), np.uint8), 1, 0) for name in "ab"]
    both = Add("both", sides[0].output, sides[1].output, sides[0].output, (1, 1), 0)
    layers = [*((x, (IMAGE,)) for x in sides), (both, ("a", "b"))]
    made = plan(nets.network(layers, image), Goal(multipliers=100))
    assert [x.folding.columns for x in made.layers] == [6, 6, 3]


def test_more_multipliers_are_faster():
    network = nets.chain()
    cycles = [plan(network, Goal(multipliers=x)).cycles_per_frame for x in (4, 8, 20, 60, 200)]
    assert cycles == sorted(cycles, reverse=True)
    assert cycles[-1] < cycles[0] / 10


def test_outer_taps_of_a_pointwise_filter_are_no_weights():
    operator = nets.conv("c", nets.chain().image, 6, kernel=3, density=0.9, pointwise=4)
    assert operator.true_weights.sum((1, 2, 3)).tolist() == [3] * 4 + [27] * 2
    pixels = operator.output.height * operator.output.width
    network = nets.network([(operator, (IMAGE,))], nets.chain().image)
    assert macs(network) == (operator.nonzero * pixels, 66 * pixels)


def test_zeros_stored_cost_time_and_memory():
    network = nets.chain(density=0.25, size=63)
    sparse = plan(network, Goal(multipliers=60))
    zeros = plan(network, Goal(multipliers=60), store_zeros=True)
    assert zeros.cycles_per_frame > 1.5 * sparse.cycles_per_frame
    assert zeros.nonzero_macs == sparse.nonzero_macs
    assert zeros.weight_bytes["gaps"] == 0
    assert zeros.weight_bytes["codes"] > sparse.weight_bytes["codes"]


def test_a_plan_depends_on_nothing_else():
    network = nets.bypass(size=9)
    first, second = (plan(network, Goal(multipliers=30)).to_json() for _ in range(2))
    assert first == second


def test_smallest_design_for_some_cycles_needs_no_more_than_others():
    """Than plans that are faster by what the estimate of a folding may be off."""
    network = nets.chain(size=31)
    for multipliers in (6, 13, 29, 60, 150):
        other = plan(network, Goal(multipliers=multipliers))
        most = int(1.06 * other.cycles_per_frame)
        made = plan(network, Goal(max_cycles=most))
        assert made.cycles_per_frame <= most
        assert made.multipliers <= other.multipliers


def test_exactly_the_cycles_asked_for_are_few_enough():
    network = nets.chain()
    for cycles in (709, 1384):  # of the smallest designs for 744 and for 1500
        assert plan(network, Goal(max_cycles=cycles)).cycles_per_frame == cycles


def test_a_bound_is_never_above_the_plan(monkeypatch):
    """The search's is one of estimates."""
    propose = Search.propose
    monkeypatch.setattr(Search, "propose", lambda self, around: (1e9, *propose(self, around)[1:]))
    made = plan(nets.chain(), Goal(multipliers=20))
    assert made.bound_cycles == made.cycles_per_frame


def test_no_folding_is_fast_enough():
    with pytest.raises(CheckFailed, match=r"^plan: max_cycles=10 is fewer than any folding takes$"):
        plan(nets.chain(), Goal(max_cycles=10))


def test_too_few_multipliers_for_the_cycles():
    """Says what it would take, and how fast the multipliers allowed are."""
    network = nets.chain()
    allowed = Goal(multipliers=8)
    fastest = plan(network, allowed).cycles_per_frame
    with pytest.raises(CheckFailed) as caught:
        plan(network, replace(allowed, max_cycles=fastest // 3))
    found = re.fullmatch(
        r"plan: multipliers=(\d+) exceeds 8 allowed(, cycles=\d+ exceeds \d+ asked for)?; "
        r"nearest plan: \1 multipliers, \d+ cycles; the fastest that fits takes (\d+) cycles",
        str(caught.value),
    )
    assert found, caught.value
    assert int(found[1]) > 16
    assert int(found[3]) == fastest


def test_a_goal_asks_for_something():
    with pytest.raises(FirebrickError, match=r"^plan: give a board, a number of multipliers, or"):
        Goal()


def test_progress_is_told():
    told = []
    plan(
        nets.chain(), Goal(multipliers=20), progress=lambda task, share: told.append((task, share))
    )
    assert told[0] == ("balancing", 0.0)
    assert told[-1] == ("balancing", 1.0)


def test_planning_packs_no_memory(monkeypatch):
    """Neither to find a plan nor to believe one."""

    def packed(*_):
        raise AssertionError("an image was made")

    for owner, names in (
        (Contents, ("images", "load_words", "lanes")),
        (AvgPoolEngine, ("memories",)),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, packed if name != "lanes" else property(packed))
    network = nets.bypass()
    check_claims(network, plan(network, Goal(board=nets.board(), multipliers=40)))


def test_a_network_without_convolutions_is_refused():
    image = TensorType(3, 9, 9)
    network = nets.network([(nets.pool("alone", image), (IMAGE,))], image)
    for goal in (Goal(multipliers=20), Goal(board=nets.board())):
        with pytest.raises(FirebrickError, match="layers have no convolution among them"):
            plan(network, goal)


@pytest.fixture(scope="module")
def squeezenet(shared_models):
    return nets.deep_compression(shared_models / "compressed_SqueezeNet.net")


@pytest.mark.parametrize(
    ("multipliers", "efficiency"), [(450, 0.9), pytest.param(1900, 0.88, marks=pytest.mark.slow)]
)
def test_deep_compression_keeps_multipliers_busy(squeezenet, multipliers, efficiency):
    made = plan(squeezenet, Goal(multipliers=multipliers))
    assert made.multipliers <= multipliers
    assert made.mac_efficiency >= efficiency
    assert made.cycles_per_frame <= 1.005 * max(x.cycles for x in made.layers)
    assert made.bound_cycles <= made.cycles_per_frame <= 1.05 * made.bound_cycles
    assert made.weight_bytes["codes"] + made.weight_bytes["gaps"] <= 520_000
    assert made.fits


@pytest.mark.slow
def test_deep_compression_gains_by_its_zeros(squeezenet):
    goal = Goal(multipliers=450)
    zeros = plan(squeezenet, goal, store_zeros=True)
    assert zeros.cycles_per_frame >= 1.7 * plan(squeezenet, goal).cycles_per_frame
