# SPDX-License-Identifier: Apache-2.0
import numpy as np
import plan_networks as nets
import pytest

from firebrick.plan.goal import Goal
from firebrick.plan.pipeline import build
from firebrick.plan.planner import plan
from firebrick.verify.network_bench import build_network, simulate

FRAMES = 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "multipliers"),
    [(nets.chain(size=63), 40), (nets.bypass(size=31), 60)],
    ids=["chain", "bypass"],
)
def test_simulated_cycles_are_those_predicted(network, multipliers, build_root, tmp_path):
    made = plan(network, Goal(multipliers=multipliers))
    pipeline = build(network, made)
    binary = build_network(network, pipeline, build_root, optimize="-O1")
    shape = (FRAMES, 3, network.image.height, network.image.width)
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    result = simulate(
        binary, pipeline, pixels, tmp_path, made.cycles_per_frame, progress=lambda *_: None
    )
    for name, tensor in network.golden(pixels).items():
        assert np.array_equal(result.tensors[name], tensor), name
    assert np.diff(result.ends)[-1] == pytest.approx(made.cycles_per_frame, rel=0.001)
    latency = result.ends[0] - result.start
    assert latency == pytest.approx(made.latency_cycles, rel=0.02)
