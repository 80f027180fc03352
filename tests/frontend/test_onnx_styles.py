# SPDX-License-Identifier: Apache-2.0
"""Models as PyTorch, Keras and the ONNX model zoo export them keep their function when read."""

import numpy as np
import pytest
from onnx_builders import CLASSES, RNG, SIDE, STYLES, Builder, run, save

from firebrick.frontend import load, read
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.ir.graph import Preprocessing, Shape
from firebrick.passes import prepare

TWO_FIRES = "conv1 pool1 fire2_squeeze fire2_expand pool2 fire3_squeeze fire3_expand conv4 pool4"
LAYERS = {
    "pytorch": TWO_FIRES,
    "zoo": TWO_FIRES,
    "keras": "conv1 pool1 fire2_squeeze fire2_expand conv3 pool3",
    "bypass": "conv1 fire2_squeeze fire2_expand conv3 bypass3 conv4 pool4",
}


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize("style", STYLES)
def test_function_survives(style, tmp_path):
    model = STYLES[style]()
    images = RNG.normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    is_nhwc = style == "keras"
    wanted = run(model, images.transpose(0, 2, 3, 1) if is_nhwc else images)
    graph = load(str(save(model, tmp_path)))
    assert graph.input == Shape(3, SIDE, SIDE)
    np.testing.assert_allclose(run(to_onnx(graph), images), wanted, rtol=1e-5, atol=1e-6)
    prepared = prepare(graph)
    assert [x.name for x in prepared.nodes] == LAYERS[style].split()
    logits = run(to_onnx(prepared), images)
    assert wanted.shape == logits.shape == (1, CLASSES)
    if model.graph.node[-1].op_type == "Softmax":  # dropped by `prepare`
        logits = softmax(logits)
    assert wanted.std() > 1e-3
    np.testing.assert_allclose(logits, wanted, rtol=1e-5, atol=1e-6)


def test_metadata_defaults_and_overrides(tmp_path):
    path = save(STYLES["pytorch"](), tmp_path)
    graph = load(str(path))
    assert graph.name == "model"
    assert graph.labels == ()
    how = graph.preprocessing
    assert (how.resize, how.channels) == (SIDE, "RGB")
    np.testing.assert_allclose(how.mean, (123.675, 116.28, 103.53))
    np.testing.assert_allclose(how.std, (58.395, 57.12, 57.375))
    other = {"resize": 40, "channels": "BGR", "mean": (1.0, 2.0, 3.0), "std": (4.0, 5.0, 6.0)}
    assert read(str(path), chosen=other).graph.preprocessing == Preprocessing(**other)
    larger = load(str(path), size=151)
    assert larger.input == Shape(3, 151, 151)
    assert larger.preprocessing.resize == 173  # 172.6


def test_one_transpose_among_the_readers_says_nothing_of_the_image(tmp_path):
    b = Builder()
    turned = b("Relu", b("Transpose", b.image, perm=[0, 3, 1, 2]))
    left = b.conv(b("Transpose", turned, perm=[0, 2, 3, 1]), (4, 3, 3))
    total = b("Add", left, b.conv(b.image, (4, 3, 3)))
    model = b.model(b("GlobalAveragePool", total), image=("N", 3, 6, 7))
    images = RNG.normal(size=(2, 3, 6, 7)).astype(np.float32)
    graph = load(str(save(model, tmp_path)))
    assert graph.input == Shape(3, 6, 7)
    np.testing.assert_allclose(run(to_onnx(graph), images), run(model, images), atol=1e-6)


def test_size_may_be_given_for_an_open_one(tmp_path):
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (4, 3, 3)))
    path = save(b.model(x, image=("N", 3, "height", "width")), tmp_path)
    assert load(str(path), size=31).input == Shape(3, 31, 31)


@pytest.mark.parametrize("size", [12, 13])
@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
@pytest.mark.parametrize("kernel, stride", [(3, 1), (3, 2), (5, 2), (1, 2), (4, 3)])
def test_auto_pad(size, auto_pad, kernel, stride, tmp_path):
    b = Builder()
    x = b.conv(b.image, (4, 3, kernel), strides=[stride, stride], auto_pad=auto_pad)
    model = b.model(b("GlobalAveragePool", x), image=("N", 3, size, size))
    images = RNG.normal(size=(2, 3, size, size)).astype(np.float32)
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    graph = load(str(save(model, tmp_path)))
    assert sum(graph.nodes[0].pads) == (2 * total if auto_pad.startswith("SAME") else 0)
    np.testing.assert_allclose(run(to_onnx(graph), images), run(model, images), atol=1e-6)
