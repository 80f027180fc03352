# SPDX-License-Identifier: Apache-2.0
"""Whole generated networks in Verilator, every value of every layer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.errors import CheckFailed
from firebrick.hardware.memory import Memory
from firebrick.hardware.tensor import IntArray
from firebrick.ir.network import Network
from firebrick.ops.base import Engine
from firebrick.plan.pipeline import build
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import Simulated, build_network, simulate
from networks import random_pixels, small_network
from wrong_engine import answering

STALLS = {"free": (0, 0), "slow source": (90, 0), "slow sink": (0, 90), "both": (60, 60)}


def run(
    network: Network,
    multipliers: int,
    pixels: IntArray,
    folders: tuple[Path, Path],
    stalls: tuple[int, int] = (0, 0),
) -> tuple[Simulated, int]:
    """Simulate; also give the cycles per frame that the plan predicts."""
    build_root, workdir = folders
    chosen = plan(network, Goal(multipliers=multipliers))
    pipeline = build(network, chosen)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    cycles = chosen.cycles_per_frame
    result = simulate(
        binary, pipeline, pixels, workdir, cycles, stalls=stalls, seed=5, progress=silent
    )
    return result, cycles


@pytest.mark.parametrize("stalls", STALLS.values(), ids=STALLS)
@pytest.mark.parametrize("bypass", [True, False], ids=["bypass", "chain"])
def test_small_network_equals_reference(
    bypass: bool, stalls: tuple[int, int], build_root: Path, tmp_path: Path
) -> None:
    network = small_network(bypass=bypass)
    pixels = random_pixels(3, network, 4)
    result, predicted = run(network, 24, pixels, (build_root, tmp_path), stalls)
    differences = compare(network.golden(pixels), result.tensors)
    assert {x.layer: x.differing for x in differences} == {x.name: 0 for x in network}
    if stalls == (0, 0):
        assert result.ends[-1] - result.ends[-2] == predicted


def wrong_codebook(engine: Engine) -> Engine:
    """A convolution's engine with a wrong bit in every value."""
    images = engine.memories()
    codebook = images["codebook"]
    wrong = Memory(codebook.width, tuple(w ^ 1 for w in codebook.words))
    return answering(engine, memories=lambda: {**images, "codebook": wrong})


def test_a_wrong_weight_is_seen(build_root: Path, tmp_path: Path) -> None:
    network = small_network(bypass=False)
    pixels = random_pixels(3, network, 1)
    chosen = plan(network, Goal(multipliers=24))
    pipeline = build(network, chosen)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    conv = next(x for x in pipeline.instances if x.name == "fire2_expand")
    instances = tuple(
        replace(x, engine=wrong_codebook(x.engine)) if x is conv else x for x in pipeline.instances
    )
    wrong = type(pipeline)(instances, pipeline.links, pipeline.input_link, pipeline.output_link)
    result = simulate(binary, wrong, pixels, tmp_path, chosen.cycles_per_frame, progress=silent)
    differing = {x.layer: x.differing for x in compare(network.golden(pixels), result.tensors)}
    assert differing["fire2_squeeze"] == 0
    assert differing["fire2_expand"] > 0


def test_missing_layer_cannot_be_equal() -> None:
    tensor = np.zeros((1, 2, 3, 3), np.int64)
    with pytest.raises(CheckFailed, match="layer 'conv1': shape=None"):
        compare({"conv1": tensor}, {})
    with pytest.raises(CheckFailed, match=r"layer 'conv1': shape=\(1, 2, 3, 2\)"):
        compare({"conv1": tensor}, {"conv1": tensor[..., :2]})
