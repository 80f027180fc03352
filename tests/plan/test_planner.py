# SPDX-License-Identifier: Apache-2.0
import numpy as np
import plan_networks as nets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.errors import CheckFailed
from firebrick.ir.graph import IMAGE
from firebrick.ops.add import Add
from firebrick.ops.base import TensorType
from firebrick.plan.balance import balance
from firebrick.plan.planner import plan, refold


@settings(max_examples=20, deadline=None)
@given(st.integers(4, 400), st.integers(0, 99), st.floats(0.05, 1.0), st.integers(7, 31))
def test_plan_keeps_the_count(multipliers, seed, density, size):
    network = nets.chain(seed, density, size)
    choices, derived = balance(network, multipliers)
    assert sum(x.multipliers for x in choices.values()) <= multipliers
    assert {n: x.lanes for n, x in choices.items()} == {
        n: x.lanes for n, x in derived.engines.items()
    }


def test_too_few_multipliers():
    with pytest.raises(CheckFailed, match=r"^plan: multipliers=3 is less than 4, the fewest with"):
        plan(nets.chain(), 3)
    assert plan(nets.chain(), 4).multipliers == 4


def test_weights_that_are_all_zero():
    assert plan(nets.chain(density=0.0), 40).cycles_per_frame > 0


def test_kernel_as_wide_as_the_image():
    """An input beat completes the halo of the word before it, so it is wider than the output."""
    for size in (5, 7, 9):
        image = TensorType(2, size, size)
        dense = nets.from_codes("dense", image, np.ones((3, 2, size, size), np.uint8), 1, 0)
        made = plan(nets.network([(dense, (IMAGE,))], image), 100)
        assert made.layers[0].columns == size - 1


def test_add_is_no_wider_than_its_rows():
    """Even behind convolutions whose beats are."""
    image = TensorType(3, 9, 9)
    sides = [nets.from_codes(name, image, np.ones((2, 3, 7, 7), np.uint8), 1, 0) for name in "ab"]
    both = Add("both", sides[0].output, sides[1].output, sides[0].output, (1, 1), 0)
    layers = [*((x, (IMAGE,)) for x in sides), (both, ("a", "b"))]
    made = plan(nets.network(layers, image), 100)
    assert [x.columns for x in made.layers] == [6, 6, 3]


def test_more_multipliers_are_faster():
    network = nets.chain()
    cycles = [plan(network, x).cycles_per_frame for x in (4, 8, 20, 60, 200)]
    assert cycles == sorted(cycles, reverse=True)
    assert cycles[-1] < cycles[0] / 10


def test_outer_taps_of_a_pointwise_filter_are_no_weights():
    operator = nets.conv("c", nets.chain().image, 6, kernel=3, density=0.9, pointwise=4)
    assert operator.true_weights.sum((1, 2, 3)).tolist() == [3] * 4 + [27] * 2


def test_zeros_stored_cost_time_and_memory():
    network = nets.chain(density=0.25, size=63)
    sparse = plan(network, 60)
    zeros = plan(network, 60, store_zeros=True)
    same = refold(network, sparse, store_zeros=True)
    assert zeros.cycles_per_frame > 1.5 * sparse.cycles_per_frame
    assert same.cycles_per_frame >= zeros.cycles_per_frame
    assert same.multipliers == sparse.multipliers
    assert zeros.nonzero_macs == sparse.nonzero_macs
    for made in (zeros, same):
        assert made.weight_bytes["gaps"] == 0
        assert made.weight_bytes["codes"] > sparse.weight_bytes["codes"]


def test_progress_is_told():
    told = []
    plan(nets.chain(), 20, progress=lambda task, share: told.append((task, share)))
    assert told[0] == ("balancing", 0.0)
    assert told[-1] == ("balancing", 1.0)


@pytest.fixture(scope="module")
def squeezenet(shared_models):
    return nets.deep_compression(shared_models / "compressed_SqueezeNet.net")


@pytest.mark.parametrize(("multipliers", "efficiency"), [(450, 0.9), (1900, 0.88)])
def test_deep_compression_keeps_multipliers_busy(squeezenet, multipliers, efficiency):
    made = plan(squeezenet, multipliers)
    assert made.multipliers <= multipliers
    assert made.mac_efficiency >= efficiency
    assert made.cycles_per_frame <= 1.002 * max(x.cycles for x in made.layers)
    assert made.onchip_bytes["weights"] <= 560_000
    assert made.fits
    zeros = plan(squeezenet, multipliers, store_zeros=True)
    assert zeros.cycles_per_frame >= 1.7 * made.cycles_per_frame
