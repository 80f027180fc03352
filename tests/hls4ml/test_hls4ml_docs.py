# SPDX-License-Identifier: Apache-2.0
"""The script that the pages show runs as it stands and gives the reference's integers."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from firebrick.hls4ml.optional import optional
from firebrick.ir.network import Layer, Network
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.quantize.integer_onnx import export
from hls4ml_models import need_hls4ml
from networks import small_network

PAGE = Path(__file__).parents[2] / "docs" / "hls.md"
SCRIPT = re.compile(r"^```python file=own_script.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def with_negative_logits() -> Network:
    network = small_network(bypass=False)
    *layers, conv, average = network
    logits = replace(conv.operator.output, signed=True)
    bias = average.operator.bias - 400
    layers.append(Layer(replace(conv.operator, output=logits), conv.inputs))
    pool = AvgPool(average.name, logits, sum_type(logits, bias), bias)
    layers.append(Layer(pool, average.inputs))
    return Network(
        network.name, network.image, tuple(layers), network.preprocessing, network.scales
    )


def test_own_script_runs(tmp_path: Path) -> None:
    need_hls4ml()
    (text,) = SCRIPT.findall(PAGE.read_text())
    assert len([x for x in text.splitlines() if x]) <= 20
    network = with_negative_logits()
    export.write(network, tmp_path / "q.onnx")
    (tmp_path / "own_script.py").write_text(text)
    command = [sys.executable, "own_script.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    image = network.image
    pixels = np.full((1, image.channels, image.height, image.width), 200)
    expected = np.maximum(network.golden(pixels)[network.output].ravel(), 0)
    assert np.array_equal(np.load(tmp_path / "logits.npy"), expected)
    assert 0 < np.count_nonzero(expected) < len(expected)


def test_the_flow_that_the_page_names_is_there() -> None:
    need_hls4ml()
    assert 'hls_config["Flows"] = ["vitis:fire", "vitis:ip"]' in PAGE.read_text()
    assert optional("hls4ml.model.flow").get_flow("vitis:fire").optimizers == ["vitis:fuse_fire"]
