# SPDX-License-Identifier: Apache-2.0
"""Bundles of grey, bordered and other images: script, page and `infer` make the same of a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from command_line import fields, firebrick
from deployed import fake_open
from firebrick import images, inputs
from firebrick.deploy import run
from firebrick.errors import FirebrickError
from firebrick.ir.network import Network
from firebrick.quantize.integer_onnx import load
from firebrick.runtime import Accelerator, Bundle
from firebrick.web import server
from firebrick.web.app import model_fields
from firebrick.web.bundles import open_classifier
from padded_models import CLASSES, SIDE, write_padded

HOW = ("--mean", "116", "116", "116", "--std", "58", "58", "58", "--resize", "12")


def deployed(folder: Path, channels: int, *options: str) -> Network:
    """A bundle of a network whose first layer is padded."""
    write_padded(folder / "m.onnx", channels)
    order = ("--channels", "BGR") if channels == 3 else ()
    fields(folder, "import", "m.onnx", "-o", "f.onnx", *HOW, *order)
    (folder / "data").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (10, SIDE, SIDE, channels)).astype(np.uint8)
    np.save(folder / "data" / "x.npy", pixels)
    np.save(folder / "one.npy", pixels[0])
    np.save(folder / "floats.npy", (pixels[0, ..., ::-1].astype(np.float32) - 116) / 58)
    fields(folder, "quantize", "f.onnx", "-o", "q.onnx", "--calibration", "data")
    fields(folder, "plan", "q.onnx", "--multipliers", "12", "-o", "plan.json")
    fields(folder, "deploy", "q.onnx", "plan.json", "-o", "bundle", *options)
    return load.read(folder / "q.onnx")


@pytest.fixture(scope="module", params=[1, 3])
def coloured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("coloured")
    deployed(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    deployed(folder, 2)
    return folder


def logits_by_script(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
) -> list[tuple[int, float]]:
    """Classes and logits as the run script prints them, of a FAKE that is the reference."""
    network = load.read(folder / "q.onnx")
    monkeypatch.setattr(Accelerator, "open", fake_open(network, []))
    monkeypatch.setattr(run, "BUNDLE", folder / "bundle")
    monkeypatch.setattr(sys, "argv", ["run.py", "--json", *arguments])
    capsys.readouterr()
    assert run.main() == 0
    best = json.loads(capsys.readouterr().out)["top5"]
    assert len(best) == CLASSES
    return [(x["index"], x["logit"]) for x in best]


def logits_by_infer(folder: Path, source: str) -> list[tuple[int, float]]:
    (result,) = fields(folder, "infer", "q.onnx", source)["results"]
    return [(x["index"], x["logit"]) for x in result["top5"]]


@pytest.mark.parametrize("source", ["coffee", "one.npy", "floats.npy"])
def test_script_and_infer_say_the_same(
    coloured: Path,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = images.resolve(source) if source == "coffee" else coloured / source
    given = logits_by_script(coloured, monkeypatch, capsys, str(path))
    assert given == logits_by_infer(coloured, source if source == "coffee" else str(path))


def test_pixels_and_floats_of_an_array_are_the_same_image(coloured: Path) -> None:
    """The floats are in the network's order, the pixels in that of the hardware."""
    assert logits_by_infer(coloured, "one.npy") == logits_by_infer(coloured, "floats.npy")


def test_the_page_sends_what_infer_computes(
    coloured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load.read(coloured / "q.onnx")
    monkeypatch.setattr(Accelerator, "open", fake_open(network, []))
    data = images.resolve("coffee").read_bytes()
    with open_classifier(coloured / "bundle") as opened:
        result = opened.classifier.classify(data)
        sample = opened.image()
        shown = model_fields(opened.classifier, opened.device, has_sample=True)
    assert [(x.index, x.logit) for x in result.best] == logits_by_infer(coloured, "coffee")
    assert shown["image"] == {"height": SIDE, "width": SIDE}  # a border is none of the photograph
    how, image = network.preprocessing, network.image
    (expected,) = inputs.load("chelsea", how, image.height, image.width)
    assert np.array_equal(sample, expected.transpose(1, 2, 0))


def test_a_bundle_says_all_of_its_preprocessing(coloured: Path) -> None:
    how = load.read(coloured / "q.onnx").preprocessing
    bundle = Bundle.open(coloured / "bundle")
    assert bundle.preprocessing["border"] == [1, 1, 1, 1]
    assert bundle.preprocessing["fill"] == [116] * len(how.mean)
    assert bundle.preprocessing["channels"] == how.channels
    assert bundle.description.height == SIDE + 2


def test_other_images_come_as_arrays(
    raw: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Bundle.open(raw / "bundle").sample is None
    text = (raw / "bundle" / "README.txt").read_text()
    assert "sample" not in text
    assert "run.py x.npy" in text
    given = logits_by_script(raw, monkeypatch, capsys, str(raw / "one.npy"))
    assert given == logits_by_infer(raw, "one.npy")
    for arguments, message in (
        ((), "m: the bundle has no sample: name a file"),
        ((str(images.resolve("coffee")),), "image of 2 channels is no photograph, which has 1 or"),
        ((str(raw / "data" / "x.npy"),), "x.npy: images=10 is not 1"),
    ):
        monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
        assert run.main() == 2
        assert message in capsys.readouterr().err.splitlines()[-1]


def test_there_is_no_page_without_photographs(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Accelerator, "open", fake_open(load.read(raw / "q.onnx"), asked))
    with pytest.raises(FirebrickError, match="the page: an image of 2 channels is no photograph"):
        server.serve(raw / "bundle", None, "127.0.0.1", 0, lambda _: None)
    assert asked == []  # compiling a simulation takes minutes


@pytest.mark.parametrize("channels", [1, 2])
def test_the_sample_may_be_an_array(
    channels: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    deployed(tmp_path, channels, "--sample", "one.npy")
    assert "sample.npy        an array" in (tmp_path / "bundle" / "README.txt").read_text()
    given = logits_by_script(tmp_path, monkeypatch, capsys)
    assert given == logits_by_infer(tmp_path, "one.npy")
    for sample, message in (
        ("data/x.npy", "data/x.npy: images=10 is not 1"),
        ("none.npy", "none.npy"),
        ("coffee", "is no photograph" if channels == 2 else ""),
    ):
        result = firebrick(
            tmp_path, "deploy", "q.onnx", "plan.json", "-o", "again", "--sample", sample
        )
        assert (result.returncode == 0) is not bool(message)
        assert message in result.stderr
