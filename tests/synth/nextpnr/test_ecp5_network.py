# SPDX-License-Identifier: Apache-2.0
"""A whole generated network behind a serial line: as RTL, and as the netlist Yosys makes of it."""

import shutil
from dataclasses import replace
from pathlib import Path

import netlists
import numpy as np
import pytest
from uart_host import HERE, Step, line_bytes, talk

from firebrick.emit.rtl.generate import generate
from firebrick.emit.rtl.network_top import TOP
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.nextpnr.flow import copy_design, synthesize
from firebrick.synth.nextpnr.top import UART_TOP, read_geometry, uart_sources, uart_top
from firebrick.synth.nextpnr.worker import VERILOG
from firebrick.verify.simulation import verilator
from networks import CLASSES, random_conv, random_pixels

CLOCKS = 8
SIDE = 9


@pytest.fixture(scope="module")
def network() -> Network:
    """A convolution and an average: what is tried here is what lies around them."""
    rng = np.random.default_rng(1)
    conv = random_conv(rng, "conv1", TensorType(3, SIDE, SIDE), CLASSES, 3, stride=2, signed=True)
    bias = rng.integers(-500, 500, CLASSES)
    pool = AvgPool("pool1", conv.output, sum_type(conv.output, bias), bias)
    layers = (Layer(conv, (IMAGE,)), Layer(pool, ("conv1",)))
    scales = {x.name: 0.1 for x in layers} | {IMAGE: 1.0}
    return Network("tiny", TensorType(3, SIDE, SIDE), layers, Preprocessing(SIDE), scales)


@pytest.fixture(scope="module")
def folder(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated hardware, and the top for the serial line beside it."""
    path = tmp_path_factory.mktemp("uart") / "rtl"
    generate(network, plan(network, Goal(multipliers=4)), path)
    (path / f"{UART_TOP}.sv").write_text(uart_top(read_geometry(path), CLOCKS))
    return path


def check(binary: Path, folder: Path, network: Network, workdir: Path) -> None:
    """Three images, the second one cut off by a break and sent again."""
    pixels = random_pixels(5, network, 3)
    logits = network.golden(pixels)[network.output].reshape(len(pixels), -1)
    for path in folder.glob("*.mem"):
        shutil.copyfile(path, workdir / path.name)
    data = [line_bytes(x) for x in pixels]
    whole = Step(CLOCKS, b"", 4 * logits.shape[1], patience_bits=20_000)
    steps = [
        replace(whole, send=data[0], pause=11),
        replace(whole, send=data[1][:200], answer=0, patience_bits=0),
        replace(whole, send=data[1], break_bits=12, pause=11),
        replace(whole, send=data[2]),
    ]
    answers = talk(binary, workdir, steps)
    assert [answers[n].logits for n in (0, 2, 3)] == logits.tolist()
    assert not answers[-1].error


def test_logits_over_the_line_are_the_references(
    network: Network, folder: Path, build_root: Path, tmp_path: Path
) -> None:
    sources = [*sorted((folder / "hw").glob("*.sv")), *uart_sources()]
    sources += [folder / f"{TOP}.sv", folder / f"{UART_TOP}.sv", HERE / "uart_bench.sv"]
    check(verilator.build(sources, "uart_bench", build_root), folder, network, tmp_path)


@pytest.mark.slow
def test_netlist_answers_the_same(
    network: Network, folder: Path, build_root: Path, tmp_path: Path
) -> None:
    names = copy_design(folder, tmp_path)
    shutil.copyfile(folder / f"{UART_TOP}.sv", tmp_path / f"{UART_TOP}.sv")
    cells = synthesize(UART_TOP, [*names, f"{UART_TOP}.sv"], tmp_path)
    assert {"DP16KD", "MULT18X18D", "TRELLIS_DPR16X4"} <= cells.keys()
    binary = netlists.build(
        tmp_path / VERILOG, [HERE / "uart_bench.sv"], "uart_bench", build_root, optimize="-O1"
    )
    workdir = tmp_path / "run"
    workdir.mkdir()
    check(binary, folder, network, workdir)


def test_geometry_is_read_back(network: Network, folder: Path) -> None:
    geometry = read_geometry(folder)
    assert (geometry.height, geometry.width) == (SIDE, SIDE)
    assert geometry.line_bytes == 3 * SIDE * SIDE + 4 * geometry.classes
    logits = network.types()[network.output]
    assert (geometry.classes, geometry.logit_bits) == (logits.channels, logits.bits)
