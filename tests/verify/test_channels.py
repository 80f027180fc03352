# SPDX-License-Identifier: Apache-2.0
"""Images of other channels than three, with a border: every engine, every value."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firebrick import frontend, inputs, passes
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.plan.pipeline import build
from firebrick.preprocessing import Preprocessing, channel_orders
from firebrick.progress import silent
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quantizer import quantize
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine, onnxruntime_engine
from firebrick.verify.compare import compare
from firebrick.verify.simulation.network_bench import build_network, simulate
from padded_models import SIDE, write_padded

MEAN = 116.0


def made(channels: int, folder: Path) -> tuple[Network, PixelArray]:
    """A network whose first layer is padded, and three images for it."""
    (order, *_) = channel_orders(channels)
    how = Preprocessing(12, order, (MEAN,) * channels, (58.0,) * channels)
    path = write_padded(folder / "m.onnx", channels)
    graph = passes.prepare(replace(frontend.load(str(path)), preprocessing=how))
    rng = np.random.default_rng(0)
    seen = rng.integers(0, 256, (8, channels, SIDE, SIDE)).astype(np.uint8)
    network = quantize(graph, QuantizeOptions(crops=8, patches=20), seen)
    np.save(folder / "x.npy", seen[:3].transpose(0, 2, 3, 1))
    image = network.image
    pixels = inputs.load(folder / "x.npy", network.preprocessing, image.height, image.width)
    assert pixels.shape == (3, channels, SIDE + 2, SIDE + 2)
    assert set(pixels[:, :, 0].ravel().tolist()) == {int(MEAN)}
    return network, pixels


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_every_engine_equals_the_reference(channels: int, build_root: Path, tmp_path: Path) -> None:
    network, pixels = made(channels, tmp_path)
    chosen = plan(network, Goal(multipliers=12))
    pipeline = build(network, chosen)
    rtl = build_network(network, pipeline, build_root, optimize="-O0")
    simulated = simulate(
        rtl, pipeline, pixels, tmp_path, chosen.cycles_per_frame, seed=5, progress=silent
    )
    csim = csim_build.build(network, pipeline, build_root)
    (tmp_path / "csim").mkdir()
    runs = {
        "onnxruntime": onnxruntime_engine.run(network, pixels),
        "rtl": simulated.tensors,
        "csim": csim_engine.simulate(csim, pipeline, pixels, tmp_path / "csim"),
    }
    expected = network.golden(pixels.astype(np.int64))
    for engine, tensors in runs.items():
        differing = {x.layer: x.differing for x in compare(expected, tensors)}
        assert differing == {x.name: 0 for x in network}, engine
    assert simulated.ends[-1] - simulated.ends[-2] == chosen.cycles_per_frame
