# SPDX-License-Identifier: Apache-2.0
"""Weights in a file beside the model are read; no other file ever is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_builders import pytorch, run, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load
from firebrick.frontend.onnx_reader import external
from firebrick.frontend.onnx_writer import to_onnx

DATA = "model.onnx.data"


def split(folder: Path, location: str = DATA, **fields: str) -> Path:
    """A model in the folder, all its larger weights in another file, whose entries are changed."""
    model, place = pytorch(), 0
    with (folder / DATA).open("wb") as file:
        for tensor in model.graph.initializer:
            if len(tensor.raw_data) < 16:
                continue
            data = tensor.raw_data
            entries = {"location": location, "offset": str(place), "length": str(len(data))}
            for key, value in (entries | fields).items():
                tensor.external_data.add(key=key, value=value)
            tensor.data_location = onnx.TensorProto.EXTERNAL
            tensor.ClearField("raw_data")
            place += file.write(data)
    return save(model, folder)


def test_weights_beside_the_model_are_its_weights(tmp_path: Path) -> None:
    (tmp_path / "apart").mkdir()
    apart = load(str(split(tmp_path / "apart")))
    whole = load(str(save(onnx.load(tmp_path / "apart" / "model.onnx"), tmp_path)))
    image = np.random.default_rng(0).normal(size=(1, 3, 23, 23)).astype(np.float32)
    np.testing.assert_array_equal(run(to_onnx(apart), image), run(to_onnx(whole), image))


def test_one_file_for_one_tensor_needs_neither_offset_nor_length(tmp_path: Path) -> None:
    model = pytorch()
    tensor = model.graph.initializer[0]
    (tmp_path / "first").write_bytes(tensor.raw_data)
    tensor.external_data.add(key="location", value="first")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    wanted = onnx.numpy_helper.to_array(model.graph.initializer[0], str(tmp_path))
    tensor.ClearField("raw_data")
    np.testing.assert_array_equal(load(str(save(model, tmp_path))).nodes[0].weights, wanted)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"location": "../secret"}, "is not the name of a file beside the model"),
        ({"location": "/etc/passwd"}, "is not the name of a file beside the model"),
        ({"location": "sub/data"}, "is not the name of a file beside the model"),
        ({"location": ".."}, "is not the name of a file beside the model"),
        ({"location": ""}, "is not the name of a file beside the model"),
        ({"location": "missing"}, "cannot be read: No such file"),
        ({"location": "folder"}, "is not an ordinary file"),
        ({"location": "link"}, "cannot be read"),
        ({"location": "pipe"}, "is not an ordinary file"),
        ({"offset": "99999999"}, "is beyond the"),
        ({"length": "99999999"}, "is beyond the"),
        ({"offset": "-4"}, "offset='-4' is not a number of bytes"),
        ({"length": "9" * 99}, "is not a number of bytes"),
        ({"length": "٣"}, "is not a number of bytes"),
    ],
)
def test_what_is_not_plainly_beside_it_is_refused(
    fields: dict[str, str], message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(1 << 16))
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    path = split(folder, **fields)
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}: tensor 'constant_")
    assert "\n" not in str(caught.value)


def test_all_of_it_together_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = split(tmp_path)
    monkeypatch.setattr(external, "MAX_BYTES", 2000)
    with pytest.raises(FirebrickError, match="with the tensors before it exceeds 2000 bytes"):
        load(str(path))


def test_tensors_of_nodes_are_looked_at_too(tmp_path: Path) -> None:
    model = pytorch()
    tensor = onnx.numpy_helper.from_array(np.ones(8, np.float32), "inner")
    tensor.external_data.add(key="location", value="../secret")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    model.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["unused"], value=tensor))
    with pytest.raises(FirebrickError, match=r"tensor 'inner': location='\.\./secret' is not the"):
        load(str(save(model, tmp_path)))
