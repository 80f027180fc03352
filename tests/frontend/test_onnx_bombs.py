# SPDX-License-Identifier: Apache-2.0
"""Small ONNX files that ask for gigantic arrays, or whose texts do harm later: one line each."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_builders import Builder, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load
from firebrick.frontend.onnx_writer import LABELS_KEY, NAME_KEY
from firebrick.passes import prepare


def far_apart() -> onnx.ModelProto:
    """Two 1x1 filters that look at pixels 1000 apart: as one kernel, 64 * 1001**2 weights each."""
    b = Builder()
    parts = [
        b("Conv", b.image, b.random(1, 64, 1, 1), pads=pads)
        for pads in ([1000, 1000, 0, 0], [0, 0, 1000, 1000])
    ]
    mean = b("GlobalAveragePool", b("Concat", *parts, axis=1))
    return b.model(mean, image=("N", 64, 2, 2))


def wide_norm() -> onnx.ModelProto:
    """A batch norm that nothing comes before: as a convolution, 131072**2 weights."""
    b = Builder()
    parts = [b.constant(np.ones(1 << 17)) for _ in range(4)]
    mean = b("GlobalAveragePool", b("BatchNormalization", b.image, *parts))
    return b.model(mean, image=("N", 1 << 17, 1, 1))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (far_apart(), "weights=(2, 64, 1001, 1001) exceeds 16777216 values"),
        (wide_norm(), "weights=(131072, 131072) exceeds 16777216 values"),
    ],
    ids=["concat", "batch norm"],
)
def test_passes_bound_what_they_make(model: onnx.ModelProto, message: str, tmp_path: Path) -> None:
    graph = load(str(save(model, tmp_path)))
    with pytest.raises(FirebrickError, match=re.escape(message)):
        prepare(graph)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (NAME_KEY, "a\nb", r"graph: name='a\nb' is not a text of 200 characters"),
        (NAME_KEY, "a" * 201, "graph: name='aaa"),
        (LABELS_KEY, ["a", "b", "\x1b[2J"], r"graph: labels[2]='\x1b[2J' is not a text of 1000"),
        (LABELS_KEY, ["a", "b" * 1001, "c"], "graph: labels[1]='bbb"),
    ],
)
def test_texts_that_no_output_could_carry(
    key: str, value: object, message: str, tmp_path: Path
) -> None:
    b = Builder()
    model = b.model(b("GlobalAveragePool", b.image))
    helper.set_model_props(model, {key: json.dumps(value)})
    path = save(model, tmp_path)
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_operator_without_name_and_output(tmp_path: Path) -> None:
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    node = helper.make_node("Sink", ["x"], [], domain="elsewhere")
    model = helper.make_model(
        helper.make_graph([node], "g", [image], [image]),
        opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("elsewhere", 1)],
        ir_version=8,
    )
    with pytest.raises(FirebrickError, match=r"node '' \(Sink\): op=Sink is not one of"):
        load(str(save(model, tmp_path)))
