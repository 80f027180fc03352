# SPDX-License-Identifier: Apache-2.0
"""The dense dataflow that ours is compared with: exact, and as such dataflows are folded."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.ir.network import Network
from firebrick.ops.conv.operator import Conv
from firebrick.report.dense import DenseDesign, DenseLayer, best_design, dense_layers, divisors
from networks import small_network


def by_brute_force(layers: list[DenseLayer], multipliers: int) -> DenseDesign | None:
    """Every folding of every layer."""
    foldings = [
        [
            (pe * simd, x.pixels * (x.outputs // pe) * (x.products // simd))
            for pe, simd in product(range(1, x.outputs + 1), range(1, x.products + 1))
            if x.outputs % pe == 0 and x.products % simd == 0
        ]
        for x in layers
    ]
    designs = [
        (max(cycles for _, cycles in chosen), sum(count for count, _ in chosen))
        for chosen in product(*foldings)
    ]
    possible = [x for x in designs if x[1] <= multipliers]
    if not possible:
        return None
    cycles, used = min(possible)
    return DenseDesign(used, cycles)


def test_hand_computed() -> None:
    """100 pixels, 4 outputs of 6 products: 2,400; and 10 pixels, 3 of 5: 150."""
    layers = [DenseLayer("a", 100, 4, 6), DenseLayer("b", 10, 3, 5)]
    assert layers[0].multipliers == [1, 2, 3, 4, 6, 8, 12, 24]
    assert layers[1].multipliers == [1, 3, 5, 15]
    assert [layers[0].cheapest(x) for x in (2400, 2399, 600, 480, 100, 99)] == [
        1,
        2,
        4,
        6,
        24,
        None,
    ]
    assert best_design(layers, 1) is None
    assert best_design(layers, 2) == DenseDesign(2, 2400)
    # 8 multipliers: 6 for a (400 cycles), 1 for b (150); none of 5 or 7 divides a's work.
    assert best_design(layers, 8) == DenseDesign(7, 400)
    # The next step of a after 12 is 24, which leaves one for b from 25 on.
    assert best_design(layers, 24) == DenseDesign(13, 200)
    assert best_design(layers, 25) == DenseDesign(25, 150)
    assert best_design(layers, 27) == DenseDesign(27, 100)
    assert best_design(layers, 10_000) == DenseDesign(27, 100)


LAYER = st.builds(
    DenseLayer, st.just("x"), st.integers(1, 20), st.integers(1, 12), st.integers(1, 12)
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(layers=st.lists(LAYER, min_size=1, max_size=3), multipliers=st.integers(1, 120))
def test_is_what_brute_force_finds(layers: list[DenseLayer], multipliers: int) -> None:
    assert best_design(layers, multipliers) == by_brute_force(layers, multipliers)


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network()


@pytest.mark.parametrize("multipliers", [5, 20, 60])
def test_of_a_network_is_what_brute_force_finds(network: Network, multipliers: int) -> None:
    layers = dense_layers(network)
    assert best_design(layers, multipliers) == _pairwise(layers, multipliers)


def _pairwise(layers: list[DenseLayer], multipliers: int) -> DenseDesign | None:
    """As brute force, but layer by layer: fewest multipliers for each number of cycles so far."""
    found = {0: 0}
    for x in layers:
        step: dict[int, int] = {}
        for (slowest, used), pe, simd in product(
            found.items(), divisors(x.outputs), divisors(x.products)
        ):
            cycles = max(slowest, x.pixels * (x.outputs // pe) * (x.products // simd))
            step[cycles] = min(step.get(cycles, multipliers + 1), used + pe * simd)
        found = step
    best = min((c, m) for c, m in found.items() if m <= multipliers)
    return DenseDesign(best[1], best[0])


def test_layers_are_all_weights_there_are(network: Network) -> None:
    """Half pruned: the zeros count, the outer taps of an expand1x1 do not."""
    operators = [x.operator for x in network if isinstance(x.operator, Conv)]
    layers = dense_layers(network)
    assert [x.name.split(",")[0] for x in layers] == [x.name for x in operators]
    work = sum(int(x.true_weights.sum()) * x.output.height * x.output.width for x in operators)
    nonzero = sum(x.nonzero * x.output.height * x.output.width for x in operators)
    assert sum(x.macs for x in layers) == work > 1.5 * nonzero


def test_fire_is_two_layers(squeezenet: Network) -> None:
    layers = {x.name: x for x in dense_layers(squeezenet)}
    expand1x1, expand3x3 = layers["fire2_expand, 1 taps"], layers["fire2_expand, 9 taps"]
    assert (expand1x1.outputs, expand1x1.products) == (64, 16)
    assert (expand3x3.outputs, expand3x3.products) == (64, 144)
    assert len(layers) == 26  # as many convolutions as SqueezeNet has


def test_divisors() -> None:
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    assert divisors(1) == [1]
