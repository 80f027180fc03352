# SPDX-License-Identifier: Apache-2.0
"""A network of padded pools, in all engines: every value of every layer, and the cycles."""

from pathlib import Path

import numpy as np
import pytest

from firebrick.plan.pipeline import build
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine, hls4ml_engine, onnxruntime_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from hls4ml_models import need_hls4ml
from networks import padded_pools, random_pixels

NETWORK = padded_pools()
PIXELS = random_pixels(3, NETWORK, 4)
REFERENCE = NETWORK.golden(PIXELS)
ALL_EQUAL = {x.name: 0 for x in NETWORK}


def differing(tensors):
    return {x.layer: x.differing for x in compare(REFERENCE, tensors)}


def planned(multipliers=24):
    chosen = plan(NETWORK, Goal(multipliers=multipliers))
    return chosen, build(NETWORK, chosen)


def in_verilator(multipliers, stalls, build_root, folder):
    """Simulate; give how much longer than predicted a frame takes, too."""
    chosen, pipeline = planned(multipliers)
    binary = build_network(NETWORK, pipeline, build_root, optimize="-O0")
    cycles = chosen.cycles_per_frame
    run = simulate(binary, pipeline, PIXELS, folder, cycles, stalls=stalls, seed=5, progress=silent)
    assert differing(run.tensors) == ALL_EQUAL
    return run.ends[-1] - run.ends[-2] - cycles


def test_cycles_are_those_predicted(build_root: Path, tmp_path: Path) -> None:
    assert in_verilator(24, (0, 0), build_root, tmp_path) == 0


@pytest.mark.parametrize("stalls", [(90, 0), (0, 90), (60, 60)])
def test_stalls_change_no_value(stalls, build_root: Path, tmp_path: Path) -> None:
    in_verilator(24, stalls, build_root, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("multipliers", [4, 12, 60, 120])
def test_other_foldings(multipliers, build_root: Path, tmp_path: Path) -> None:
    more = in_verilator(multipliers, (0, 0), build_root, tmp_path)
    assert more <= 0.03 * planned(multipliers)[0].cycles_per_frame  # as in other small networks


def test_functions_give_the_same(build_root: Path, tmp_path: Path) -> None:
    _, pipeline = planned()
    binary = csim_build.build(NETWORK, pipeline, build_root)
    assert differing(csim_engine.simulate(binary, pipeline, PIXELS, tmp_path)) == ALL_EQUAL


def test_hls4ml_gives_the_same(build_root: Path) -> None:
    need_hls4ml()
    chosen, _ = planned()
    project = hls4ml_engine.build(NETWORK, chosen, build_root)
    tensors = hls4ml_engine.predict(project, NETWORK, chosen, PIXELS)
    assert differing(tensors) == ALL_EQUAL


@pytest.mark.parametrize("optimize", [True, False])
def test_onnxruntime_gives_the_same(optimize) -> None:
    pixels = PIXELS.astype(np.uint8)
    assert differing(onnxruntime_engine.run(NETWORK, pixels, optimize=optimize)) == ALL_EQUAL
