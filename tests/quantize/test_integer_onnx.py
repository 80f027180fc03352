# SPDX-License-Identifier: Apache-2.0
"""The integer ONNX file: exact at the extremes, and refused when anything in it was changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from small_networks import assert_engines_agree, networks

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.conv.operator import Conv
from firebrick.quantize.integer_onnx.compressed import compress
from firebrick.quantize.integer_onnx.export import to_model, write
from firebrick.quantize.integer_onnx.load import read, read_bytes, read_notes
from random_networks import random_network


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(network=networks(), fill=st.sampled_from(["random", "zeros", "ones"]), data=st.data())
def test_every_engine_agrees_on_random_integers_and_the_file_gives_them_back(
    network: Network, fill: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shape = (2, 3, network.image.height, network.image.width)
    seed = data.draw(st.integers(0, 2**32 - 1))
    pixels = {
        "random": np.random.default_rng(seed).integers(0, 256, shape),
        "zeros": np.zeros(shape),
        "ones": np.full(shape, 255),
    }[fill].astype(np.uint8)
    assert_engines_agree(network, pixels)
    path = tmp_path_factory.mktemp("onnx") / "q.onnx"
    write(network, path, {"made_by": "a test"})
    assert read(path).digest() == network.digest()
    assert read_notes(path) == {"made_by": "a test"}
    small, data = path.with_suffix(".fbz"), path.read_bytes()
    small.write_bytes(compress(data, network).data)
    assert read_bytes(small) == data


@pytest.mark.parametrize("signed", [False, True])
def test_ties_round_up_and_both_ends_saturate(signed: bool) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    network = one_conv(signed=signed, multiplier=32768, shift=16)  # halves every sum
    pixels3 = np.repeat(pixels, 3, axis=1)
    result = network.golden(pixels3.astype(np.int64))["only"][0, 0].reshape(-1)
    # sums are 127 * pixel - 300; an odd sum is a tie
    sums = 127 * np.arange(256) - 300
    expected = np.floor(sums / 2 + 0.5)
    low, high = (-128, 127) if signed else (0, 255)
    assert np.array_equal(result, np.clip(expected, low, high))
    assert {low, high} <= set(result.tolist())
    assert_engines_agree(network, pixels3)


def test_sums_beyond_31_bits_after_the_multiplier_stay_exact() -> None:
    """Onnxruntime's Max on int64 fails from 2**31 on; the exported model must not meet it."""
    network = one_conv(signed=True, multiplier=65535, shift=31, bias=500_000)
    assert_engines_agree(network, np.full((1, 3, 16, 16), 255, np.uint8))


def test_a_shift_that_leaves_more_than_31_bits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match="layer 'only': shift=0 leaves more than 31 bits"):
        write(one_conv(signed=False, multiplier=65535, shift=0), tmp_path / "q.onnx")
    assert not list(tmp_path.iterdir())


def _replace(model: onnx.ModelProto, name: str, value: np.ndarray) -> None:
    tensor = next(x for x in model.graph.initializer if x.name == name)
    tensor.CopyFrom(numpy_helper.from_array(value, name))


def _rename(model: onnx.ModelProto) -> None:
    model.graph.node[3].op_type = "Mul"


def _attribute(model: onnx.ModelProto) -> None:
    conv = next(x for x in model.graph.node if x.op_type == "ConvInteger")
    next(x for x in conv.attribute if x.name == "strides").ints[:] = [2, 2]


def _weight(model: onnx.ModelProto) -> None:
    _replace(model, "only.weight_zero", np.array(127, np.uint8))


def _high(model: onnx.ModelProto) -> None:
    tensor = next(x for x in model.graph.initializer if x.name == "only.high")
    _replace(model, "only.high", numpy_helper.to_array(tensor) - 1)


def _code(model: onnx.ModelProto) -> None:
    _replace(model, "only.codes", np.full((1, 3, 1, 1), 200, np.uint8))


def _shape(model: onnx.ModelProto) -> None:
    _replace(model, "only.codes", np.zeros((1, 3, 1, 2), np.uint8))


def _external(model: onnx.ModelProto) -> None:
    tensor = next(x for x in model.graph.initializer if x.name == "only.codes")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    tensor.ClearField("raw_data")


def _dims(model: onnx.ModelProto) -> None:
    tensor = next(x for x in model.graph.initializer if x.name == "only.codes")
    tensor.dims[:] = [1 << 40, 1 << 40]


def _missing(model: onnx.ModelProto) -> None:
    del model.graph.initializer[:]


def _extra(model: onnx.ModelProto) -> None:
    model.graph.node.add(op_type="Loop", name="more")


def _more_of_the_graph(model: onnx.ModelProto) -> None:
    model.graph.value_info.add(name="only.sums")


def _opset(model: onnx.ModelProto) -> None:
    model.opset_import.add(domain="evil", version=1)


def _metadata(old: str, new: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        (prop,) = [x for x in model.metadata_props if x.key == "firebrick.network"]
        assert old in prop.value
        prop.value = prop.value.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_rename, "node 'only.biased' differs"),
        (_attribute, "node 'only.sums' differs"),
        (_weight, "initializer 'only.weight_zero' differs"),
        (_high, "initializer 'only.high' differs"),
        (_code, "conv 'only': codes=200 is no entry"),
        (_shape, "conv 'only': codes="),
        (_external, "initializer 'only.codes'"),
        (_dims, "initializer 'only.codes'"),
        (_missing, "initializer 'only.codes' is missing"),
        (_extra, "nodes=.*metadata describe"),
        (_opset, "opset_import differs"),
        (_more_of_the_graph, "graph differs"),
        (_metadata('"shift": 16', '"shift": 17'), "initializer 'only.offset' differs"),
        (
            _metadata('"shift": 16', '"shift": 99'),
            r"firebrick.network: layers 'only': shift=99 is not in 0\.\.40",
        ),
        (_metadata('"shift": 16', '"shift": true'), "shift=True is not an integer"),
        (_metadata('"kernel": 1', '"kernel": 1e9'), "kernel=1000000000.0 is not an integer"),
        (_metadata('"stride": 1', '"stride": 2'), "output.height=16 has windows outside"),
        (_metadata('"height": 16', '"height": 16000'), "resize=16 is less than the input's 16000"),
        (_metadata('"bits": 8', '"bits": 16'), "image=.*is not of unsigned bytes"),
        (_metadata('"border": [0,', '"border": ['), r"border=\(0, 0, 0\) is not four numbers"),
        (_metadata('"border": [0,', '"border": [1,'), r"fill=\(\) is not 3 numbers in 0..255"),
        (_metadata('"border": [0,', '"border": [2000,'), r"border\[0\]=2000 is not in 0..1024"),
        (_metadata('"border": [0,', '"border": [0.5,'), r"border\[0\]=0.5 is not an integer"),
        (_metadata('"border": [0, 0, 0, 0], "ch', '"ch'), "border is missing"),
        (_metadata('"fill": []', '"fill": [1, 2, 3]'), "is not 0 numbers in 0..255"),
        (_metadata('"fill": []', '"fill": [1, 2, 3, 4]'), "fill=4 exceeds 3 integers"),
        (_metadata('"fill": []', '"fill": [1, 2, 256]'), r"fill\[2\]=256 is not in 0..255"),
        (
            _metadata('"border": [0, 0, 0, 0]', '"border": [8, 0, 8, 0]'),
            r"border=\(8, 0, 8, 0\) leaves nothing of 16x16",
        ),
        (_metadata('"image": 1.0', '"image": 0.0'), "scales: image=0.0 is not positive"),
        (_metadata('"channels": "RGB"', '"channels": "XYZ"'), "channels=XYZ is not RGB or BGR"),
        (_metadata('"mean": [0.0, 0.0, 0.0]', '"mean": []'), r"mean=\(\) is not 3 finite numbers"),
        (_metadata('"resize": 16', '"resize": 9'), "resize=9 is less than the input's 16"),
        (_metadata('["image"]', '["other"]'), "input 'other' is not computed"),
        (_metadata('["image"]', '["image", "image"]'), "inputs=2 is not 1"),
        (_metadata('"kind": "conv"', '"kind": "exec"'), "kind='exec' is none of"),
        (_metadata('"layers": [', '"layers": 3, "x": ['), "layers=3 is not a list of objects"),
        (_metadata('"scales": {', '"scales": {}, "x": {'), "scales has no 'image'"),
        (_metadata('"image": 1.0', '"image": NaN'), "scales: image=nan is not finite"),
        (_metadata("{", "[" * 100_000), "firebrick.network: is not JSON"),
        (_metadata("{", " " * (4 << 20) + "{"), r"firebrick.network: size=\d+ exceeds 4194304"),
        (_metadata('"name": "one"', '"name": "one", "more": 1'), "more=1 is not a known field"),
        (_metadata('"scales": {', '"scales": {"\\u001b": 0, '), r"scales: '\\x1b'=0.0 is not pos"),
        (_metadata('"mean": ', '"means": '), "mean is missing"),
        (_metadata('"name": "only"', '"name": "a\\nb"'), "is not one line of up to 200"),
        (_metadata('"name": "only"', '"name": "../up"'), "is not of letters, digits and _"),
    ],
)
def test_a_changed_file_is_refused_in_one_line(
    change: Callable[[onnx.ModelProto], None], message: str, tmp_path: Path
) -> None:
    model = to_model(one_conv(signed=True, multiplier=32768, shift=16))
    change(model)
    path = tmp_path / "changed.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(FirebrickError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_tensors_that_only_metadata_make_large_are_refused(tmp_path: Path) -> None:
    model = to_model(one_conv(signed=True, multiplier=32768, shift=16))
    (prop,) = [x for x in model.metadata_props if x.key == "firebrick.network"]
    document = json.loads(prop.value)
    large = document["image"] | {"height": 2048, "width": 2048}
    window = {"kernel": 1, "stride": 1, "pad_top": 0, "pad_left": 0}
    pool = {"kind": "maxpool", "output": large} | window
    names = ["image", *(f"pool{n}" for n in range(9))]
    document["layers"] = [pool | {"name": b, "inputs": [a]} for a, b in pairwise(names)]
    document["image"] = large
    prop.value = json.dumps(document)
    path = tmp_path / "large.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(
        FirebrickError, match=r"layer 'pool4': values=\d+ up to here exceed"
    ) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_bytes_are_read_unchanged_or_refused(data: st.DataObject, tmp_path: Path) -> None:
    network = one_conv(signed=True, multiplier=32768, shift=16)
    whole = bytearray(to_model(network).SerializeToString())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "damaged.onnx"
    path.write_bytes(whole)
    try:
        result = read(path)
    except FirebrickError:
        return
    assert len(result.layers) == 1  # a change of a scale, a label or a note is still consistent


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not an onnx file", b"\xff" * 1000])
def test_files_that_are_no_onnx_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(FirebrickError, match=r"x\.onnx"):
        read(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(FirebrickError, match="cannot be read"):
            read(path)


def one_conv(*, signed: bool, multiplier: int, shift: int, bias: int = -300) -> Network:
    """One 1x1 convolution of the first channel by 127."""
    conv = Conv(
        name="only",
        input=TensorType(3, 16, 16),
        output=TensorType(1, 16, 16, 8, signed),
        kernel=1,
        stride=1,
        pad=0,
        codes=np.array([1, 0, 0], np.uint8).reshape(1, 3, 1, 1),
        codebook=np.array([0, 127]),
        code_bits=2,
        value_bits=8,
        bias=np.array([bias]),
        multiplier=np.array([multiplier]),
        shift=shift,
    )
    scales = {"image": 1.0, "only": 0.5}
    return Network("one", conv.input, (Layer(conv, ("image",)),), Preprocessing(16), scales)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_what_is_not_square_is_read_as_it_was_written(seed: int, tmp_path: Path) -> None:
    network = random_network(seed)
    assert network.image.height != network.image.width
    write(network, tmp_path / "q.onnx")
    assert read(tmp_path / "q.onnx").digest() == network.digest()
