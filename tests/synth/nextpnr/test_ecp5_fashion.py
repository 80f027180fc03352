# SPDX-License-Identifier: Apache-2.0
"""The small trained network: how often it is right, and what open tools make of it."""

import gzip
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import tty
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from unittest import mock

import netlists
import numpy as np
import pytest
from uart_host import HERE, Step, line_bytes, talk

from firebrick.api.evaluating import evaluate
from firebrick.emit.rtl.generate import generate
from firebrick.evaluate.result import Evaluation
from firebrick.ir.network import Network
from firebrick.ops.conv.operator import Conv
from firebrick.quantize.integer_onnx import load
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.synth.nextpnr.board import load_board
from firebrick.synth.nextpnr.flow import CONFIG, implement
from firebrick.synth.nextpnr.worker import VERILOG
from quantized import quantized_file

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "models" / "fashion_fire.onnx"
EXAMPLE = ROOT / "examples" / "fashion_mnist"
MULTIPLIERS = 24
PHOTOGRAPHS = 2
"""Simulated in the netlist, which takes minutes each."""


def example(name: str) -> ModuleType:
    """A script of the example, as a module."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        spec = importlib.util.spec_from_file_location(name, EXAMPLE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(EXAMPLE))


@pytest.fixture(scope="module")
def quantized() -> Path:
    """The network as `quantize` makes it."""
    return quantized_file(str(MODEL))


@pytest.fixture(scope="module")
def network(quantized: Path) -> Network:
    return load.read(quantized)


@pytest.fixture(scope="module")
def data() -> Path:
    """Folder of the data set."""
    folder: Path = example("fashion").default_folder()
    if not folder.is_dir():
        pytest.skip("Fashion-MNIST is not there: docs/ecp5.md says how to unpack it")
    return folder


def test_grey_costs_one_channel(network: Network) -> None:
    conv = next(iter(network)).operator
    assert isinstance(conv, Conv)
    assert np.count_nonzero(conv.weights[:, 0]) > 0
    assert np.count_nonzero(conv.weights[:, 1:]) == 0
    assert MODEL.stat().st_size < 300_000


@pytest.fixture(scope="module")
def written(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test photographs, as the script writes them for `evaluate`."""
    path = tmp_path_factory.mktemp("fashion") / "test.npz"
    arguments = ["fashion.py", "--data", str(data), "-o", str(path)]
    with mock.patch.object(sys, "argv", arguments):
        example("fashion").main()
    return path


def accuracy(quantized: Path, written: Path, limit: int | None) -> list[Evaluation]:
    """In floats, in onnxruntime, and by the reference."""
    float_and_integer = evaluate([MODEL, quantized], written, limit=limit)
    return [*float_and_integer, *evaluate(quantized, written, engine="numpy", limit=limit)]


def test_a_few_photographs(quantized: Path, written: Path) -> None:
    real, integer, reference = accuracy(quantized, written, 300)
    assert [x.images for x in (real, integer, reference)] == [300] * 3
    assert integer.logits_sha256 == reference.logits_sha256 != real.logits_sha256
    assert integer.pairs == reference.pairs
    assert min(real.top1, integer.top1) >= 0.85
    assert integer.agreement is not None
    assert integer.agreement >= 0.95


@pytest.mark.slow
def test_all_test_photographs(quantized: Path, written: Path) -> None:
    real, integer, reference = accuracy(quantized, written, None)
    assert integer.logits_sha256 == reference.logits_sha256
    assert (real.images, real.top1, integer.top1) == (10_000, 0.921, 0.9196)


@pytest.mark.parametrize("text", [b"\0\0\x08\x01\0\0\0\x05abc", b"\0\0\x08\x03\0\0\0\x01a", b""])
def test_a_data_set_that_is_none_is_refused(text: bytes, tmp_path: Path) -> None:
    fashion = example("fashion")
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(text))
    with pytest.raises(ValueError, match="t10k-labels"):
        fashion.labels(tmp_path, fashion.TEST)


def board(line: int, network: Network, frames: int, wrong: bool) -> None:
    """A fake board at the other end of a line: answers from the reference itself."""
    count = 3 * network.image.height * network.image.width
    for _ in range(frames):
        data = b""
        while len(data) < count:
            data += os.read(line, count - len(data))
        image = np.frombuffer(data, np.uint8).reshape(network.image.height, network.image.width, 3)
        logits = network.golden(image.transpose(2, 0, 1)[None].astype(np.int64))[network.output]
        os.write(line, (logits.reshape(-1) + wrong).astype("<i4").tobytes())


@pytest.mark.parametrize("wrong", [False, True])
def test_the_hosts_script_compares_every_logit(
    wrong: bool,
    network: Network,
    quantized: Path,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    thread = threading.Thread(target=board, args=(ours, network, 3, wrong), daemon=True)
    thread.start()
    arguments = [os.ttyname(theirs), str(quantized), "--data", str(data), "--images", "3"]
    monkeypatch.setattr(sys, "argv", ["classify.py", *arguments])
    status = example("classify").main()
    thread.join(10)
    os.close(ours)
    os.close(theirs)
    assert status == int(wrong)
    assert f"3 of 3 right, {30 if wrong else 0} of 30 logits differ" in capsys.readouterr().out


def memories(config: str) -> list[str]:
    """Contents of block RAMs in a textual configuration."""
    return sorted(x.strip() for x in config.split("\n\n") if x.startswith(".bram_init"))


@pytest.mark.slow
def test_from_network_to_bitstream(
    network: Network, data: Path, build_root: Path, tmp_path: Path
) -> None:
    """One test: what is placed and routed is also what is simulated."""
    folder = ROOT / "build" / "fashion-ecp5"
    generate(network, plan(network, Goal(multipliers=MULTIPLIERS)), folder)
    chosen = load_board(None)
    found = implement(folder, chosen)
    print(found.resources, found.timing, found.seconds)
    assert found.excess == {}
    assert found.timing is not None
    assert found.timing.fmax_mhz >= 60
    assert found.bitstream is not None

    # Read back, the bitstream holds the memories that were routed; written again, it is the same.
    shutil.copyfile(found.bitstream, tmp_path / "a.bit")
    for tool, *arguments in (
        ("ecpunpack", "a.bit", "a.config"),
        ("ecppack", "--compress", "a.config", "b.bit"),
    ):
        program = str(Path(sys.executable).with_name(f"yowasp-{tool}"))
        subprocess.run([program, *arguments], cwd=tmp_path, check=True, capture_output=True)
    routed = memories((folder / "nextpnr" / CONFIG).read_text())
    assert len(routed) == found.resources["ebr"][0]
    assert memories((tmp_path / "a.config").read_text()) == routed
    assert (tmp_path / "b.bit").read_bytes() == (tmp_path / "a.bit").read_bytes()

    # The very netlist, at the speed of its serial line.
    fashion = example("fashion")
    pixels = fashion.rgb(fashion.images(data, fashion.TEST)[:PHOTOGRAPHS]).astype(np.int64)
    logits = network.golden(pixels)[network.output].reshape(len(pixels), -1)
    netlist, bench = folder / "nextpnr" / VERILOG, HERE / "uart_bench.sv"
    binary = netlists.build(netlist, [bench], "uart_bench", build_root, optimize="-O1")
    whole = Step(chosen.clocks, b"", 4 * logits.shape[1], patience_bits=40_000)
    answers = talk(binary, tmp_path, [replace(whole, send=line_bytes(x), pause=11) for x in pixels])
    assert [x.logits for x in answers] == logits.tolist()
    classes = fashion.labels(data, fashion.TEST)[: len(pixels)]
    assert [int(np.argmax(x.logits)) for x in answers] == classes.tolist()
