# SPDX-License-Identifier: Apache-2.0
"""Grey images, arrays and padded first layers through the command line, as far as NumPy goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from command_line import Result, fields, firebrick
from firebrick import frontend, images
from firebrick.onnx_runtime import onnxruntime
from firebrick.preprocessing import Preprocessing
from firebrick.quantize.integer_onnx import load
from padded_models import SIDE, write_padded

MEAN, STD = ("--mean", "116", "116", "116"), ("--std", "58", "58", "58")


@pytest.fixture(scope="module")
def grey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with q.onnx, of grey images."""
    folder = tmp_path_factory.mktemp("grey")
    write_padded(folder / "m.onnx", 1)
    fields(folder, "import", "m.onnx", "-o", "f.onnx", *MEAN, *STD, "--resize", "12")
    fields(folder, "quantize", "f.onnx", "-o", "q.onnx", "--weight-bits", "8")
    return folder


def wrong(result: Result) -> str:
    """The one line of a command that was given what it cannot take."""
    assert result.returncode == 2
    (message,) = (x for x in result.stderr.splitlines() if x)  # progress leaves an empty one
    return message


def float_logits(folder: Path, x: np.ndarray) -> np.ndarray:
    """Of the network as it was trained, of its own input (H, W, C)."""
    session = onnxruntime.InferenceSession(folder / "m.onnx", providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x.transpose(2, 0, 1)[None].astype(np.float32)})
    return np.asarray(y[0])


def logits_of(result: dict) -> np.ndarray:
    return np.array([x["logit"] for x in sorted(result["top5"], key=lambda x: x["index"])])


@pytest.mark.parametrize(("channels", "order"), [(1, "GREY"), (3, "RGB"), (4, "RAW")])
def test_the_usual_order_of_channels(channels: int, order: str, tmp_path: Path) -> None:
    write_padded(tmp_path / "m.onnx", channels)
    fields(tmp_path, "import", "m.onnx", "-o", "f.onnx")
    how = frontend.load(str(tmp_path / "f.onnx")).preprocessing
    assert (how.channels, len(how.mean), len(how.std)) == (order, channels, channels)
    message = wrong(firebrick(tmp_path, "import", "m.onnx", "-o", "g.onnx", "--channels", "X"))
    assert "preprocessing.channels=X is not" in message


def test_equal_numbers_stand_for_every_channel(grey: Path, tmp_path: Path) -> None:
    network = load.read(grey / "q.onnx")
    border = (1, 1, 1, 1)
    assert network.preprocessing == Preprocessing(12, "GREY", (116.0,), (58.0,), border, (116,))
    assert (network.image.channels, network.image.height) == (1, SIDE + 2)
    write_padded(tmp_path / "m.onnx", 1)
    unequal = ("--mean", "1", "2", "3")
    message = wrong(firebrick(tmp_path, "import", "m.onnx", "-o", "f.onnx", *unequal))
    assert "preprocessing.mean=(1.0, 2.0, 3.0) is not 1 finite numbers" in message


def test_a_photograph_and_its_arrays_give_one_answer(grey: Path, tmp_path: Path) -> None:
    """That of the trained network, nearly; zero padding and all."""
    cut = images.load_pixels("coffee", 12, SIDE, SIDE)
    pixels = np.asarray(Image.fromarray(cut.transpose(1, 2, 0)).convert("L"))
    floats = (pixels.astype(np.float32) - 116) / 58
    np.save(tmp_path / "pixels.npy", pixels)
    np.save(tmp_path / "floats.npy", floats[..., None])
    np.save(tmp_path / "both.npy", np.stack([pixels, pixels])[..., None])
    names = [str(tmp_path / f"{x}.npy") for x in ("pixels", "floats", "both")]
    results = fields(grey, "infer", "q.onnx", "coffee", *names)["results"]
    assert [x["image"] for x in results] == [
        "coffee",
        *names[:2],
        f"{names[2]}[0]",
        f"{names[2]}[1]",
    ]
    assert len({str(x["top5"]) for x in results}) == 1
    wanted = float_logits(grey, floats[..., None])
    noise = ((logits_of(results[0]) - wanted) ** 2).sum()
    assert 10 * np.log10((wanted**2).sum() / noise) > 35
    report = fields(grey, "verify", "q.onnx", *names, "--engines", "onnxruntime")
    assert (report["differing"], len(report["images"]), len(report["results"])) == (0, 4, 4)


def test_other_channels_are_calibrated_on_arrays(tmp_path: Path) -> None:
    write_padded(tmp_path / "m.onnx", 2)
    fields(tmp_path, "import", "m.onnx", "-o", "f.onnx", *MEAN, *STD)
    message = wrong(firebrick(tmp_path, "quantize", "f.onnx", "-o", "q.onnx"))
    assert "m: --calibration: an image of 2 channels is no photograph" in message
    assert not (tmp_path / "q.onnx").exists()
    (tmp_path / "data").mkdir()
    data = np.random.default_rng(0).uniform(-2, 2, (40, SIDE, SIDE, 2)).astype(np.float32)
    np.save(tmp_path / "data" / "x.npy", data)
    told = fields(
        tmp_path, "quantize", "f.onnx", "-o", "q.onnx", "--calibration", "data",
        "--weight-bits", "8",
    )  # fmt: skip
    assert (told["sqnr_photographs"], told["sqnr_db"] > 35) == (8, True)
    assert told["evaluation"] == "data, every fifth image, not calibrated on"
    np.save(tmp_path / "one.npy", data[4])
    (result,) = fields(tmp_path, "infer", "q.onnx", "one.npy")["results"]
    wanted = float_logits(tmp_path, data[4])
    noise = ((logits_of(result) - wanted) ** 2).sum()
    assert 10 * np.log10((wanted**2).sum() / noise) > 28
    message = wrong(firebrick(tmp_path, "infer", "q.onnx", "coffee"))
    assert "image 'coffee': an image of 2 channels is no photograph" in message


def test_quality_is_that_of_the_images_given_and_says_so(grey: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for name, count in (("photos/a", 3), ("photos/b", 4), ("others", 2)):
        (tmp_path / name).mkdir(parents=True)
        for place in range(count):
            noise = rng.integers(0, 256, (14, 16, 3)).astype(np.uint8)
            Image.fromarray(noise).save(tmp_path / name / f"{place}.png")
    command = ("quantize", str(grey / "f.onnx"), "-o", "q.onnx")
    found = {
        "sample photographs": (command, len(images.EVALUATION), None),
        "photos, every fifth image, not calibrated on": (
            (*command, "--calibration", "photos"),
            1,
            "images of the user",
        ),
        "others": (
            (*command, "--calibration", "photos", "--evaluation", "others"),
            2,
            "images of the user",
        ),
    }
    for place, (arguments, count, note) in found.items():
        told = fields(tmp_path, *arguments)
        assert (told["evaluation"], told["sqnr_photographs"]) == (place, count)
        notes = load.read_notes(tmp_path / "q.onnx")
        assert (notes["sqnr_photographs"], notes.get("evaluation")) == (str(count), note)
    message = wrong(
        firebrick(tmp_path, *command, "--calibration", "photos", "--evaluation", "photos/a")
    )
    assert "folder 'photos/a': shares images with --calibration 'photos'" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["infer", "q.onnx", "none.npy"], "none.npy: cannot be read: No such file"),
        (["infer", "q.onnx", "bad.npy"], "bad.npy: is not a .npy file of version 1"),
        (["verify", "q.onnx", "large.npy"], "large.npy: shape=(12, 12) is not (10, 10, 1)"),
        (["infer", "q.onnx", "wide.tif"], "wide.tif': cannot be read as an image: mode=I, 32 bits"),
        (["quantize", "f.onnx", "-o", "x.onnx", "--calibration", "a"], "std 51, or others of"),
    ],
)
def test_what_is_no_image_is_said_in_a_line(arguments: list[str], message: str, grey: Path) -> None:
    (grey / "bad.npy").write_bytes(b"PK")
    np.save(grey / "large.npy", np.zeros((12, 12), np.uint8))
    Image.fromarray(np.full((8, 8), 9, np.int32)).save(grey / "wide.tif")
    (grey / "a").mkdir(exist_ok=True)
    for name, value in (("0", -100.0), ("1", -95.0)):
        np.save(grey / "a" / f"{name}.npy", np.full((SIDE, SIDE), value))
    assert message in wrong(firebrick(grey, *arguments))


def test_integer_onnx_says_the_border(grey: Path) -> None:
    """Whoever runs the file without Firebrick has to give the border too."""
    model = onnx.load(grey / "q.onnx")
    sides = [x.dim_value for x in model.graph.input[0].type.tensor_type.shape.dim]
    assert sides[1:] == [1, SIDE + 2, SIDE + 2]
    metadata = {x.key: x.value for x in model.metadata_props}["firebrick.network"]
    assert '"border": [1, 1, 1, 1]' in metadata
    assert '"fill": [116]' in metadata
