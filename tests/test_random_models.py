# SPDX-License-Identifier: Apache-2.0
"""Any random classifier goes from its ONNX file to hardware.

Read, quantized, written, read again, run by onnxruntime, planned, generated and elaborated: every
step must hold for whatever `random_models` draws.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firebrick.emit.rtl.generate import generate
from firebrick.emit.rtl.network_top import TOP
from firebrick.frontend import load
from firebrick.passes import prepare
from firebrick.quantize.integer_onnx import export
from firebrick.quantize.integer_onnx import load as integer_onnx
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import run_integers
from firebrick.quantize.quantizer import quantize
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import onnxruntime_engine
from random_models import random_model
from rtl_lint import assert_clean

SEEDS = range(10)
MANY = range(10, 500)
OPTIONS = QuantizeOptions(crops=6, patches=24)


def check(seed: int, folder: Path) -> None:
    """Take a model through every step."""
    path = folder / "random.onnx"
    path.write_bytes(random_model(seed).SerializeToString())
    graph = prepare(load(str(path)))
    rng = np.random.default_rng(seed)
    photographs = [rng.integers(0, 256, (3, 40, 40)).astype(np.uint8) for _ in range(3)]
    network = quantize(graph, OPTIONS, photographs)
    file = folder / "quantized.onnx"
    export.write(network, file)
    again = integer_onnx.read(file)
    assert again.digest() == network.digest()
    image = network.image
    pixels = rng.integers(0, 256, (2, image.channels, image.height, image.width)).astype(np.uint8)
    fast = run_integers(network, pixels)
    found = onnxruntime_engine.run(file, pixels)
    for name, tensor in network.golden(pixels.astype(np.int64)).items():
        np.testing.assert_array_equal(fast[name], tensor, err_msg=name)
        np.testing.assert_array_equal(found[name], tensor, err_msg=name)
    generate(again, plan(again, Goal(multipliers=24)), folder / "rtl")
    sources = [*sorted((folder / "rtl" / "hw").glob("*.sv")), folder / "rtl" / f"{TOP}.sv"]
    assert_clean(sources, "--top-module", TOP)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_model_reaches_hardware(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MANY)
def test_many_random_models_reach_hardware(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)
