# SPDX-License-Identifier: Apache-2.0
"""Generated C++ networks in C simulation, every value of every layer, every channel bounded."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from firebrick.cli import app
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.ir.network import Layer, Network
from firebrick.ops.image import pixel_beats
from firebrick.plan.pipeline import Pipeline, build
from firebrick.plan.plan import Plan
from firebrick.quantize.integer_onnx import export
from firebrick.search.goal import Goal
from firebrick.search.planner import plan
from firebrick.verify import csim_build, csim_engine
from firebrick.verify.compare import compare
from firebrick.verify.engine import Job
from networks import random_pixels, small_network

FRAMES = 3


def planned(network: Network, multipliers: int = 24) -> tuple[Plan, Pipeline]:
    chosen = plan(network, Goal(multipliers=multipliers))
    return chosen, build(network, chosen)


def differing(network: Network, pixels: np.ndarray, tensors: dict[str, np.ndarray]) -> dict:
    return {x.layer: x.differing for x in compare(network.golden(pixels), tensors)}


@pytest.mark.parametrize(
    ("bypass", "sanitize"),
    [(True, False), (False, False), (True, True)],
    ids=["bypass", "chain", "sanitized"],
)
def test_small_network_equals_reference(
    bypass: bool, sanitize: bool, build_root: Path, tmp_path: Path
) -> None:
    network = small_network(bypass=bypass)
    pixels = random_pixels(3, network, FRAMES)
    _, pipeline = planned(network)
    binary = csim_build.build(network, pipeline, build_root, sanitize=sanitize)
    tensors = csim_engine.simulate(binary, pipeline, pixels, tmp_path)
    assert differing(network, pixels, tensors) == {x.name: 0 for x in network}


@pytest.mark.slow
@pytest.mark.parametrize("multipliers", [8, 60, 300])
def test_other_foldings(multipliers: int, build_root: Path, tmp_path: Path) -> None:
    network = small_network(seed=multipliers, side=41)
    pixels = random_pixels(3, network, FRAMES)
    _, pipeline = planned(network, multipliers)
    binary = csim_build.build(network, pipeline, build_root, sanitize=True)
    tensors = csim_engine.simulate(binary, pipeline, pixels, tmp_path)
    assert differing(network, pixels, tensors) == {x.name: 0 for x in network}


def test_a_wrong_weight_is_seen(build_root: Path, tmp_path: Path) -> None:
    """Functions of a network with one other codebook, compared with the right network."""
    network = small_network(bypass=False)
    layers = []
    for layer in network:
        operator = layer.operator
        if layer.name == "fire2_expand":
            codebook = operator.codebook.copy()  # type: ignore[attr-defined]
            codebook[1:] ^= 1
            operator = replace(operator, codebook=codebook)  # type: ignore[type-var]
        layers.append(Layer(operator, layer.inputs))
    wrong = Network(
        network.name, network.image, tuple(layers), network.preprocessing, network.scales
    )
    pixels = random_pixels(3, network, 1)
    _, pipeline = planned(wrong)
    binary = csim_build.build(wrong, pipeline, build_root)
    found = differing(network, pixels, csim_engine.simulate(binary, pipeline, pixels, tmp_path))
    assert found["fire2_squeeze"] == 0
    assert found["fire2_expand"] > 0


def deadlock(text: str) -> list[tuple[str, int, int]]:
    """Channels of a report: name, level, depth."""
    lines = re.findall(r"^deadlock: .* (\w+): level (\d+) of depth (\d+)$", text, re.MULTILINE)
    return [(name, int(level), int(depth)) for name, level, depth in lines]


def test_a_bypass_queue_too_shallow_is_a_deadlock(build_root: Path, tmp_path: Path) -> None:
    network = small_network()
    chosen, _ = planned(network)
    shallow = replace(chosen, skips=tuple(replace(x, beats=2) for x in chosen.skips))
    pipeline = build(network, shallow)
    binary = csim_build.build(network, pipeline, build_root)
    pixels = random_pixels(3, network, 1)
    with pytest.raises(CheckFailed, match=r"deadlocked \(status 3\)") as caught:
        csim_engine.simulate(binary, pipeline, pixels, tmp_path)
    waiting = {name: (level, depth) for name, level, depth in deadlock(str(caught.value))}
    level, depth = waiting["pool1_to_bypass2"]  # the queue is full, the join waits for the other
    assert level == depth < chosen.skips[0].beats
    assert waiting["fire2_expand"][0] == 0


def test_a_missing_beat_is_a_deadlock(build_root: Path, tmp_path: Path) -> None:
    network = small_network(bypass=False)
    _, pipeline = planned(network)
    binary = csim_build.build(network, pipeline, build_root)
    beats = pixel_beats(random_pixels(3, network, 1), pipeline.link("pixels").stream.columns)
    beats[:-1].astype("<u4").tofile(tmp_path / csim_engine.INPUT_FILE)
    result = subprocess.run(
        [binary, str(tmp_path), "1"], capture_output=True, text=True, check=False
    )
    assert result.returncode == csim_engine.DEADLOCK
    waiting = deadlock(result.stderr)
    assert ("pixels", 0, 2) in waiting
    assert all(level == 0 for _, level, _ in waiting)  # everyone downstream reads from empty


def test_beats_that_do_not_come_out_are_no_success(build_root: Path, tmp_path: Path) -> None:
    network = small_network()
    _, pipeline = planned(network)
    quiet = tmp_path / "quiet.sh"
    quiet.write_text("#!/bin/sh\ntouch $1/conv1.bin\n")
    quiet.chmod(0o755)
    with pytest.raises(CheckFailed, match=r"layer 'conv1': beats=0 is not \d+"):
        csim_engine.simulate(quiet, pipeline, random_pixels(3, network, 1), tmp_path)


def test_without_hls4ml_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(FirebrickError, match=r"ap_int.h is missing: install the package 'hls4ml'"):
        csim_build.ap_types()


def test_without_a_compiler_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = small_network(bypass=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FirebrickError, match=r"g\+\+ is missing"):
        csim_build.build(network, planned(network)[1], tmp_path)


def test_command_line(tmp_path: Path) -> None:
    network = small_network()
    model, dump = tmp_path / "small.onnx", tmp_path / "out.npz"
    export.write(network, model)
    runner = CliRunner()
    result = runner.invoke(
        app, ["infer", str(model), "chelsea", "--engine", "csim", "--dump", str(dump), "--json"]
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["results"][0]["engine"] == "csim"
    with np.load(dump) as arrays:
        assert set(arrays.files) == {x.name for x in network}
    result = runner.invoke(app, ["verify", str(model), "coffee", "--engines", "csim", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["engines"]["csim"]["differing"] == 0


def test_engine_takes_the_plan(monkeypatch: pytest.MonkeyPatch, build_root: Path) -> None:
    network = small_network(bypass=False)
    monkeypatch.setattr(csim_engine, "cache_folder", lambda _: build_root)
    chosen, _ = planned(network)
    pixels = random_pixels(3, network, 2).astype(np.uint8)
    run = csim_engine.run(Job(network, pixels, chosen))
    assert list(run.tensors) == [x.name for x in network]
    assert run.seconds > 0
    other, _ = planned(small_network())
    with pytest.raises(FirebrickError, match="is not that of model"):
        csim_engine.run(Job(network, pixels, other))


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["squeezenet_file", "compressed_file"])
def test_three_photographs_back_to_back_equal_the_reference(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    model = str(request.getfixturevalue(fixture))
    arguments = ["verify", model, "chelsea", "coffee", "rocket", "--engines", "csim", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    csim = json.loads(result.stdout)["engines"]["csim"]
    assert set(csim["by_layer"].values()) == {0}
    assert csim["layers"] == len(csim["by_layer"]) == 22
