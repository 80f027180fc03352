# SPDX-License-Identifier: Apache-2.0
"""Networks whose tensors leave a value of their range out: every engine clamps as the reference."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.hardware.tensor import TensorType
from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.maxpool import MaxPool
from firebrick.plan.pipeline import build
from firebrick.progress import silent
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine, onnxruntime_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from networks import random_conv, random_pixels


def narrow_network(*, signed: bool) -> Network:
    """Convolution, pool, convolution and addition, all of few bits and narrow."""
    rng = np.random.default_rng(6)
    image = TensorType(3, 9, 9)

    def conv(name: str, source: TensorType, kernel: int, bits: int) -> Layer:
        found = random_conv(rng, name, source, 5, kernel, pad=kernel // 2, signed=signed)
        output = replace(found.output, bits=bits, narrow=True)
        # for pixels of a byte; what has few bits is multiplied by more: all of it clamps at times
        lost = 3 if source is image else -2
        factor = np.clip(found.multiplier * 2.0**-lost, 1, (1 << 16) - 1).astype(np.int64)
        operator = replace(found, output=output, multiplier=factor)
        return Layer(operator, (IMAGE if source is image else "pool",))

    first = conv("first", image, 3, 4)
    kind = first.operator.output
    pool = MaxPool("pool", kind, replace(kind, height=4, width=4), 3, 2)
    second = conv("second", pool.output, 1, 3)
    join = replace(second.operator.output, bits=4)
    add = Add("join", pool.output, second.operator.output, join, (60_000, 60_000), 14)
    layers = (first, Layer(pool, ("first",)), second, Layer(add, ("pool", "second")))
    scales = {x.name: 0.1 for x in layers} | {IMAGE: 1.0}
    return Network("narrow", image, layers, Preprocessing(9), scales)


@pytest.fixture(params=[True, False], ids=["signed", "unsigned"])
def network(request: pytest.FixtureRequest) -> Network:
    return narrow_network(signed=request.param)


def check(network: Network, pixels: PixelArray, tensors: dict[str, np.ndarray]) -> None:
    reference = network.golden(pixels.astype(np.int64))
    assert {x.layer: x.differing for x in compare(reference, tensors)} == {
        x.name: 0 for x in network
    }
    for name in ("first", "second", "join"):
        kind, values = network.types()[name], reference[name]
        # the clamp that narrows is met, so that whoever lacks it differs
        end = kind.lo if kind.signed else kind.hi
        assert np.count_nonzero(values == end) > 0, name


def test_rtl(network: Network, build_root: Path, tmp_path: Path) -> None:
    pixels = random_pixels(3, network, 4)
    chosen = plan(network, Goal(multipliers=8))
    pipeline = build(network, chosen)
    binary = build_network(network, pipeline, build_root, optimize="-O0")
    stalls, cycles = (60, 60), chosen.cycles_per_frame
    result = simulate(binary, pipeline, pixels, tmp_path, cycles, stalls=stalls, progress=silent)
    check(network, pixels, result.tensors)


def test_csim_and_onnxruntime(network: Network, build_root: Path, tmp_path: Path) -> None:
    pixels = random_pixels(3, network, 4)
    pipeline = build(network, plan(network, Goal(multipliers=8)))
    binary = csim_build.build(network, pipeline, build_root)
    check(network, pixels, csim_engine.simulate(binary, pipeline, pixels, tmp_path))
    check(network, pixels, onnxruntime_engine.run(network, pixels.astype(np.uint8)))
