# SPDX-License-Identifier: Apache-2.0
"""Networks with layers behind the average, on maps of one pixel, with wide logits: every engine."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.base import Operator
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine, hls4ml_engine, onnxruntime_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from hls4ml_models import need_hls4ml
from networks import averaged, headed_network, random_conv, random_pixels, with_wide_logits

FRAMES = 5
STALLS = ((0, 0), (90, 0), (0, 90), (60, 60), (0, 230))


def network_of(image: TensorType, *layers: tuple[Operator, tuple[str, ...]]) -> Network:
    scales = {x.name: 0.1 for x, _ in layers} | {IMAGE: 1.0}
    how = Preprocessing(max(image.height, image.width))
    return Network("head", image, tuple(Layer(*x) for x in layers), how, scales)


def one_pixel() -> Network:
    """A window as large as the image, and the average of what it gives, which is signed."""
    image = TensorType(3, 3, 3)
    conv = random_conv(np.random.default_rng(2), "conv", image, 6, 3, signed=True)
    bias = np.zeros(6, np.int64)
    average = AvgPool("logits", conv.output, sum_type(conv.output, bias), bias)
    assert average.output.bits == conv.output.bits
    return network_of(image, (conv, (IMAGE,)), (average, ("conv",)))


def joined() -> Network:
    """Two layers that read one average, and the sum of both, wide, at the end."""
    rng = np.random.default_rng(3)
    image = TensorType(3, 9, 7)
    body = random_conv(rng, "body", image, 12, 3, signed=True)
    mean = averaged(body.output, 6, signed=True, bias=-700)
    sides = [random_conv(rng, name, mean.output, 9, 1, signed=True) for name in ("left", "right")]
    left, right = (x.output for x in sides)
    add = Add("logits", left, right, replace(left, bits=16), (30_000, 50_000), 9)
    return network_of(
        image,
        (body, (IMAGE,)),
        (mean, ("body",)),
        *((x, ("pool",)) for x in sides),
        (add, ("left", "right")),
    )


def convolution_last() -> Network:
    """Logits that a window as large as the map gives, clamped at 0."""
    rng = np.random.default_rng(4)
    image = TensorType(3, 8, 8)
    body = random_conv(rng, "body", image, 7, 3, stride=2, pad=1)
    last = random_conv(rng, "logits", body.output, 11, 4)
    return network_of(image, (body, (IMAGE,)), (with_wide_logits(last, signed=False), ("body",)))


NETWORKS = {
    "one_linear": lambda: headed_network((64, 10)),
    "hidden": lambda: headed_network((32, 16, 5), seed=2, side=12),
    "one_class": lambda: headed_network((5, 1), seed=3),
    "one_pixel": one_pixel,
    "joined": joined,
    "convolution_last": convolution_last,
}
FEW, MANY = 8, 40
HASTY = ("joined", "convolution_last")
"""Networks that may be faster than predicted."""
QUICK = ("hidden", "one_pixel")
"""Those that are always compiled as C++; all are by `make test-all`."""
SOME = [x if x in QUICK else pytest.param(x, marks=pytest.mark.slow) for x in NETWORKS]


def planned(network: Network, multipliers: int) -> Plan:
    return plan(network, Goal(multipliers=multipliers))


def differing(network: Network, pixels: np.ndarray, tensors: dict[str, np.ndarray]) -> list[str]:
    """Layers whose values are not those of the reference."""
    found = compare(network.golden(pixels), tensors)
    assert [x.layer for x in found] == [x.name for x in network]
    return [x.layer for x in found if x.differing]


@pytest.mark.parametrize("name", sorted(NETWORKS.keys() - {"one_pixel"}))
def test_logits_are_wider_than_activations(name: str) -> None:
    network = NETWORKS[name]()
    logits = network.golden(random_pixels(3, network, FRAMES))[network.output]
    kind = network.types()[network.output]
    assert np.abs(logits).max() > 255
    assert logits.max() < kind.hi
    assert logits.min() > kind.lo or not kind.signed


@pytest.mark.parametrize(
    ("name", "multipliers"),
    [
        *((x, FEW) for x in NETWORKS),
        ("hidden", MANY),
        *(pytest.param(x, MANY, marks=pytest.mark.slow) for x in NETWORKS if x != "hidden"),
    ],
)
def test_rtl(name: str, multipliers: int, build_root: Path, tmp_path: Path) -> None:
    network = NETWORKS[name]()
    chosen = planned(network, multipliers)
    pipeline = build(network, chosen)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    pixels = random_pixels(3, network, FRAMES)
    predicted = chosen.cycles_per_frame
    for number, stalls in enumerate(STALLS):
        workdir = tmp_path / str(number)
        workdir.mkdir()
        result = simulate(
            binary, pipeline, pixels, workdir, predicted, stalls=stalls, seed=5, progress=silent
        )
        assert differing(network, pixels, result.tensors) == []
        if stalls == (0, 0):
            measured = result.ends[-1] - result.ends[-2]
            # an engine that waits for rows empties its queues, which may save it some cycles
            assert measured == predicted or (name in HASTY and measured < predicted)


def test_linear_layers_are_shared_by_lanes() -> None:
    foldings = {x.name: x.folding for x in planned(NETWORKS["hidden"](), MANY).layers}
    assert foldings["linear1"].lanes > 1
    assert foldings["linear1"].columns == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime(name: str) -> None:
    network = NETWORKS[name]()
    pixels = random_pixels(3, network, FRAMES)
    tensors = onnxruntime_engine.run(network, pixels.astype(np.uint8))
    assert differing(network, pixels, tensors) == []


@pytest.mark.parametrize("name", SOME)
def test_csim(name: str, build_root: Path, tmp_path: Path) -> None:
    network = NETWORKS[name]()
    pipeline = build(network, planned(network, FEW))
    binary = csim_build.build(network, pipeline, build_root)
    pixels = random_pixels(3, network, FRAMES)
    tensors = csim_engine.simulate(binary, pipeline, pixels, tmp_path)
    assert differing(network, pixels, tensors) == []


@pytest.mark.parametrize("name", SOME)
def test_hls4ml(name: str, build_root: Path) -> None:
    need_hls4ml()
    network = NETWORKS[name]()
    chosen = planned(network, FEW)
    pixels = random_pixels(3, network, FRAMES)
    project = hls4ml_engine.build(network, chosen, build_root)
    tensors = hls4ml_engine.predict(project, network, chosen, pixels)
    output = build(network, chosen).link(network.output)
    if output.stream.columns == 1:  # values leave one after the other, as in hardware
        tensors[network.output] = tensors[network.output][:, np.argsort(output.order)]
    assert differing(network, pixels, tensors) == []
