# SPDX-License-Identifier: Apache-2.0
"""ONNX files that are broken, hostile or beyond what is supported: one line each, no more."""

import re

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx_builders import SIDE, Builder, pytorch, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load
from firebrick.frontend.onnx_reader import parse
from firebrick.frontend.onnx_writer import LABELS_KEY, PREPROCESSING_KEY


def refuses(path, message):
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        load(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def one(op, *constants, image=("N", 3, SIDE, SIDE), average=True, **attributes):
    """A model of one operator and the global average."""
    b = Builder()
    x = b(op, b.image, *(b.constant(c) for c in constants), **attributes)
    return b.model(b("GlobalAveragePool", x) if average else x, image=image)


W = np.ones((4, 3, 3, 3), np.float32)
POOL = {"kernel_shape": [3, 3], "strides": [2, 2]}

UNSUPPORTED = {
    "operator": (
        one("Elu"),
        "node 'elu_0' (Elu): op=Elu is not read: train the model with ReLU",
    ),
    "dilation": (one("Conv", W, dilations=[0, 2]), "dilations=[0, 2] is not two positive numbers"),
    "strides": (one("Conv", W, strides=[1, 2]), "strides=[1, 2] is not two equal, positive"),
    "kernel": (one("Conv", W, kernel_shape=[3, 2]), "kernel_shape=[3, 2] is not that of the"),
    "pads": (one("Conv", W, pads=[1, 0, -1, 0]), "pads=[1, 0, -1, 0] is not four numbers of 0 or"),
    "pool pads": (
        one("MaxPool", **POOL, pads=[0, 3, 0, 0]),
        "maxpool 'maxpool_0': pads=(0, 3, 0, 0) is not less than the kernel, 3: windows would",
    ),
    "pool dilation": (one("MaxPool", **POOL, dilations=[2, 2]), "dilations=[2, 2] is not"),
    "pool kernel": (one("MaxPool", kernel_shape=[3, 2]), "kernel_shape=[3, 2] is not two"),
    "average": (one("AveragePool", kernel_shape=[2, 2]), "is not the whole map, [23, 23]"),
    "mean": (one("ReduceMean", axes=[1]), "axes=[1] is not height and width of NCHW"),
    "softmax": (one("Softmax", axis=-1), "axis=3 is not the channels of NCHW"),
    "flatten": (one("Flatten", axis=2, average=False), "axis=2 of NCHW is not 1, which keeps fram"),
    "two by two": (one("Add", np.ones((SIDE, SIDE))), "is not one number a channel"),
    "dynamic": (
        one("Relu", image=("N", 3, "height", SIDE)),
        "input 'data': dimension H='height' is not a fixed, positive number",
    ),
    "rank": (one("Relu", image=("N", 3, SIDE), average=False), "input 'data': rank=3 is not 4"),
    "nan": (one("Conv", W * np.nan), "weights[0,0,0,0]=nan is not finite"),
    "infinite": (one("Conv", W * np.inf), "weights[0,0,0,0]=inf is not finite"),
    "groups": (one("Conv", W, group=3), "group=3 does not divide weights (4, 3, 3, 3)"),
    "wide image": (one("Relu", image=("N", 3, 1 << 20, 1 << 20)), "exceeds 16777216 values"),
}


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_unsupported(case, tmp_path):
    model, message = UNSUPPORTED[case]
    refuses(save(model, tmp_path), message)


def test_groups_cannot_blow_up(tmp_path):
    channels = 1 << 14
    weights = np.ones((channels, 1, 1, 1), np.float32)
    model = one("Conv", weights, group=channels, image=("N", channels, 1, 1))
    refuses(save(model, tmp_path), f"expands the weights to {channels**2} values")


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 64, b"not a model", pytorch().SerializeToString()[:-99]]
)
def test_corrupt_file(data, tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(data)
    refuses(path, "ONNX")


def test_file_too_large(tmp_path, monkeypatch):
    path = save(pytorch(), tmp_path)
    monkeypatch.setattr(parse, "MAX_BYTES", 100)
    refuses(path, "exceeds 100 bytes")


@pytest.mark.parametrize("dims", [[1 << 31, 1 << 31, 3, 3], [-4, -3, 3, 3], [5, 3, 3, 3]])
def test_tensor_whose_shape_lies(dims, tmp_path):
    model = one("Conv", W)
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(dims)
    refuses(save(model, tmp_path), "constant_0")


def test_opsets(tmp_path):
    model = one("Relu")
    model.opset_import[0].version = 6
    refuses(save(model, tmp_path), "opset=6 is less than 7")
    model.opset_import[0].version = 999
    refuses(save(model, tmp_path), "opset=999 exceeds")


def test_foreign_domain(tmp_path):
    model = one("Relu")
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    refuses(save(model, tmp_path), "op=com.example.Relu is not read")


def test_weights_computed_from_the_image(tmp_path):
    b = Builder()
    x = b("Conv", b.image, b("Relu", b.image))
    refuses(save(b.model(x), tmp_path), "input[1]='relu_0' is not a constant")


def test_two_images(tmp_path):
    model = one("Relu")
    extra = helper.make_tensor_value_info("other", TensorProto.FLOAT, [1])
    model.graph.input.append(extra)
    refuses(save(model, tmp_path), "inputs=2 ('data', 'other') is not 1 image")


METADATA = {
    "no json": (PREPROCESSING_KEY, "{", "is not JSON"),
    "deep json": (PREPROCESSING_KEY, "[" * 100_000, "is not JSON"),
    "a list": (PREPROCESSING_KEY, "[]", "firebrick.preprocessing: is not a JSON object"),
    "a field": (PREPROCESSING_KEY, '{"resize": 40, "code": 1}', "code=1 is not a known field"),
    "a number": (PREPROCESSING_KEY, '{"resize": "x"}', "resize='x' is not an integer"),
    "not a number": (
        PREPROCESSING_KEY,
        '{"resize": 40, "mean": [NaN, 0, 0]}',
        "mean[0]=nan is not finite",
    ),
    "zero": (PREPROCESSING_KEY, '{"resize": 40, "std": [0, 1, 1]}', "is not positive"),
    "labels": (LABELS_KEY, '["cat"]', "labels=1 is not the number of logits, 3"),
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata(case, tmp_path):
    key, value, message = METADATA[case]
    model = one("Relu")
    helper.set_model_props(model, {key: value})
    refuses(save(model, tmp_path), message)


@pytest.mark.parametrize("seed", range(40))
def test_flipped_bytes_never_crash(seed, tmp_path):
    """A damaged file is read or refused with one line; nothing else may happen."""
    rng = np.random.default_rng(seed)
    data = bytearray(pytorch().SerializeToString())
    for place in rng.integers(0, len(data), 8):
        data[place] = rng.integers(0, 256)
    path = tmp_path / "damaged.onnx"
    path.write_bytes(data)
    try:
        load(str(path))
    except FirebrickError as error:
        assert str(path) in str(error)
