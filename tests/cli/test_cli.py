# SPDX-License-Identifier: Apache-2.0
"""The command line: JSON fields, exit statuses, errors in one line, whole outputs."""

import json
from pathlib import Path

import numpy as np
import pytest

from command_line import fields, fill, firebrick, refused
from firebrick.api import verifying
from firebrick.emit.rtl import generate
from firebrick.ir.network import Network
from firebrick.plan import plan
from firebrick.search import rounds
from firebrick.verify.engine import EngineRun, Job
from firebrick.verify.engines import ENGINES
from networks import random_pixels, small_network


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network(bypass=False)


@pytest.fixture
def folder(network: Network, tmp_path: Path) -> Path:
    return fill(tmp_path, network)


def test_help_names_every_command(tmp_path: Path) -> None:
    text = firebrick(tmp_path, "--help").stdout
    commands = ("import", "quantize", "boards", "plan", "generate", "synth", "infer", "verify")
    for command in (*commands, "deploy", "serve", "report"):
        assert command in text


def test_plan_tells_what_it_promises(folder: Path) -> None:
    plan = fields(folder, "plan", "q.onnx", "--multipliers", "30", "-o", "plan.json")
    assert plan["fits"] is True
    assert plan["multipliers"] <= 30
    work = plan["nonzero_macs"] / (plan["multipliers"] * plan["cycles_per_frame"])
    assert plan["mac_efficiency"] == pytest.approx(work, abs=1e-4)
    onchip = plan["onchip_bytes"]
    assert onchip["total"] == onchip["weights"] + onchip["buffers"] + onchip["queues"]
    assert sum(plan["weight_bytes"].values()) == onchip["weights"]
    assert (folder / "plan.json").is_file()


def test_generate_writes_a_folder_that_lists_its_files(folder: Path, network: Network) -> None:
    fields(folder, "plan", "q.onnx", "--multipliers", "30", "-o", "plan.json")
    result = fields(folder, "generate", "q.onnx", "plan.json", "-o", "rtl")
    assert result["model_hash"] == network.digest()
    manifest = json.loads((folder / "rtl" / "manifest.json").read_text())
    for name in manifest["sources"] + manifest["memories"]:
        assert (folder / "rtl" / name).is_file()
    text = (folder / "rtl" / "firebrick_network.sv").read_text()
    assert network.digest() in text
    # The top holds instances and wires only.
    assert "always" not in text
    assert "assign" not in text
    again = fields(folder, "generate", "q.onnx", "plan.json", "-o", "rtl2")
    assert again["model_hash"] == result["model_hash"]
    assert (folder / "rtl2" / "firebrick_network.sv").read_text() == text


def test_infer_gives_top5_and_dumps_every_layer(folder: Path, network: Network) -> None:
    (first, second) = fields(folder, "infer", "q.onnx", "a.png", "b.png", "--dump", "out.npz")[
        "results"
    ]
    assert (first["image"], second["image"]) == ("a.png", "b.png")
    logits = network.golden(random_pixels(3, network, 2))[network.output]
    assert first["top5"][0]["index"] == int(logits[0].argmax())
    dump = np.load(folder / "out.npz")
    assert set(dump.files) == {x.name for x in network}
    kind = network.layers[0].operator.output
    assert dump["conv1"].shape == (2, kind.height, kind.width, kind.channels)


@pytest.mark.parametrize("engine", ["onnxruntime"])
def test_verify_counts_differing_values(folder: Path, engine: str, network: Network) -> None:
    report = fields(folder, "verify", "q.onnx", "a.png", "--engines", engine)
    assert report["reference"] == "numpy"
    assert report["differing"] == 0
    assert report["engines"][engine]["layers"] == len(network.layers)
    values = sum(x.operator.output.values for x in network)
    assert report["engines"][engine]["values"] == values


def test_of_many_images_the_best_class_is_a_row_and_layers_are_summed(folder: Path) -> None:
    many = firebrick(
        folder, "verify", "q.onnx", *["a.png", "b.png"] * 2, "--engines", "onnxruntime"
    )
    few = firebrick(folder, "verify", "q.onnx", "a.png", "--engines", "onnxruntime")
    assert "Best classes" in many.stdout
    assert "top-5" not in many.stdout
    assert "a.png: top-5" in few.stdout
    assert "all layers" in few.stdout


def test_one_wrong_engine_is_enough_to_fail(
    folder: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one that is right, and by a single value of the last layer."""

    def wrong(job: Job) -> EngineRun:
        run = ENGINES["numpy"](job)
        run.tensors[network.output][0, -1] += 1
        return run

    both = dict(ENGINES) | {"csim": wrong}
    monkeypatch.setattr(verifying, "ENGINES", both)
    for engines in ("onnxruntime,csim", "csim,onnxruntime"):
        result = firebrick(folder, "verify", "q.onnx", "a.png", "--engines", engines, "--json")
        assert "csim differs in 1 values" in refused(result)
        report = json.loads(result.stdout)
        assert report["differing"] == 1
        assert report["engines"]["onnxruntime"]["differing"] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["infer", "none.onnx", "a.png"], 2, ["none.onnx"]),
        (["infer", "a.png", "a.png"], 2, ["a.png"]),
        (["infer", "q.onnx", "none.png"], 2, ["none.png"]),
        (["infer", "q.onnx", "q.onnx"], 2, ["q.onnx", "image"]),
        (["verify", "q.onnx", "a.png", "--engines", "gpu"], 2, ["gpu", "numpy"]),
        (
            ["plan", "q.onnx", "--multipliers", "2"],
            1,
            ["multipliers=4 exceeds 2 allowed"],
        ),
        (["plan", "q.onnx", "--max-cycles", "9"], 1, ["plan: "]),
        (["plan", "q.onnx"], 2, ["board", "multipliers", "cycles"]),
        (["plan", "q.onnx", "--board", "zcu1"], 2, ["'zcu1'", "zcu104", "docs/boards.md"]),
        (["plan", "q.onnx", "--board", "no.toml"], 2, ["no.toml", "cannot be read"]),
        (["plan", "q.onnx", "--board", "q.onnx"], 2, ["'q.onnx'", "pynq-z2"]),
        (["boards", "none.onnx"], 2, ["none.onnx"]),
        (["synth", "."], 2, ["manifest.json", "firebrick generate"]),
        (["synth", "none"], 2, ["none", "no such folder"]),
        (["plan", "q.onnx", "--multipliers", "30", "-o", "no/plan.json"], 2, ["no/plan.json"]),
        (["generate", "q.onnx", "q.onnx", "-o", "rtl"], 2, ["q.onnx"]),
        (["import", "weights.pt", "-o", "m.onnx"], 2, ["weights.pt"]),
        (["quantize", "q.onnx", "-o", "x.onnx"], 2, ["q.onnx", "is quantized already"]),
        (["import", "q.onnx", "-o", "x.onnx"], 2, ["q.onnx", "is quantized already"]),
        (["quantize", "none.onnx", "-o", "no/x.onnx"], 2, ["no/x.onnx", "does not exist"]),
        (["infer", "q.onnx", "none.png", "--dump", "no/x.npz"], 2, ["no/x.npz", "does not exist"]),
        (["report", "q.onnx", "-o", "x.json"], 2, ["x.json", "another ending"]),
        (["report", "q.onnx", "-o", "no/x.md"], 2, ["no/x.md", "does not exist"]),
        (["quantize", "q.onnx", "-o", "x.onnx", "--weight-bits", "9"], 2, ["weight_bits=9"]),
    ],
)
def test_errors_are_one_line_that_names_the_cause(
    folder: Path, arguments: list[str], status: int, words: list[str]
) -> None:
    before = sorted(folder.rglob("*"))
    result = firebrick(folder, *arguments, "--json")
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    message = [x for x in result.stderr.splitlines() if x.startswith("firebrick: ")]
    assert len(message) == 1
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in message[0]
    assert sorted(folder.rglob("*")) == before


def test_plan_that_does_not_stay_on_chip_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (plan, rounds, generate):
        monkeypatch.setattr(module, "ONCHIP_LIMIT", 100)
    result = firebrick(folder, "plan", "q.onnx", "--multipliers", "30", "-o", "p.json", "--json")
    message = refused(result)
    assert "onchip_bytes=" in message
    assert "exceeds 100 available" in message
    assert result.stdout == ""
    assert not (folder / "p.json").exists()


def _nested(depth: int = 0) -> int:
    return _nested(depth + 1)


def _huge() -> None:
    np.empty(1 << 60, np.uint8)


@pytest.mark.parametrize(("fault", "message"), [(_huge, "more memory than "), (_nested, "nested")])
def test_what_takes_more_than_there_is_names_the_limit(
    fault: object, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firebrick.frontend.read", lambda *_, **__: fault())
    result = firebrick(tmp_path, "import", "squeezenet1.1", "-o", "m.onnx")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("firebrick: the input ")
    assert message in line
