# SPDX-License-Identifier: Apache-2.0
"""Buffers follow from the schedule: what they are given suffices, and less does not.

The depths are those of the plan; nothing is searched by simulation.
"""

from dataclasses import replace

import numpy as np
import pytest

import plan_networks as nets
from firebrick.errors import CheckFailed
from firebrick.hardware.tensor import TensorType
from firebrick.hardware.timing import Role
from firebrick.ir.graph import IMAGE
from firebrick.ops.conv.schedule import row_cycles
from firebrick.plan import predict
from firebrick.plan.bypass import with_rows
from firebrick.plan.engines import derive
from firebrick.plan.pipeline import build
from firebrick.plan.rows.play import play
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify.simulation.network_bench import build_network, simulate

FRAMES = 4


@pytest.fixture(scope="module")
def bypass():
    network = nets.bypass()
    made = plan(network, Goal(multipliers=40))
    return network, made, build(network, made)


def period(stages):
    """Cycles a frame; a deadlock takes for ever."""
    try:
        return play(stages).cycles_per_frame
    except CheckFailed:
        return float("inf")


def less_queue(network, made, victim):
    """The plan with a row less in one of its bypass queues."""
    skips = list(made.skips)
    rows = {x.name: x.stream.row_beats for x in build(network, made).links}
    skip = skips[victim]
    skips[victim] = replace(skip, beats=skip.beats - rows[skip.tensor])
    return replace(made, skips=tuple(skips))


def test_bypass_queues_lose_nothing(bypass):
    """With queues without end the pipeline is no faster."""
    _, made, pipeline = bypass
    stages = predict.stages(pipeline)
    queues = [x.name for x in stages if x.role is Role.FIFO]
    assert len(queues) == len(made.skips) == 2
    endless = with_rows(stages, dict.fromkeys(queues, 1 << 20))
    assert period(stages) == period(endless) == made.cycles_per_frame


@pytest.mark.parametrize("victim", [0, 1])
def test_a_row_less_of_a_bypass_queue_loses(bypass, victim):
    network, made, _ = bypass
    shorter = build(network, less_queue(network, made, victim))
    assert period(predict.stages(shorter)) > made.cycles_per_frame


def test_a_beat_less_is_a_row_less(bypass):
    network, made, _ = bypass
    skips = tuple(replace(x, beats=x.beats - 1) for x in made.skips)
    shorter = build(network, replace(made, skips=skips))
    assert period(predict.stages(shorter)) > made.cycles_per_frame


def three_by_threes():
    """A chain of 3x3 convolutions that are all about as slow."""
    source, layers = TensorType(4, 16, 16), []
    for number in range(3):
        name = f"conv{number}"
        operator = nets.conv(name, source, 4, kernel=3, density=1.0, seed=number)
        layers.append((operator, (layers[-1][0].name if layers else IMAGE,)))
        source = operator.output
    return nets.network(layers, TensorType(4, 16, 16))


@pytest.fixture(scope="module")
def convolutions():
    """Stages of that chain, every engine busy all the time."""
    network = three_by_threes()
    made = plan(network, Goal(multipliers=3 * 8))
    return made, predict.stages(build(network, made))


def test_rings_of_a_convolution_lose_nothing(convolutions):
    """A window, and the rows that arrive meanwhile: K + S."""
    made, stages = convolutions
    rings = {x.name: x.timing.ring for x in stages if x.name.startswith("conv")}
    assert rings == {"conv0": 4, "conv1": 4, "conv2": 4}
    wider = [
        replace(x, timing=replace(x.timing, ring=16)) if x.name in rings else x for x in stages
    ]
    assert period(stages) == period(wider) == made.cycles_per_frame


@pytest.mark.parametrize("victim", ["conv0", "conv1", "conv2"])
def test_a_row_less_of_a_ring_loses(convolutions, victim):
    made, stages = convolutions
    shorter = [
        replace(x, timing=replace(x.timing, ring=x.timing.ring - 1)) if x.name == victim else x
        for x in stages
    ]
    assert period(shorter) > 1.02 * made.cycles_per_frame
    # A ring that does not hold a window never works at all.
    broken = [
        replace(x, timing=replace(x.timing, ring=x.timing.ring - 2)) if x.name == victim else x
        for x in stages
    ]
    assert period(broken) == float("inf")


def test_partial_sum_queues_lose_next_to_nothing():
    """As deep as planned, lanes hardly wait for each other; half as deep, they do."""
    network = nets.network(
        [(nets.conv("c", TensorType(32, 20, 20), 64, kernel=3, density=0.3), (IMAGE,))],
        TensorType(32, 20, 20),
    )
    folding = nets.folded(7, 10, 2, 4)
    engine = derive(network, {"c": folding}).engines["c"]

    def steady(depth):
        entries = engine.entries().T
        return np.mean(row_cycles(entries, engine.shape.segments, depth, groups=5).steady)

    endless = steady(4096)
    assert steady(folding.queue_depth) <= 1.002 * endless
    shallow = [steady(x) for x in (16, 8, 4, 2)]
    assert shallow == sorted(shallow)
    assert shallow[-1] > 1.02 * endless


@pytest.fixture(scope="module")
def pixels(bypass):
    shape = (FRAMES, 3, *(bypass[0].image.height,) * 2)
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def simulated(network, pipeline, pixels, cycles, build_root, workdir, stalls=(0, 0)):
    """A simulation, all of whose tensors are right."""
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    result = simulate(
        binary, pipeline, pixels, workdir, cycles, stalls=stalls, progress=lambda *_: None
    )
    for name, tensor in network.golden(pixels).items():
        assert np.array_equal(result.tensors[name], tensor), name
    return result


@pytest.mark.slow
@pytest.mark.parametrize("stalls", [(0, 0), (80, 0), (0, 200), (128, 220)])
def test_planned_queues_never_deadlock(bypass, pixels, stalls, build_root, tmp_path):
    """Whatever pauses the source and the sink make; and without any, no cycle is lost."""
    network, made, pipeline = bypass
    cycles = made.cycles_per_frame
    result = simulated(network, pipeline, pixels, cycles, build_root, tmp_path, stalls)
    if stalls == (0, 0):
        assert np.diff(result.ends)[-1] == pytest.approx(cycles, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_shorter_queues_lose_in_simulation(bypass, pixels, victim, build_root, tmp_path):
    """A row less is slower, or waits for ever."""
    network, made, _ = bypass
    pipeline = build(network, less_queue(network, made, victim))
    cycles = made.cycles_per_frame
    try:
        result = simulated(network, pipeline, pixels, cycles, build_root, tmp_path)
    except CheckFailed:
        return
    assert np.diff(result.ends)[-1] > 1.01 * cycles
