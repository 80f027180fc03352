# SPDX-License-Identifier: Apache-2.0
"""Random networks, planned with few or many multipliers, in C simulation."""

from pathlib import Path

import pytest
from test_random_networks import random_plan

from firebrick.plan.pipeline import build
from firebrick.verify import csim_build, csim_engine
from firebrick.verify.compare import compare
from networks import random_pixels
from random_networks import random_network

FRAMES = 3


def check(seed: int, build_root: Path, folder: Path, *, sanitize: bool) -> None:
    """Every value of some frames back to back, all channels as deep as in hardware."""
    network = random_network(seed)
    pipeline = build(network, random_plan(seed, network))
    binary = csim_build.build(network, pipeline, build_root, sanitize=sanitize)
    pixels = random_pixels(seed, network, FRAMES)
    pixels[0] = 255 * (seed % 2)  # sums as large as they become
    tensors = csim_engine.simulate(binary, pipeline, pixels, folder)
    differences = compare(network.golden(pixels), tensors)
    assert {x.layer: x.differing for x in differences} == {x.name: 0 for x in network}


def test_bypass_around_two_fires(build_root: Path, tmp_path: Path) -> None:
    check(2, build_root, tmp_path, sanitize=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4, *range(5, 17)])
def test_many_random_networks(seed: int, build_root: Path, tmp_path: Path) -> None:
    check(seed, build_root, tmp_path, sanitize=seed % 4 == 1)
