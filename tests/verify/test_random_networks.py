# SPDX-License-Identifier: Apache-2.0
"""Random networks, planned with few or many multipliers, in Verilator: values and cycles."""

from pathlib import Path

import numpy as np
import pytest

from firebrick.errors import CheckFailed
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from networks import random_pixels
from random_networks import random_network

FRAMES = 5
SEEDS = (1, 2, 4)
"""A chain with a pool; two bypasses, then one around two Fires; one that ends in its `add`."""
PADDED = (42, 43, 47, 48, 49, 54, 55)
"""Networks that have pools, if those are padded; in 42, 43 and 47 rows of windows end together."""
SLOWER = 0.03
"""What a frame may take beyond its prediction: the schedule knows rows, and small networks have
few beats in one. (They may also be faster: an engine that waits for rows empties its queues.)"""
STALLS = ((90, 0), (0, 90), (60, 60), (230, 0), (0, 230), (200, 200))
"""Of source and sink, in 256."""


def random_plan(seed: int, network: Network) -> Plan:
    """A plan of a network, for a random number of multipliers."""
    multipliers = int(np.random.default_rng(seed).choice([4, 8, 16, 32, 64]))
    while True:
        try:
            return plan(network, Goal(multipliers=multipliers))
        except CheckFailed as error:  # fewer than its engines need
            assert f"exceeds {multipliers} allowed" in str(error)
            multipliers += 1


def check(seed: int, build_root: Path, folder: Path, *, padded: bool = False) -> float:
    """Without stalls, then with: every value. Gives measured over predicted cycles per frame."""
    network = random_network(seed, padded=padded)
    chosen = random_plan(seed, network)
    pipeline = build(network, chosen)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    stalls = STALLS[seed % len(STALLS)]
    ratio = 0.0
    for number, (stall, frames) in enumerate({(0, 0): FRAMES, stalls: 1 + seed % 4}.items()):
        pixels = random_pixels(seed, network, frames)
        pixels[0] = 255 * (seed % 2)  # sums as large as they become
        workdir = folder / str(number)
        workdir.mkdir()
        predicted = chosen.cycles_per_frame
        result = simulate(
            binary, pipeline, pixels, workdir, predicted, stalls=stall, seed=seed, progress=silent
        )
        differences = compare(network.golden(pixels), result.tensors)
        assert {x.layer: x.differing for x in differences} == {x.name: 0 for x in network}
        if stall == (0, 0):
            ratio = float(np.diff(result.ends)[-1]) / predicted
    return ratio


@pytest.mark.parametrize("seed", SEEDS)
def test_random_network(seed: int, build_root: Path, tmp_path: Path) -> None:
    assert check(seed, build_root, tmp_path) == pytest.approx(1, rel=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5, 40))
def test_many_random_networks(seed: int, build_root: Path, tmp_path: Path) -> None:
    assert check(seed, build_root, tmp_path) < 1 + SLOWER


@pytest.mark.slow
@pytest.mark.parametrize("seed", PADDED)
def test_many_networks_of_padded_pools(seed: int, build_root: Path, tmp_path: Path) -> None:
    assert check(seed, build_root, tmp_path, padded=True) < 1 + SLOWER


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("seed", range(1000, 1016))
def test_any_network_has_a_plan(seed: int, padded: bool) -> None:
    made = random_plan(seed, random_network(seed, padded=padded))
    assert made.cycles_per_frame >= max(x.cycles for x in made.layers)
