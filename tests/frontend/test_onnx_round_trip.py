# SPDX-License-Identifier: Apache-2.0
"""What is written is an ordinary ONNX file, and reading it gives the same network again."""

import numpy as np
import onnx
import pytest
from onnx_builders import CLASSES, RNG, SIDE, STYLES, run, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load, onnx_writer
from firebrick.ir.graph import ConvNode, GlobalAveragePoolNode, Graph, Preprocessing, Shape

HOW = Preprocessing(40, "BGR", (103.939, 116.779, 123.68), (0.1, 0.2, 0.3))
LABELS = tuple(f"Klasse ä {x}" for x in range(4))
GRAPH = Graph(
    "a name",
    Shape(3, SIDE, SIDE),
    (
        ConvNode(
            "conv1",
            ("image",),
            RNG.normal(size=(4, 3, 3, 3)).astype(np.float32),
            np.zeros(4, np.float32),
            relu=True,
        ),
        GlobalAveragePoolNode("pool1", ("conv1",)),
    ),
    HOW,
    LABELS,
)


@pytest.mark.parametrize("style", STYLES)
def test_twice_through_a_file(style, tmp_path):
    first = load(str(save(STYLES[style](), tmp_path)))
    path = tmp_path / "again.onnx"
    onnx_writer.write(first, path)
    second = load(str(path))
    assert (second.name, second.input) == (first.name, first.input)
    assert second.preprocessing == first.preprocessing
    images = RNG.normal(size=(2, 3, SIDE, SIDE)).astype(np.float32)
    models = [onnx_writer.to_onnx(x) for x in (first, second)]
    results = [run(x, images) for x in models]
    assert results[0].shape == (2, CLASSES)
    np.testing.assert_array_equal(results[0], results[1])


def test_metadata_and_names(tmp_path):
    path = tmp_path / "model.onnx"
    onnx_writer.write(GRAPH, path)
    again = load(str(path))
    assert again.name == "a name"
    assert again.preprocessing == HOW
    assert again.labels == LABELS
    names = [x.name for x in again.nodes]
    assert names == ["conv1.linear", "conv1", "pool1"]


def test_ordinary_onnx(tmp_path):
    path = tmp_path / "model.onnx"
    onnx_writer.write(GRAPH, path)
    model = onnx.load(path)
    assert model.ir_version <= 10
    assert [x.name for x in model.graph.input] == ["image"]
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [shape[0].dim_param, *(x.dim_value for x in shape[1:])] == ["N", 3, SIDE, SIDE]
    assert {x.domain for x in model.opset_import} == {""}
    assert {x.op_type for x in model.graph.node} == {"Conv", "Relu", "GlobalAveragePool", "Flatten"}
    data = path.read_bytes()
    onnx_writer.write(GRAPH, path)
    assert path.read_bytes() == data


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    broken = Graph("x", GRAPH.input, GRAPH.nodes, HOW, ("one label",))
    with pytest.raises(FirebrickError, match="labels=1 is not the number of logits, 4"):
        onnx_writer.write(broken, path)
    assert path.read_bytes() == b"before"
    assert [x.name for x in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.parametrize("source", ["squeezenet1.0", "model.pkl", "model", ""])
def test_unknown_source(source):
    with pytest.raises(FirebrickError, match=r"is not squeezenet1\.1, \*\.net or \*\.onnx"):
        load(source)


@pytest.mark.parametrize("name", ["missing.onnx", "missing.net"])
def test_missing_file(name, tmp_path):
    with pytest.raises(FirebrickError, match=rf"{name}: cannot be read: No such file"):
        load(str(tmp_path / name))


def test_a_folder(tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(FirebrickError, match=r"folder\.onnx: cannot be read: Is a directory"):
        load(str(tmp_path / "folder.onnx"))
