# SPDX-License-Identifier: Apache-2.0
"""What a model does to its image itself is not done again, and guesses are called guesses."""

from __future__ import annotations

import json
from collections.abc import Callable
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
GLOBAL = "global average"
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
    ],
)
def test_the_scale_of_0_to_1_is_caught(chosen: dict, message: str, tmp_path: Path) -> None:
    path = save(normalizing("mul, add"), tmp_path)
    with pytest.raises(FirebrickError) as caught:
        read(str(path), chosen=chosen)
    assert "is on the scale 0..1, pixels are 0..255" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 255), (0, 4), (0, 4095), (0, 1000), (0.002, 3.5), (-4096, 0), (-0.1, 0.1)]
)
def test_what_is_told_of_arrays_is_taken_of_the_user(
    low: float, high: float, tmp_path: Path
) -> None:
    """Of values in such a range `quantize` names a mean and a divisor, small ones too."""
    std = 255 / (high - low)
    chosen = {"mean": (-low * std,) * 3, "std": (std,) * 3}
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


# --- a model that turns RGB around itself ---------------------------------------------------------

ENDS = np.iinfo(np.int64)


def slices(b: Builder, axis: int) -> str:
    """Keras' preprocess_input as tf2onnx writes it."""

    def part(place: int) -> str:
        bounds = (b.constant([x], np.int64) for x in (place, place + 1, axis))
        return b("Slice", b.image, *bounds)

    return b("Concat", part(2), part(1), part(0), axis=axis)


def backwards(b: Builder, axis: int) -> str:
    """x.flip(1) of PyTorch."""
    bounds = (b.constant([x], np.int64) for x in (-1, ENDS.min, axis, -1))
    return b("Slice", b.image, *bounds)


def backwards_of_two_axes(b: Builder, axis: int) -> str:
    """x[..., ::-1] of TensorFlow, which says of the frames that all are taken."""
    bounds = ([0, 10**9], [10**9, -(10**9)], [0, axis], [1, -1])
    return b("Slice", b.image, *(b.constant(x, np.int64) for x in bounds))


def gathered(b: Builder, axis: int) -> str:
    """x[:, [2, 1, 0]] of PyTorch; places from the end are the same."""
    return b("Gather", b.image, b.constant([2, -2, 0], np.int64), axis=axis)


SWAPS = (slices, backwards, backwards_of_two_axes, gathered)


def swapping(first: Callable[[Builder, int], str], axis: int) -> onnx.ModelProto:
    b = Builder()
    means = np.array([103.939, 116.779, 123.68])
    x = b("Sub", first(b, axis), b.constant(means.reshape((3, 1, 1) if axis == 1 else 3)))
    x = b("Transpose", x, perm=[0, 3, 1, 2]) if axis == 3 else x
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    sides = ("N", 3, SIDE, SIDE) if axis == 1 else ("N", SIDE, SIDE, 3)
    return b.model(x, image=sides)


@pytest.mark.parametrize("axis", [1, 3])
@pytest.mark.parametrize("first", SWAPS)
def test_a_model_that_swaps_red_and_blue_takes_bgr(
    first: Callable[[Builder, int], str], axis: int, tmp_path: Path
) -> None:
    model = swapping(first, axis)
    path = str(save(model, tmp_path))
    loaded = read(path)
    how = loaded.graph.preprocessing
    assert (how.channels, [x.kind for x in loaded.graph.nodes]) == ("BGR", ["conv", GLOBAL])
    np.testing.assert_allclose(how.mean, (103.939, 116.779, 123.68), rtol=1e-6)
    assert loaded.preprocessing_from.endswith(
        "channels: a guess, the usual order, then the model's own layers; "
        "mean, std: the model's own layers"
    )
    shown = PIXELS.astype(np.float32)
    wanted = run(model, shown if axis == 1 else shown.transpose(0, 2, 3, 1))
    found = run(to_onnx(loaded.graph), to_float(PIXELS, how))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)
    # what is said comes before: BGR is swapped to RGB
    chosen = {"channels": "BGR", "mean": (1.0, 2.0, 3.0), "std": (2.0, 4.0, 8.0)}
    graph = read(path, chosen=chosen).graph
    assert graph.preprocessing.channels == "RGB"
    column = (slice(None), None, None)
    shown = (PIXELS[:, ::-1] - np.array(chosen["mean"])[column]) / np.array(chosen["std"])[column]
    shown = shown.astype(np.float32)
    wanted = run(model, shown if axis == 1 else shown.transpose(0, 2, 3, 1))
    found = run(to_onnx(graph), to_float(PIXELS, graph.preprocessing))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)


def test_no_order_is_swapped(tmp_path: Path) -> None:
    path = save(swapping(gathered, 1), tmp_path)
    with pytest.raises(FirebrickError, match=r"channels=GBR is not RGB or BGR"):
        read(str(path), chosen={"channels": "GBR"})


def part_of(b: Builder, axis: int) -> str:
    """Red three times."""
    return b("Gather", b.image, b.constant([0, 0, 0], np.int64), axis=axis)


def of_rows(b: Builder, axis: int) -> str:
    """Upside down, where height is 3 too."""
    return b("Gather", b.image, b.constant([2, 1, 0], np.int64), axis=2)


def far_places(b: Builder, axis: int) -> str:
    return b("Gather", b.image, b.constant([5, 1, 0], np.int64), axis=axis)


def no_step(b: Builder, axis: int) -> str:
    bounds = (b.constant([x], np.int64) for x in (-1, ENDS.min, axis, 0))
    return b("Slice", b.image, *bounds)


def two_swaps(b: Builder, axis: int) -> str:
    """Not all that reads the image is swapped."""
    return b("Add", gathered(b, axis), b.image)


@pytest.mark.parametrize("first", [part_of, of_rows, far_places, no_step, two_swaps])
def test_other_choices_of_channels_stay_refused(
    first: Callable[[Builder, int], str], tmp_path: Path
) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(first(b, 1), (CLASSES, 3, 1)))
    path = save(b.model(x, image=("N", 3, 3, SIDE), inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match=r"op=(Gather|Slice) is not read"):
        read(str(path))


# --- what Keras' exporter leaves out --------------------------------------------------------------


def test_constants_that_an_exporter_left_out_are_told_from_images(tmp_path: Path) -> None:
    """tf2onnx makes inputs of the mean and the deviation of Keras' Normalization."""
    b = Builder()
    x = b("Mul", b("Sub", b.image, "normalization/Sub/y:0"), b.constant(1 / 64))
    x = b("Transpose", x, perm=[0, 3, 1, 2])
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3)))
    model = b.model(x, image=("N", SIDE, SIDE, 3), inferred=False)
    model.graph.input.append(
        onnx.helper.make_tensor_value_info("normalization/Sub/y:0", TensorProto.FLOAT, [1, 1, 1, 3])
    )
    with pytest.raises(FirebrickError, match=r"inputs=2 .* is not 1 image: one number a channel"):
        read(str(save(model, tmp_path)))
    model.graph.input[1].type.tensor_type.shape.dim[1].dim_value = SIDE
    with pytest.raises(FirebrickError, match=r"inputs=2 .* is not 1 image$"):
        read(str(save(model, tmp_path)))


def test_the_shape_of_a_tensor_whose_frames_come_last_is_refused(tmp_path: Path) -> None:
    b = Builder()
    turned = b("Transpose", b.image, perm=[3, 1, 2, 0])
    x = b("Reshape", b("GlobalAveragePool", b.conv(b.image, (3, 3, 1))), b("Shape", turned))
    path = save(b.model(x, image=("N", 3, SIDE, SIDE), inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match=r"input\[0\]=WCHN does not begin with the frames"):
        read(str(path))
