# SPDX-License-Identifier: Apache-2.0
"""Networks as projects of hls4ml: what it compiles and predicts equals the reference."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from firebrick.cli import app
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.hardware.tensor import IntArray
from firebrick.hls4ml.convert import convert
from firebrick.hls4ml.generate import generate
from firebrick.hls4ml.optional import optional
from firebrick.ir.network import Layer, Network
from firebrick.plan.plan import Plan
from firebrick.quantize.integer_onnx import export
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import hls4ml_engine
from firebrick.verify.compare import compare
from firebrick.verify.engine import Job
from hls4ml_models import need_hls4ml
from networks import fire_network, random_pixels, small_network

FRAMES = 3


@pytest.fixture(autouse=True)
def _hls4ml() -> None:
    need_hls4ml()


def planned(network: Network, multipliers: int = 24) -> Plan:
    return plan(network, Goal(multipliers=multipliers))


def predicted(network: Network, chosen: Plan, pixels: IntArray, folder: Path) -> IntArray:
    """What hls4ml's own `compile()` and `predict()` give for the last layer."""
    model = convert(network, chosen, folder)
    model.compile()
    arrays = np.ascontiguousarray(pixels.transpose(0, 2, 3, 1).astype(np.float32))
    output = next(x for x in network if x.name == network.output).operator.output
    shape = len(pixels), output.height, output.width, output.channels
    return model.predict(arrays).reshape(shape).transpose(0, 3, 1, 2)


def engine_run(
    network: Network, chosen: Plan, pixels: IntArray, build_root: Path
) -> dict[str, IntArray]:
    project = hls4ml_engine.build(network, chosen, build_root)
    return hls4ml_engine.predict(project, network, chosen, pixels)


def test_a_fire_module_equals_the_reference(tmp_path: Path) -> None:
    network = fire_network(small_network(), 2)
    pixels = random_pixels(3, network, FRAMES)
    values = predicted(network, planned(network), pixels, tmp_path / "project")
    assert np.array_equal(values, network.golden(pixels)[network.output])


@pytest.mark.parametrize("multipliers", [24, pytest.param(60, marks=pytest.mark.slow)])
def test_a_small_network_equals_the_reference(multipliers: int, build_root: Path) -> None:
    network = small_network(seed=multipliers)
    pixels = random_pixels(3, network, FRAMES)
    tensors = engine_run(network, planned(network, multipliers), pixels, build_root)
    differing = {x.layer: x.differing for x in compare(network.golden(pixels), tensors)}
    assert differing == {x.name: 0 for x in network}


def test_a_wrong_weight_is_seen(build_root: Path) -> None:
    """The project of a network with one other codebook, compared with the right network."""
    network = small_network(bypass=False)
    layers = []
    for layer in network:
        operator: Any = layer.operator
        if layer.name == "fire2_expand":
            codebook = operator.codebook.copy()
            codebook[1:] ^= 1
            operator = replace(operator, codebook=codebook)
        layers.append(Layer(operator, layer.inputs))
    wrong = Network(
        network.name, network.image, tuple(layers), network.preprocessing, network.scales
    )
    pixels = random_pixels(3, network, 1)
    tensors = engine_run(wrong, planned(wrong), pixels, build_root)
    found = {x.layer: x.differing for x in compare(network.golden(pixels), tensors)}
    assert found["fire2_squeeze"] == 0
    assert found["fire2_expand"] > 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Network, Plan]:
    need_hls4ml()
    network = fire_network(small_network(), 2)
    chosen = planned(network)
    folder = tmp_path_factory.mktemp("hls4ml") / "project"
    generate(network, chosen, folder)
    return folder, network, chosen


def test_a_written_project_is_linked_and_predicts(project: tuple[Path, Network, Plan]) -> None:
    folder, network, _ = project
    model = optional("hls4ml.converters").link_existing_project(str(folder))
    model.compile()
    pixels = random_pixels(5, network, 2)
    values = model.predict(np.ascontiguousarray(pixels.transpose(0, 2, 3, 1).astype(np.float32)))
    expected = network.golden(pixels)[network.output].transpose(0, 2, 3, 1)
    assert np.array_equal(values, expected.reshape(2, -1))


def texts(folder: Path) -> dict[str, str]:
    files = (x for x in folder.rglob("*") if x.suffix in (".h", ".hpp", ".cpp", ".sh", ".tcl"))
    return {str(x.relative_to(folder)): x.read_text() for x in files}


def test_a_project_is_the_same_every_time(
    project: tuple[Path, Network, Plan], tmp_path: Path
) -> None:
    folder, network, chosen = project
    generate(network, chosen, tmp_path / "again")
    assert texts(tmp_path / "again") == texts(folder)
    config = (tmp_path / "again" / "hls4ml_config.yml").read_text()
    assert f"OutputDir: {tmp_path / 'again'}\n" in config


def test_a_project_holds_what_it_includes(project: tuple[Path, Network, Plan]) -> None:
    """Every file that is included by name is there, or is a system's, the vendor's or hls4ml's."""
    folder, _, _ = project
    firmware = folder / "firmware"
    roots = (firmware, firmware / "ap_types")
    ours = [firmware / x for x in ("firebrick", "blocks", "layers")]
    for path in (x for root in ours for x in root.glob("*.hpp")):
        for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.MULTILINE):
            assert any((root / name).is_file() for root in (path.parent, *roots)), (path, name)


def test_scripts_compile_the_functions_language(project: tuple[Path, Network, Plan]) -> None:
    folder, _, _ = project
    vitis = (folder / "build_prj.tcl").read_text()
    assert "-std=c++0x" not in vitis
    assert vitis.count("-std=c++17 -DAP_INT_MAX_W=4096 -I[file normalize firmware]") == 3
    assert "-Ifirmware -DAP_INT_MAX_W=4096" in (folder / "build_lib.sh").read_text()


def test_manifest_names_model_and_layers(project: tuple[Path, Network, Plan]) -> None:
    folder, network, _ = project
    fields = json.loads((folder / "manifest.json").read_text())
    assert fields["model_hash"] == network.digest()
    assert fields["layers"] == [
        {"name": "fire2", "class": "Fire", "computes": ["fire2_squeeze", "fire2_expand"]}
    ]
    header = (folder / "firmware" / "layers" / "fire2_expand.hpp").read_text()
    assert f"// Model hash {network.digest()}." in header


def test_streams_between_our_layers_are_shallow_and_before_a_join_a_frame_deep(
    tmp_path: Path,
) -> None:
    network = small_network()
    convert(network, planned(network), tmp_path).write()
    text = (tmp_path / "firmware" / "network.cpp").read_text()
    depths = dict(re.findall(r"STREAM variable=(\w+) depth=(\d+)", text))
    assert depths["layer2_out"] == "2"
    assert {depths[x] for x in depths if "cpy" in x} == {"36"}


def test_a_foreign_folder_is_kept(project: tuple[Path, Network, Plan], tmp_path: Path) -> None:
    _, network, chosen = project
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FirebrickError, match="is not a generated folder"):
        generate(network, chosen, tmp_path)
    assert [x.name for x in tmp_path.iterdir()] == ["mine.txt"]


def test_a_layer_that_is_not_written_down_is_an_error(
    monkeypatch: pytest.MonkeyPatch, build_root: Path
) -> None:
    network = fire_network(small_network(), 2)
    chosen = planned(network)
    folder = hls4ml_engine.build(network, chosen, build_root)
    monkeypatch.setattr(hls4ml_engine, "read_tap", _missing(hls4ml_engine.read_tap))
    with pytest.raises(CheckFailed, match=r"layer 'fire2_squeeze': beats=0 is not \d+"):
        hls4ml_engine.predict(folder, network, chosen, random_pixels(3, network, 1))


def _missing(read: Any) -> Any:
    def without(folder: Path, link: Any, frames: int) -> IntArray:
        (folder / f"{link.layer}.bin").unlink()
        return read(folder, link, frames)

    return without


def test_engine_takes_the_plan_and_keeps_the_build(
    monkeypatch: pytest.MonkeyPatch, build_root: Path
) -> None:
    network = fire_network(small_network(), 2)
    monkeypatch.setattr(hls4ml_engine, "cache_folder", lambda _: build_root)
    chosen = planned(network)
    pixels = random_pixels(3, network, 2).astype(np.uint8)
    run = hls4ml_engine.run(Job(network, pixels, chosen))
    assert list(run.tensors) == [x.name for x in network]
    (library,) = (hls4ml_engine.build(network, chosen, build_root) / "firmware").glob("*.so")
    before = library.stat().st_mtime_ns
    assert hls4ml_engine.run(Job(network, pixels, chosen)).seconds > 0
    assert library.stat().st_mtime_ns == before
    with pytest.raises(FirebrickError, match="is not that of model"):
        hls4ml_engine.run(Job(network, pixels, planned(small_network())))


def test_what_the_compiler_refuses_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    network = fire_network(small_network(), 2)
    monkeypatch.setattr("firebrick.hls4ml.sources.FLAGS", {})
    with pytest.raises(FirebrickError, match=r"Failed to compile project(.|\n)*nnet_firebrick.h"):
        hls4ml_engine.build(network, planned(network), tmp_path)
    assert capfd.readouterr().out == ""
    assert not [x for x in tmp_path.iterdir() if x.is_dir()]


def test_without_a_compiler_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = fire_network(small_network(), 2)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FirebrickError, match=r"g\+\+ is missing"):
        hls4ml_engine.build(network, planned(network), tmp_path)


def test_command_line(tmp_path: Path) -> None:
    network = small_network(bypass=False)
    model, plan_file = tmp_path / "small.onnx", tmp_path / "plan.json"
    export.write(network, model)
    plan_file.write_text(planned(network).to_json())
    output = tmp_path / "project"
    for arguments in (
        ["generate", model, plan_file, "-o", output, "--target", "hls4ml", "--json"],
        ["verify", model, "coffee", "--engines", "hls4ml", "--plan", plan_file, "--json"],
    ):
        result = CliRunner().invoke(app, [str(x) for x in arguments])
        assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["engines"]["hls4ml"]["differing"] == 0
    assert (output / "build_prj.tcl").is_file()


ORDERS = (
    "import hls4ml",
    "import firebrick.hls4ml.extension",
    "import firebrick.hls4ml.convert, hls4ml.model",
    "import firebrick.cli, hls4ml",
)


@pytest.mark.parametrize("text", ORDERS)
def test_hls4ml_finds_the_plugin_whatever_comes_first(text: str) -> None:
    check = "from hls4ml.model.layers import layer_map; print('Fire' in layer_map)"
    environment = os.environ | {"HLS4ML_BACKEND_PLUGINS": "firebrick.hls4ml.plugin"}
    assert _python(f"{text}; {check}", environment) == "True\n"


def _python(text: str, environment: dict[str, str]) -> str:
    command: Sequence[str] = [sys.executable, "-W", "error", "-c", text]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 10))
def test_each_fire_module_equals_the_reference(
    number: int, squeezenet: Network, tmp_path: Path
) -> None:
    network = fire_network(squeezenet, number)
    pixels = random_pixels(number, network, 1)
    values = predicted(network, planned(network, 64), pixels, tmp_path / "project")
    assert np.array_equal(values, network.golden(pixels)[network.output])


@pytest.mark.slow
def test_three_photographs_equal_the_reference(squeezenet_file: Path) -> None:
    arguments = ["verify", str(squeezenet_file), "chelsea", "coffee", "rocket"]
    result = CliRunner().invoke(app, [*arguments, "--engines", "hls4ml", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["engines"]["hls4ml"]
    assert set(found["by_layer"].values()) == {0}
    assert found["layers"] == len(found["by_layer"]) == 22
