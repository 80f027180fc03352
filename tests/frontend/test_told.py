# SPDX-License-Identifier: Apache-2.0
"""What a user says of preprocessing and classes, what becomes of it, and who is said to say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_builders import CLASSES, Builder, run, save

from command_line import firebrick
from firebrick.errors import FirebrickError
from firebrick.frontend import onnx_writer, read
from firebrick.frontend.defaults import PRESETS
from firebrick.images import to_float
from firebrick.preprocessing import Preprocessing

SIDE = 9
WHOLE = "inputs below 128 pixels are taken whole"


def plain(channels: int = 3, side: int = SIDE) -> onnx.ModelProto:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (CLASSES, channels, 3)))
    return b.model(x, image=("N", channels, side, side))


def normalizing() -> onnx.ModelProto:
    """As Keras' Rescaling(1 / 127.5, offset=-1)."""
    b = Builder()
    x = b("Add", b("Mul", b.image, b.constant(1 / 127.5)), b.constant(-1.0))
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    return b.model(x, image=("N", 3, SIDE, SIDE))


# --- presets --------------------------------------------------------------------------------------

PIXELS = np.random.default_rng(1).integers(0, 256, (2, 3, SIDE, SIDE)).astype(np.uint8)


def as_torchvision(rgb: np.ndarray) -> np.ndarray:
    """ToTensor and Normalize of its documentation."""
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return (rgb / 255 - mean) / std


def as_caffe(rgb: np.ndarray) -> np.ndarray:
    """Keras' preprocess_input, mode="caffe"."""
    return rgb[..., ::-1] - np.array([103.939, 116.779, 123.68])


def as_keras(rgb: np.ndarray) -> np.ndarray:
    """Keras' preprocess_input, mode="tf"."""
    return rgb / 127.5 - 1


EXPECTED = {
    "torchvision": as_torchvision,
    "caffe": as_caffe,
    "keras": as_keras,
    "none": lambda rgb: rgb,
}


def test_every_preset_is_expected() -> None:
    assert EXPECTED.keys() == PRESETS.keys()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_what_its_family_does(preset: str, tmp_path: Path) -> None:
    loaded = read(str(save(plain(), tmp_path)), preset=preset)
    rgb = PIXELS.transpose(0, 2, 3, 1).astype(np.float64)
    wanted = EXPECTED[preset](rgb).transpose(0, 3, 1, 2)
    found = to_float(PIXELS, loaded.graph.preprocessing)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    assert loaded.preprocessing_from == (
        f"size: the file; resize: {WHOLE}; channels, mean, std: --preset {preset}"
    )


def test_single_fields_go_before_those_of_a_preset(tmp_path: Path) -> None:
    chosen = {"std": (58.0, 57.0, 56.0), "resize": 12}
    loaded = read(str(save(plain(), tmp_path)), preset="caffe", chosen=chosen)
    how = Preprocessing(12, "BGR", (103.939, 116.779, 123.68), (58.0, 57.0, 56.0))
    assert loaded.graph.preprocessing == how
    assert loaded.preprocessing_from == (
        "size: the file; resize, std: given; channels, mean: --preset caffe"
    )


@pytest.mark.parametrize(("preset", "mean", "std"), [("keras", 127.5, 127.5), ("none", 0.0, 1.0)])
def test_presets_of_equal_numbers_are_of_grey_images_too(
    preset: str, mean: float, std: float, tmp_path: Path
) -> None:
    how = read(str(save(plain(1), tmp_path)), preset=preset).graph.preprocessing
    assert how == Preprocessing(SIDE, "GREY", (mean,), (std,))


@pytest.mark.parametrize(
    ("channels", "preset", "message"),
    [
        (1, "torchvision", "=torchvision is of 3 colours, the image is grey: give --preset keras"),
        (1, "caffe", "the image is grey: give --preset keras or none, or --mean and --std"),
        (
            4,
            "none",
            "preset=none is of photographs, which have 1 or 3 channels, not 4: give --mean",
        ),
        (2, "caffe", "not 2: give --mean and --std"),
        (3, "pytorch", "preset='pytorch' is none of torchvision, caffe, keras, none"),
    ],
)
def test_presets_that_do_not_fit_are_refused(
    channels: int, preset: str, message: str, tmp_path: Path
) -> None:
    path = save(plain(channels), tmp_path)
    with pytest.raises(FirebrickError) as caught:
        read(str(path), preset=preset)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: preprocessing.")


# --- who says it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "options", "source"),
    [
        (
            plain(1),
            {},
            f"size, channels: the file; resize: {WHOLE}; mean, std: a guess, pixels scaled to 0..1 "
            "(if it is not so, give --preset, or --mean and --std)",
        ),
        (
            plain(4),
            {"chosen": {"mean": (3.0,) * 3}},
            f"size, channels: the file; resize: {WHOLE}; mean: given; std: a guess, pixels scaled "
            "to 0..1 (if it is not so, give --mean and --std)",
        ),
        (
            plain(),
            {
                "size": SIDE,
                "chosen": {"mean": (3.0,) * 3, "std": (2.0,) * 3, "channels": "BGR", "resize": 9},
            },
            "given",
        ),
        (
            normalizing(),
            {"chosen": {"channels": "BGR"}},
            f"size: the file; resize: {WHOLE}; channels: given; mean, std: the model's own layers",
        ),
        (
            normalizing(),
            {"preset": "none"},
            f"size: the file; resize: {WHOLE}; channels: --preset none; mean, std: --preset none, "
            "then the model's own layers",
        ),
    ],
)
def test_the_source_says_each_field(
    model: onnx.ModelProto, options: dict[str, Any], source: str, tmp_path: Path
) -> None:
    assert read(str(save(model, tmp_path)), **options).preprocessing_from == source


def test_what_import_has_written_says_it_again(tmp_path: Path) -> None:
    graph = read(str(save(plain(), tmp_path)), preset="caffe").graph
    onnx_writer.write(graph, tmp_path / "again.onnx")
    again = read(str(tmp_path / "again.onnx"))
    assert again.graph.preprocessing == graph.preprocessing
    assert again.preprocessing_from == "the file's metadata"
    other = read(str(tmp_path / "again.onnx"), chosen={"mean": (9.0, 8.0, 7.0)})
    assert (
        other.preprocessing_from == "size, resize, channels, std: the file's metadata; mean: given"
    )


@pytest.mark.parametrize("preset", ["torchvision", "caffe", "keras"])
def test_pixels_that_are_normalized_twice_are_doubted(preset: str, tmp_path: Path) -> None:
    loaded = read(str(save(normalizing(), tmp_path)), preset=preset)
    assert loaded.preprocessing_from.endswith(
        "then the model's own layers; the layers look made for pixels of 0..255, which are "
        "normalized twice then: if so give --preset none"
    )


def test_a_norm_of_what_is_normalized_is_no_doubt(tmp_path: Path) -> None:
    """A model that begins with BatchNormalization, of inputs around 0."""
    b = Builder()
    parts = [b.constant([1.0, 0.9, 1.1]), b.constant([0.1] * 3), b.constant([0.2] * 3)]
    x = b("BatchNormalization", b.image, *parts, b.constant([0.9] * 3))
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    path = save(b.model(x, image=("N", 3, SIDE, SIDE)), tmp_path)
    source = read(str(path), preset="torchvision").preprocessing_from
    assert source.endswith("mean, std: --preset torchvision, then the model's own layers")


# --- classes --------------------------------------------------------------------------------------


def test_names_of_classes_travel_with_the_model(tmp_path: Path) -> None:
    names = [f"class no. {place}" for place in range(CLASSES)]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")
    save(plain(), tmp_path)
    result = firebrick(
        tmp_path, "import", "model.onnx", "-o", "m.onnx", "--labels", "names.txt",
        "--preset", "keras", "--json",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)["preprocessing"]
    assert (found["mean"], found["std"]) == ([127.5] * 3, [127.5] * 3)
    assert found["source"].endswith("channels, mean, std: --preset keras")
    assert read(str(tmp_path / "m.onnx")).graph.labels == tuple(names)


@pytest.mark.parametrize("count", [1, CLASSES - 1, CLASSES + 1])
def test_names_of_other_classes_are_refused(count: int, tmp_path: Path) -> None:
    labels = tmp_path / "names.txt"
    labels.write_text("x\n" * count)
    path = save(plain(), tmp_path)
    with pytest.raises(FirebrickError) as caught:
        read(str(path), labels=labels)
    assert str(caught.value) == (
        f"{path}: {labels}: names={count} is not {CLASSES}, the number of logits: give one a line"
    )


def test_names_replace_those_of_the_file(tmp_path: Path) -> None:
    for word in ("old", "new"):
        (tmp_path / word).write_text(f"{word}\n" * CLASSES)
    graph = read(str(save(plain(), tmp_path)), labels=tmp_path / "old").graph
    onnx_writer.write(graph, tmp_path / "m.onnx")
    again = read(str(tmp_path / "m.onnx"), labels=tmp_path / "new").graph
    assert (graph.labels, again.labels) == (("old",) * CLASSES, ("new",) * CLASSES)
    assert np.array_equal(
        run(onnx_writer.to_onnx(again), to_float(PIXELS, again.preprocessing)),
        run(onnx_writer.to_onnx(graph), to_float(PIXELS, graph.preprocessing)),
    )
