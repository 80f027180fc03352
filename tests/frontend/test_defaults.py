# SPDX-License-Identifier: Apache-2.0
"""What a model does to its image itself is not done again, and guesses are called guesses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx_builders import CLASSES, Builder, run, save

from command_line import firebrick
from firebrick.errors import FirebrickError
from firebrick.frontend import read
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.images import to_float

SIDE = 9
PIXELS = np.random.default_rng(3).integers(0, 256, (2, 3, SIDE, SIDE)).astype(np.uint8)


def mul_add(b: Builder) -> str:
    return b("Add", b("Mul", b.image, b.constant(1 / 127.5)), b.constant(-1.0))


def sub_div(b: Builder) -> str:
    mean, std = ([[[x]] for x in values] for values in ((120.0, 110.0, 100.0), (60.0, 50.0, 40.0)))
    return b("Div", b("Sub", b.image, b.constant(mean)), b.constant(std))


def norm(b: Builder) -> str:
    x = b("Div", b.image, b.constant(64.0))
    return b.norm(x, 3)


def cast_and_divide(b: Builder) -> str:
    return b("Div", b("Cast", b.image, to=TensorProto.FLOAT), b.constant(255.0))


WAYS = {"mul, add": mul_add, "sub, div": sub_div, "a norm": norm, "cast": cast_and_divide}


def normalizing(way: str) -> onnx.ModelProto:
    b = Builder()
    if way == "a norm":  # factors below 0 would be no divisors
        b.weights.clear()
    x = WAYS[way](b)
    if way == "a norm":
        scale = onnx.numpy_helper.to_array(b.weights[1])
        b.weights[1].CopyFrom(onnx.numpy_helper.from_array(np.abs(scale) + 0.1, b.weights[1].name))
    x = b("Relu", b.conv(x, (4, 3, 3)))
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 4, 1)))
    return b.model(x, image=("N", 3, SIDE, SIDE))


@pytest.mark.parametrize("way", WAYS)
def test_factors_on_the_image_become_preprocessing(way: str, tmp_path: Path) -> None:
    model = normalizing(way)
    loaded = read(str(save(model, tmp_path)))
    graph = loaded.graph
    assert [x.kind for x in graph.nodes] == ["conv", "relu", "conv", "global average"]
    assert loaded.preprocessing_from == (
        "size: the file; resize: inputs below 128 pixels are taken whole; "
        "channels: a guess, the usual order; mean, std: the model's own layers"
    )
    wanted = run(model, PIXELS.astype(np.float32))
    found = run(to_onnx(graph), to_float(PIXELS, graph.preprocessing))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_what_the_user_says_comes_before_what_the_model_does(tmp_path: Path) -> None:
    model = normalizing("mul, add")
    given = {"mean": (10.0, 20.0, 30.0), "std": (2.0, 4.0, 5.0)}
    graph = read(str(save(model, tmp_path)), chosen=given).graph
    column = (slice(None), None, None)
    shown = (PIXELS - np.array(given["mean"])[column]) / np.array(given["std"])[column]
    wanted = run(model, shown.astype(np.float32))
    found = run(to_onnx(graph), to_float(PIXELS, graph.preprocessing))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_model_that_turns_its_image_around_keeps_doing_so(tmp_path: Path) -> None:
    """1 - x has no positive divisor: it stays a layer."""
    b = Builder()
    x = b("Sub", b.constant(1.0), b("Div", b.image, b.constant(255.0)))
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    model = b.model(x, image=("N", 3, SIDE, SIDE))
    graph = read(str(save(model, tmp_path))).graph
    found = run(to_onnx(graph), to_float(PIXELS, graph.preprocessing))
    np.testing.assert_allclose(found, run(model, PIXELS.astype(np.float32)), rtol=1e-4, atol=1e-5)


def test_a_model_that_normalizes_pixels_of_0_to_1_is_doubted(tmp_path: Path) -> None:
    """Torchvision's Normalize inside the model, behind a ToTensor that is not in it."""
    b = Builder()
    mean, std = ([[[x]] for x in y] for y in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    x = b("Div", b("Sub", b.image, b.constant(mean)), b.constant(std))
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    path = str(save(b.model(x, image=("N", 3, SIDE, SIDE)), tmp_path))
    loaded = read(path)
    assert loaded.preprocessing_from.endswith("if so give --mean 0 0 0 --std 255 255 255")
    np.testing.assert_allclose(loaded.graph.preprocessing.mean, (0.485, 0.456, 0.406), rtol=1e-6)
    chosen = {"mean": (0.0,) * 3, "std": (255.0,) * 3}
    how = read(path, chosen=chosen).graph.preprocessing
    np.testing.assert_allclose(how.mean, (123.675, 116.28, 103.53), rtol=1e-6)
    np.testing.assert_allclose(how.std, (58.395, 57.12, 57.375), rtol=1e-6)


def test_a_model_of_bytes_takes_pixels(tmp_path: Path) -> None:
    b = Builder()
    x = b("Cast", b.image, to=TensorProto.FLOAT)
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    model = b.model(x, image=("N", 3, SIDE, SIDE), inferred=False)
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    graph = read(str(save(model, tmp_path))).graph
    how = graph.preprocessing
    assert (how.mean, how.std) == ((0.0,) * 3, (1.0,) * 3)


@pytest.mark.parametrize(
    ("side", "resize"), [(32, 32), (96, 96), (127, 127), (128, 146), (224, 256), (227, 259)]
)
def test_small_images_are_taken_whole(side: int, resize: int, tmp_path: Path) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3)))
    loaded = read(str(save(b.model(x, image=("N", 3, side, side)), tmp_path)))
    assert loaded.graph.preprocessing.resize == resize
    whole, share = "inputs below 128 pixels are taken whole", "256/224 of the size, as torchvision"
    assert loaded.preprocessing_from == (
        f"size: the file; resize: {whole if side < 128 else f'{share} does'}"
        "; channels, mean, std: a guess, as torchvision does "
        "(if it is not so, give --preset, or --mean and --std)"
    )


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"mean": (0.485, 0.456, 0.406)}, "give --mean 123.675 116.28 103.53"),
        ({"std": (0.229, 0.224, 0.225)}, "give --std 58.395 57.12 57.375"),
        (
            {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
            "give --mean 127.5 127.5 127.5 --std 127.5 127.5 127.5",
        ),
        ({"mean": (0.0, 0.0, 0.0), "std": (0.5, 0.5, 0.5)}, "--mean 0 0 0 --std 127.5"),
    ],
)
def test_the_scale_of_0_to_1_is_caught(chosen: dict, message: str, tmp_path: Path) -> None:
    path = save(normalizing("mul, add"), tmp_path)
    with pytest.raises(FirebrickError) as caught:
        read(str(path), chosen=chosen)
    assert "is on the scale 0..1, pixels are 0..255" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("std", [(1.0, 1.0, 1.0), (64.0, 64.0, 64.0)])
def test_pixels_themselves_are_no_mistake(std: tuple[float, ...], tmp_path: Path) -> None:
    chosen = {"mean": (0.0, 0.0, 0.0), "std": std}
    read(str(save(normalizing("sub, div"), tmp_path)), chosen=chosen)


def test_import_says_what_becomes_of_a_photograph(tmp_path: Path) -> None:
    save(normalizing("mul, add"), tmp_path)
    result = firebrick(tmp_path, "import", "model.onnx", "-o", "m.onnx", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)["preprocessing"]
    assert found.keys() == {"width", "height", "resize", "channels", "mean", "std", "source"}
    assert (found["width"], found["height"], found["resize"]) == (SIDE, SIDE, SIDE)
    assert found["channels"] == "RGB"
    assert found["source"].endswith("mean, std: the model's own layers")
    np.testing.assert_allclose(found["mean"], [127.5] * 3, rtol=1e-6)
    shown = firebrick(tmp_path, "import", "model.onnx", "-o", "m.onnx").stdout
    assert "preprocessing.source" in shown
    assert "the model's own layers" in shown
