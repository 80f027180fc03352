# SPDX-License-Identifier: Apache-2.0
"""Wherever a graph transposes, reshapes or flattens, its layers are found in NCHW."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from onnx_builders import CLASSES, Builder, same_function, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load
from firebrick.ir.graph import Shape

TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
NHWC = ("N", 9, 11, 3)


def at_once(b: Builder) -> str:
    return b("Transpose", b.image, perm=TO_NCHW)


def behind_factors(b: Builder) -> str:
    """As a Keras Rescaling layer in front is exported."""
    x = b("Add", b("Mul", b.image, b.constant(1 / 127.5)), b.constant(-1.0))
    return b("Transpose", x, perm=TO_NCHW)


def behind_channel_factors(b: Builder) -> str:
    x = b("Sub", b.image, b.constant([1.0, 2.0, 3.0]))
    x = b("Div", x, b.constant([[[[4.0, 5.0, 6.0]]]]))
    return b("Transpose", x, perm=TO_NCHW)


@pytest.mark.parametrize("way", [at_once, behind_factors, behind_channel_factors])
def test_an_image_is_turned_wherever_its_transpose_stands(way: object, tmp_path: Path) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(way(b), (CLASSES, 3, 3)))
    path = save(b.model(x, image=NHWC), tmp_path)
    graph = load(str(path))
    assert graph.input == Shape(3, 9, 11)
    assert [x.kind for x in graph.nodes] == ["conv", "global average"]


@pytest.mark.parametrize("shape", [[-1, 1, 9, 11], [0, 1, 9, 11], [0, 1, -1, 11]])
def test_a_reshape_turns_an_image_of_one_channel(shape: list[int], tmp_path: Path) -> None:
    b = Builder()
    x = b("Reshape", b.image, b.constant(shape, np.int64))
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 1, 3)))
    graph = same_function(b.model(x, image=("N", 9, 11, 1)), tmp_path)
    assert graph.input == Shape(1, 9, 11)


def test_layers_between_two_transposes(tmp_path: Path) -> None:
    """TensorFlow's bias, ReLU and concat on the last axis."""
    b = Builder()
    x = b("Transpose", b("Conv", b.image, b.random(4, 3, 3, 3)), perm=TO_NHWC)
    x = b("Relu", b("Add", x, b.random(4)))
    y = b("Transpose", x, perm=TO_NCHW)
    left = b("Transpose", b.conv(y, (3, 4, 1)), perm=TO_NHWC)
    right = b("Transpose", b.conv(y, (3, 4, 3), pads=[1, 1, 1, 1]), perm=TO_NHWC)
    x = b("ReduceMean", b("Concat", left, right, axis=-1), axes=[1, 2], keepdims=0)
    same_function(b.model(x, image=("N", 3, 9, 11)), tmp_path)


FRAMES = 4
FLAT = {
    "channels": [-1, CLASSES],
    "frames": [0, CLASSES],
    "both": [0, -1],
    "as many as the file says": [FRAMES, CLASSES],
    "four axes": [0, CLASSES, 1, 1],
    "channels last": [0, 1, 1, CLASSES],
    "three axes": [0, 1, CLASSES],
}


@pytest.mark.parametrize("case", FLAT)
def test_logits_are_logits_in_whatever_shape(case: str, tmp_path: Path) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3)))
    x = b("Reshape", x, b.constant(FLAT[case], np.int64))
    images = np.random.default_rng(1).normal(size=(FRAMES, 3, 9, 9)).astype(np.float32)
    model = b.model(x, image=(FRAMES, 3, 9, 9))
    reference = b.model(b.nodes[-2].output[0], image=("N", 3, 9, 9))
    del reference.graph.node[2:]
    graph = load(str(save(model, tmp_path)))
    assert [x.kind for x in graph.nodes] == ["conv", "global average"]
    (tmp_path / "free").mkdir()
    same_function(reference, tmp_path / "free", images)


def test_axes_are_lost_and_brought_back(tmp_path: Path) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3)))
    x = b("Squeeze", x, b.constant([2, 3], np.int64))
    x = b("Unsqueeze", x, b.constant([2, 3], np.int64))
    x = b("Squeeze", b("Unsqueeze", x, b.constant([-1], np.int64)), b.constant([4], np.int64))
    path = save(b.model(x, image=("N", 3, 9, 9)), tmp_path)
    with pytest.raises(FirebrickError, match="does not merge neighbours"):
        load(str(path))  # five axes are of no use to a picture
    b.nodes = b.nodes[:-2]
    same_function(b.model(b.nodes[-1].output[0], image=("N", 3, 9, 9)), tmp_path)


def test_a_mean_over_pixels_in_one_axis(tmp_path: Path) -> None:
    b = Builder()
    x = b("Reshape", b.conv(b.image, (CLASSES, 3, 3)), b.constant([0, CLASSES, -1], np.int64))
    x = b("ReduceMean", x, axes=[2], keepdims=0)
    same_function(b.model(x, image=("N", 3, 9, 11)), tmp_path)


PADS = {
    "even": ([0, 0, 1, 1, 0, 0, 1, 1], {}),
    "TensorFlow's, at the far edges": ([0, 0, 0, 0, 0, 0, 1, 1], {"strides": [2, 2]}),
    "with the convolution's own": ([0, 0, 1, 0, 0, 0, 0, 2], {"pads": [1, 1, 1, 1]}),
    "before SAME": ([0, 0, 1, 2, 0, 0, 1, 2], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
}


@pytest.mark.parametrize("case", PADS)
def test_a_pad_with_zeros_becomes_padding(case: str, tmp_path: Path) -> None:
    pads, attributes = PADS[case]
    b = Builder()
    x = b.relu_conv(b.image, (4, 3, 1))
    x = b.conv(b("Pad", x, b.constant(pads, np.int64)), (CLASSES, 4, 3), **attributes)
    same_function(b.model(b("GlobalAveragePool", x), image=("N", 3, 9, 12)), tmp_path)


def test_a_pad_before_the_transpose(tmp_path: Path) -> None:
    """Keras' ZeroPadding2D, as tf2onnx writes it."""
    b = Builder()
    x = b("Transpose", b.relu_conv(b.image, (4, 3, 1)), perm=TO_NHWC)
    x = b("Pad", x, b.constant([0, 1, 2, 0, 0, 0, 1, 0], np.int64))
    x = b.conv(b("Transpose", x, perm=TO_NCHW), (CLASSES, 4, 3), strides=[2, 2])
    same_function(b.model(b("GlobalAveragePool", x), image=("N", 3, 9, 12)), tmp_path)


def test_a_pad_before_a_pool_of_what_a_relu_gave(tmp_path: Path) -> None:
    """The stem of a ResNet as Keras exports it."""
    b = Builder()
    x = b("Pad", b.relu_conv(b.image, (4, 3, 3)), b.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    model = b.model(b("GlobalAveragePool", b.conv(x, (CLASSES, 4, 1))), image=("N", 3, 9, 12))
    assert same_function(model, tmp_path).nodes[1].pads == (1, 1, 1, 1)


def test_a_pad_before_a_pool_of_anything_else_is_refused(tmp_path: Path) -> None:
    b = Builder()
    x = b("Pad", b.conv(b.image, (4, 3, 3)), b.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    model = b.model(b("GlobalAveragePool", b.conv(x, (CLASSES, 4, 1))), image=("N", 3, 9, 12))
    with pytest.raises(FirebrickError, match="which may win over what no ReLU made"):
        load(str(save(model, tmp_path)))


def test_a_pad_that_something_else_reads(tmp_path: Path) -> None:
    b = Builder()
    x = b("Transpose", b.relu_conv(b.image, (4, 3, 1)), perm=TO_NHWC)
    x = b("Pad", x, b.constant([0, 1, 2, 0, 0, 0, 1, 0], np.int64))
    x = b("Transpose", b("Relu", x), perm=TO_NCHW)
    model = b.model(b("GlobalAveragePool", b.conv(x, (CLASSES, 4, 3))))
    with pytest.raises(FirebrickError, match="which only Conv and MaxPool take over"):
        load(str(save(model, tmp_path)))


REFUSED = {
    "reflected": ({"mode": "reflect"}, "mode=reflect is not constant"),
    "channels": ({"pads": [0, 1, 0, 0, 0, 1, 0, 0]}, "is not of height and width alone"),
    "negative": ({"pads": [0, 0, -1, 0, 0, 0, 0, 0]}, "is not two numbers of 0 or more"),
    "a number": ({"value": 1.0}, "value=1.0 is not 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_pads_are_refused(case: str, tmp_path: Path) -> None:
    fields, message = REFUSED[case]
    fields = {"pads": [0, 0, 1, 1, 0, 0, 1, 1]} | fields
    b = Builder()
    inputs = [b.constant(fields.pop("pads"), np.int64), b.constant(fields.pop("value", 0.0))]
    x = b("Pad", b.image, *inputs, **fields)
    model = b.model(b("GlobalAveragePool", b.conv(x, (CLASSES, 3, 3))))
    with pytest.raises(FirebrickError, match=re.escape(message)):
        load(str(save(model, tmp_path)))


@pytest.mark.parametrize("shape", [[-1, 9], [1, CLASSES * 4, 2, 2], [0, 0, 0, 0, 1], [-1, -1]])
def test_a_reshape_that_mixes_is_refused(shape: list[int], tmp_path: Path) -> None:
    b = Builder()
    x = b("Reshape", b.conv(b.image, (CLASSES, 3, 6)), b.constant(shape, np.int64))
    model = b.model(x, inferred=False)
    with pytest.raises(FirebrickError, match=r"\(Reshape\): shape="):
        load(str(save(model, tmp_path)))
