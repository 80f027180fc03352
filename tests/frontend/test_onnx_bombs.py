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
from firebrick.ir import onnx_file
from firebrick.ir.onnx_file import check_size
from firebrick.passes import prepare
from peak_memory import commands


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
    """A batch norm of a pool: as a convolution, 131072**2 weights."""
    b = Builder()
    parts = [b.constant(np.ones(1 << 17)) for _ in range(4)]
    pool = b("MaxPool", b.image, kernel_shape=[1, 1])
    mean = b("GlobalAveragePool", b("BatchNormalization", pool, *parts))
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
        (
            NAME_KEY,
            "a\nb",
            r"metadata: firebrick.name='a\nb' is not one line of up to 200 characters",
        ),
        (NAME_KEY, "a" * 201, "metadata: firebrick.name='aaa"),
        (
            LABELS_KEY,
            ["a", "b", "\x1b[2J"],
            r"metadata: firebrick.labels[2]='\x1b[2J' is not one line of",
        ),
        (LABELS_KEY, ["a", "b" * 1001, "c"], "metadata: firebrick.labels[1]='bbb"),
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


# --- memory: import and quantize in a process of their own ----------------------------------------

MOST = 1000
"""MB."""


def field(number: int, content: bytes) -> bytes:
    """A field of the wire format that holds bytes or a message."""
    size, length = len(content), b""
    while size > 127:
        size, length = size >> 7, length + bytes([size & 127 | 128])
    return bytes([number << 3 & 127 | 2 | 128, number >> 4]) + length + bytes([size]) + content


GRAPH, NODE, INITIALIZER, VALUE_INFO, SPARSE, FUNCTION, TRAINING, PROPERTY = (
    7,
    1,
    5,
    13,
    15,
    25,
    20,
    14,
)
ATTRIBUTE, INPUT, STRINGS, INTS, TENSORS = 5, 1, 9, 8, 10
EMPTY = 1 << 20
"""Parts of each bomb, most of them two bytes long."""
CROWDS = {
    "initializers": field(GRAPH, field(INITIALIZER, b"") * EMPTY),
    "nodes": field(GRAPH, field(NODE, b"") * EMPTY),
    "value infos": field(GRAPH, field(VALUE_INFO, b"") * EMPTY),
    "sparse tensors": field(GRAPH, field(SPARSE, b"") * EMPTY),
    "inputs of a node": field(GRAPH, field(NODE, field(INPUT, b"") * EMPTY)),
    "attributes": field(GRAPH, field(NODE, field(ATTRIBUTE, b"") * EMPTY)),
    "strings": field(GRAPH, field(NODE, field(ATTRIBUTE, field(STRINGS, b"") * EMPTY))),
    "tensors": field(GRAPH, field(NODE, field(ATTRIBUTE, field(TENSORS, b"") * EMPTY))),
    "functions": field(FUNCTION, b"") * EMPTY,
    "training": field(TRAINING, b"") * EMPTY,
    "metadata": field(PROPERTY, b"") * EMPTY,
    "packed numbers": field(GRAPH, field(NODE, field(ATTRIBUTE, field(INTS, bytes(9 * EMPTY))))),
}


@pytest.mark.parametrize("name", CROWDS)
def test_crowds_are_counted_before_they_are_parsed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "MAX_FIELDS", 1000)
    with pytest.raises(FirebrickError, match="exceed"):
        check_size(CROWDS[name])


def test_depth_is_bounded_before_it_is_parsed() -> None:
    data = b""
    for _ in range(200):
        data = field(NODE, field(ATTRIBUTE, field(6, data)))  # a graph in an attribute
    with pytest.raises(FirebrickError, match="nested more than 32 messages deep"):
        check_size(field(GRAPH, data))


def test_counts_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "MAX_FIELDS", 5)
    check_size(field(GRAPH, field(NODE, b"") * 4))
    with pytest.raises(FirebrickError, match="fields=6 or more exceed 5"):
        check_size(field(GRAPH, field(NODE, b"") * 5))


@pytest.mark.parametrize(
    "data", [b"\x3a", b"\x3a\x05ab", b"\xff" * 11, b"\x3b", b"\x39abc", b"\x3a\xff\xff\xff\xff\x7f"]
)
def test_what_is_no_protobuf_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(FirebrickError, match="not an ONNX file: byte"):
        check_size(data)


def shared_weights() -> onnx.ModelProto:
    """A hundred convolutions that share 4 million weights."""
    b = Builder()
    weights = b.constant(np.zeros((2048, 2048, 1, 1)))
    x = b.image
    for _ in range(100):
        x = b("Conv", x, weights)
    return b.model(b("GlobalAveragePool", x), image=("N", 2048, 1, 1))


def wide_groups() -> onnx.ModelProto:
    """A hundred depthwise convolutions of 2000 channels: as dense ones, 4 million weights each."""
    b = Builder()
    weights = b.constant(np.zeros((2000, 1, 1, 1)))
    x = b.image
    for _ in range(100):
        x = b("Conv", x, weights, group=2000)
    return b.model(b("GlobalAveragePool", x), image=("N", 2000, 1, 1))


def computed_weights() -> onnx.ModelProto:
    """A hundred Quant nodes of the same 4 million weights."""
    b = Builder()
    weights = b.constant(np.zeros((2048, 2048, 1, 1)))
    step, zero, width = b.constant(1.0), b.constant(0.0), b.constant(8.0)
    x = b.image
    for _ in range(100):
        w = b("Quant", weights, step, zero, width, domain="qonnx.custom_op.general")
        x = b("Conv", x, w)
    mean = b("GlobalAveragePool", x)
    image, logits = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2048, 1, 1])
        for name in (b.image, mean)
    )
    domains = [("", 13), ("qonnx.custom_op.general", 1)]
    return helper.make_model(
        helper.make_graph(b.nodes, "quantized", [image], [logits], b.weights),
        opset_imports=[helper.make_opsetid(*x) for x in domains],
        ir_version=8,
    )


def wide_norms() -> onnx.ModelProto:
    """Fifty batch norms that each become 4 million weights."""
    b = Builder()
    x = b.image
    for _ in range(50):
        x = b("MaxPool", b.norm(x, 2000), kernel_shape=[1, 1])
    return b.model(b("GlobalAveragePool", x), image=("N", 2000, 1, 1))


def large_image(side: int, filters: int = 8) -> onnx.ModelProto:
    b = Builder()
    x = b("Relu", b.conv(b.image, (filters, 3, 3), strides=[2, 2]))
    return b.model(b("GlobalAveragePool", x), image=("N", 3, side, side))


def all_nan() -> onnx.ModelProto:
    b = Builder()
    x = b("Conv", b.image, b.constant(np.full((1000, 3, 60, 60), np.nan)))
    return b.model(b("GlobalAveragePool", x), image=("N", 3, 64, 64))


BOMBS = {
    "shared weights": shared_weights,
    "groups": wide_groups,
    "computed weights": computed_weights,
    "batch norms": wide_norms,
    "not a number": all_nan,
    "image of 2048x2048": lambda: large_image(2048),
    "filters": lambda: large_image(1024, 512),
}


def test_files_that_ask_for_gigabytes_are_refused_within_one(tmp_path: Path) -> None:
    lines: list[list[str | Path]] = []
    for name in ("initializers", "nodes", "packed numbers"):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(CROWDS[name])
        lines += [["import", path, "-o", tmp_path / "o"], ["infer", path, "chelsea"]]
    for name, make in BOMBS.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(make().SerializeToString())
        lines.append(["quantize", path, "-o", tmp_path / "o"])
    statuses, run = commands(*lines)
    assert statuses == [2] * len(lines), run.errors
    assert run.peak < MOST
    assert not (tmp_path / "o").exists()
