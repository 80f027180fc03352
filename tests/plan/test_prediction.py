# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

import plan_networks as nets
from firebrick.area.estimate import estimate
from firebrick.hardware.resources import Family, Resources
from firebrick.ops.avgpool import AvgPoolEngine
from firebrick.ops.conv.engine import ConvEngine
from firebrick.plan.pipeline import build
from firebrick.plan.predict import buffer_bytes, resources, stages
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.simulation.network_bench import build_network, simulate

FRAMES = 4


def test_what_stages_hold_besides_their_rings() -> None:
    network = nets.chain(size=31)
    pipeline = build(network, plan(network, Goal(multipliers=20)))
    found = {x.name: x for x in stages(pipeline)}
    for instance in pipeline.instances:
        engine, stage = instance.engine, found[instance.name]
        if isinstance(engine, ConvEngine):
            # Beats of the output queue in `conv_drain.sv`, and sums in that of the lanes.
            assert stage.held == engine.folding.queue_depth + 32
        elif isinstance(engine, AvgPoolEngine):
            # The next frame's rows are taken while the sums leave, the last one excepted.
            assert stage.timing.ring == 2 * engine.operator.input.height - 1
    kinds = {type(x.engine) for x in pipeline.instances}
    assert {ConvEngine, AvgPoolEngine} <= kinds


def test_resources_of_layers_are_those_of_all_instances() -> None:
    network = nets.bypass()
    pipeline = build(network, plan(network, Goal(multipliers=20)))
    layers = resources(pipeline, Family.XC7)
    each = [estimate(x.module, x.parameters, Family.XC7) for x in pipeline.instances]
    assert sum(layers.values(), Resources()) == sum(each, Resources())


def test_queues_hold_partial_sums_and_bypasses() -> None:
    network = nets.bypass()
    pipeline = build(network, plan(network, Goal(multipliers=20)))
    engines = [x.engine for x in pipeline.instances if isinstance(x.engine, ConvEngine)]
    fifos = [x.parameters for x in pipeline.instances if x.module == "fifo"]
    sums = sum(x.multipliers * x.operator.acc_bits * x.folding.queue_depth for x in engines)
    bits = sums + sum(x["width"] * x["depth"] for x in fifos)
    assert fifos
    assert buffer_bytes(pipeline)[1] == -(-bits // 8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "multipliers"),
    [(nets.chain(size=63), 40), (nets.bypass(size=31), 60)],
    ids=["chain", "bypass"],
)
def test_simulated_cycles_are_those_predicted(network, multipliers, build_root, tmp_path):
    made = plan(network, Goal(multipliers=multipliers))
    pipeline = build(network, made)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
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
