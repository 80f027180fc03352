# SPDX-License-Identifier: Apache-2.0
"""What cannot be read is named all at once, with what would do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_builders import CLASSES, Builder, same_function, save

from command_line import firebrick
from firebrick.errors import FirebrickError
from firebrick.frontend import load

IMAGE = ("N", 3, 9, 9)


def refused(b: Builder, x: str, folder: Path) -> str:
    path = save(b.model(b("GlobalAveragePool", x), image=IMAGE, inferred=False), folder)
    with pytest.raises(FirebrickError) as caught:
        load(str(path))
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text.removeprefix(f"{path}: ")


def test_every_node_is_named_with_what_would_do(tmp_path: Path) -> None:
    b = Builder()
    left = b("LeakyRelu", b.conv(b.image, (4, 3, 3)))
    right = b("LeakyRelu", b.conv(b.image, (4, 3, 3)))
    lrn = b("LRN", b.conv(b.image, (4, 3, 3)), size=5)
    pool = b("AveragePool", b.conv(b.image, (4, 3, 2)), kernel_shape=[2, 2])
    text = refused(b, b("Concat", left, right, lrn, pool, axis=1), tmp_path)
    first, second, third = text.split("; node ")
    assert first == (
        "node 'leakyrelu_1' (LeakyRelu), node 'leakyrelu_3' (LeakyRelu): op=LeakyRelu is not read: "
        "train the model with ReLU or ReLU6 in its place"
    )
    assert second.startswith("'lrn_5' (LRN): op=LRN is not read: retrain without it")
    assert third.startswith("'averagepool_7' (AveragePool): kernel_shape=[2, 2] is not the whole")


def test_what_is_behind_an_unread_node_is_not_blamed(tmp_path: Path) -> None:
    b = Builder()
    x = b("Relu", b("Elu", b.conv(b.image, (4, 3, 3))))
    assert "relu_2" not in refused(b, b.conv(x, (4, 4, 1)), tmp_path)


def test_what_is_behind_an_unread_node_is_named_too(tmp_path: Path) -> None:
    b = Builder()
    x = b.conv(b("Elu", b.conv(b.image, (4, 3, 3))), (4, 4, 3))
    text = refused(b, b("Tanh", b("Elu", x)), tmp_path)
    assert text.startswith("node 'elu_1' (Elu), node 'elu_3' (Elu): op=Elu is not read")
    assert "node 'tanh_4' (Tanh): op=Tanh is not read" in text


def test_what_reads_a_constant_that_is_refused_is_not_blamed(tmp_path: Path) -> None:
    b = Builder()
    weights = b("Reshape", b.constant(np.ones(7)), b.constant([4, 3, 3, 3], np.int64))
    text = refused(b, b("Conv", b.image, weights), tmp_path)
    assert text.startswith("node 'reshape_0' (Reshape): output='reshape_0' cannot be computed")
    assert "Conv" not in text


def test_what_the_output_does_not_need_is_passed_over(tmp_path: Path) -> None:
    b = Builder()
    x = b.conv(b.image, (CLASSES, 3, 3))
    b("LSTM", x, x, x)
    model = b.model(b("GlobalAveragePool", x), image=IMAGE, inferred=False)
    assert [x.kind for x in load(str(save(model, tmp_path))).nodes] == ["conv", "global average"]


@pytest.mark.parametrize("names", [("image", "image_"), ("image_", "image"), ("image.linear", "x")])
def test_names_clash_with_none_of_ours(names: tuple[str, str], tmp_path: Path) -> None:
    b = Builder("serving_default/image:0")
    x = b.conv(b.image, (4, 3, 3))
    y = b.conv(b("Relu", x), (CLASSES, 4, 1))
    for node in b.nodes:
        for texts in (node.input, node.output):
            for at, text in enumerate(texts):
                texts[at] = {x: names[0], y: names[1]}.get(text, text)
    same_function(b.model(b("GlobalAveragePool", names[1]), image=IMAGE), tmp_path)


@pytest.mark.parametrize("is_known", [False, True])
def test_an_output_whose_shape_is_not_noted_down(is_known: bool, tmp_path: Path) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3)))
    model = b.model(x, image=IMAGE, shape=("N", CLASSES, 1, 1), inferred=False)
    if not is_known:
        model.graph.output[0].type.tensor_type.ClearField("shape")
    assert load(str(save(model, tmp_path))).nodes[-1].kind == "global average"


def test_import_refuses_what_quantizing_would(tmp_path: Path) -> None:
    b = Builder()
    x = b.relu_conv(b.image, (4, 3, 3))
    x = b("Concat", x, b("Relu", b.conv(x, (4, 4, 1))), axis=1)
    save(b.model(b("GlobalAveragePool", b.conv(x, (CLASSES, 8, 1))), image=IMAGE), tmp_path)
    result = firebrick(tmp_path, "import", "model.onnx", "-o", "m.onnx")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("firebrick: model.onnx: concat 'concat_4': input='relu_1' is read more")
    assert not (tmp_path / "m.onnx").exists()


def test_filters_of_too_many_weights_are_refused_at_import(tmp_path: Path) -> None:
    b = Builder()
    x = b("Conv", b.image, b.constant(np.ones((2, 513, 3, 3))))
    model = b.model(b("GlobalAveragePool", x), image=("N", 513, 9, 9))
    save(model, tmp_path)
    result = firebrick(tmp_path, "import", "model.onnx", "-o", "m.onnx")
    assert result.returncode == 2
    assert "weights an output=4617 exceeds 4608 in quantizing" in result.stderr


def test_windows_too_large_for_a_quantized_file_are_refused_at_import(tmp_path: Path) -> None:
    for op, fields in (("Conv", {}), ("MaxPool", {"kernel_shape": [65, 65]})):
        b = Builder()
        x = b.relu_conv(b.image, (2, 1, 1))
        inputs = [x, b.constant(np.ones((2, 2, 65, 65)))][: 1 + (op == "Conv")]
        x = b.conv(b(op, *inputs, **fields), (2, 2, 1))
        save(b.model(b("GlobalAveragePool", x), image=("N", 1, 70, 70)), tmp_path)
        result = firebrick(tmp_path, "import", "model.onnx", "-o", "m.onnx")
        assert result.returncode == 2
        assert "kernel=65 exceeds 64" in result.stderr


def test_import_refuses_what_nothing_but_a_convolution_may_do_to_the_image(tmp_path: Path) -> None:
    b = Builder()
    x = b.conv(b("MaxPool", b.image, kernel_shape=[2, 2]), (CLASSES, 3, 1))
    save(b.model(b("GlobalAveragePool", x), image=IMAGE), tmp_path)
    result = firebrick(tmp_path, "import", "model.onnx", "-o", "m.onnx")
    assert result.returncode == 2
    assert "reads the image, which only a convolution may" in result.stderr


def test_healthy_nodes_behind_an_unread_transpose_are_not_blamed(tmp_path: Path) -> None:
    b = Builder()
    x = b("Transpose", b.conv(b.image, (4, 3, 3)), perm=[0, 2, 3, 1])
    x = b("Transpose", b("Elu", x), perm=[0, 3, 1, 2])
    text = refused(b, b.conv(x, (CLASSES, 4, 1)), tmp_path)
    assert text.startswith("node 'elu_2' (Elu): op=Elu is not read")
    assert "Conv" not in text


OUTPUTS = {
    "padded": lambda b, x: b("Pad", x, b.constant([0, 0, 0, 0, 0, 0, 1, 0], np.int64)),
    "turned": lambda b, x: b("Transpose", b("Flatten", x), perm=[1, 0]),
    "one mean of all": lambda b, x: b("ReduceMean", x),
}


@pytest.mark.parametrize("case", OUTPUTS)
def test_what_is_no_frames_of_logits_is_refused(case: str, tmp_path: Path) -> None:
    b = Builder()
    x = OUTPUTS[case](b, b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3))))
    path = save(b.model(x, image=IMAGE, inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match=r"is not frames of logits|is not height and width"):
        load(str(path))


def test_an_attribute_of_a_function_is_refused_outside_of_one(tmp_path: Path) -> None:
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3)))
    x = b("Softmax", x, axis=1)
    attribute = b.nodes[-1].attribute[0]
    attribute.ClearField("i")
    attribute.ref_attr_name = "axis"
    path = save(b.model(x, image=IMAGE, inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match="is an attribute of a function"):
        load(str(path))


def test_a_pad_with_an_empty_value_is_refused(tmp_path: Path) -> None:
    b = Builder()
    pads, nothing = b.constant([0, 0, 1, 1, 0, 0, 1, 1], np.int64), b.constant(np.ones(0))
    x = b.conv(b("Pad", b.image, pads, nothing), (CLASSES, 3, 3))
    assert "is not one number" in refused(b, x, tmp_path)
