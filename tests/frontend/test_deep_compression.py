# SPDX-License-Identifier: Apache-2.0
"""The `.net` reader: a file made here, broken in every way, and the published one where it is."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from firebrick.errors import FirebrickError
from firebrick.families.blocks import weight_shapes
from firebrick.families.squeezenet import V10, build
from firebrick.frontend import deep_compression, load, onnx_writer
from firebrick.frontend.deep_compression import PREPROCESSING
from firebrick.ir.graph import ConvNode, MaxPoolNode
from firebrick.ir.rules import shapes
from firebrick.onnx_runtime import onnxruntime
from firebrick.passes import prepare

LAYERS = weight_shapes(lambda source: build(V10, source, PREPROCESSING))
PUBLISHED = Path(__file__).parents[3] / "shared" / "models" / "compressed_SqueezeNet.net"

# conv1 stores weights at 0, 16 and 21; fire2_expand3x3 one at 3
STORED = {"conv1": ([7, 8, 9], [0, 15, 4]), "fire2_expand3x3": ([255], [3])}


def parts(stored=STORED):
    """The pieces of a file, by (layer, field) in file order."""
    counts = [len(stored.get(x, ((),))[0]) for x in LAYERS]
    result = {("header", "stored"): struct.pack("<26I", *counts)}
    for index, (name, shape) in enumerate(LAYERS.items()):
        codes, gaps = stored.get(name, ([], []))
        padded = [*gaps, 0]
        pairs = zip(padded[::2], padded[1::2], strict=False)
        codebook = np.arange(256, dtype="<f4") * 0.5
        result[name, "codebook"] = codebook.tobytes()
        result[name, "bias"] = np.full(shape[0], index, "<f4").tobytes()
        result[name, "codes"] = bytes(codes)
        result[name, "gaps"] = bytes(a | b << 4 for a, b in pairs)
    return result


def save(pieces, folder):
    path = folder / "some.net"
    path.write_bytes(b"".join(pieces.values()))
    return path


def refuses(path, message):
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}: ")


def test_positions_and_values(tmp_path):
    convs = [x for x in load(str(save(parts(), tmp_path))).nodes if isinstance(x, ConvNode)]
    assert [x.name for x in convs] == list(LAYERS)
    assert [x.weights.shape for x in convs] == list(LAYERS.values())
    assert [float(x.bias[0]) for x in convs] == list(range(26))
    flat = convs[0].weights.reshape(-1)
    assert np.flatnonzero(flat).tolist() == [0, 16, 21]
    assert flat[[0, 16, 21]].tolist() == [3.5, 4.0, 4.5]
    expand = convs[3].weights.reshape(-1)
    assert np.flatnonzero(expand).tolist() == [3]
    assert expand[3] == 127.5


def test_a_layer_may_store_every_weight(tmp_path):
    stored = STORED | {"fire2_squeeze1x1": ([1] * 1536, [0] * 1536)}
    graph = load(str(save(parts(stored), tmp_path)))
    assert all(x.weights.all() for x in graph.nodes if x.name == "fire2_squeeze1x1")


def test_pools_are_where_version_1_0_has_them(tmp_path):
    graph = load(str(save(parts(), tmp_path)))
    pools = {x.inputs[0] for x in graph.nodes if isinstance(x, MaxPoolNode)}
    assert pools == {"conv1", "fire4_concat", "fire8_concat"}
    known = shapes(graph)
    assert [known[f"pool{x}"].height for x in (1, 4, 8)] == [55, 27, 13]
    assert known["conv10"].height == 15


def test_truncated_anywhere(tmp_path):
    path = save(parts(), tmp_path)
    data = path.read_bytes()
    end = 0
    for (layer, field), piece in parts().items():
        end += len(piece)
        if piece:
            path.write_bytes(data[: end - 1])
            refuses(path, f"layer {layer!r}: {field}=")


def test_empty(tmp_path):
    path = tmp_path / "some.net"
    path.write_bytes(b"")
    refuses(path, "layer 'header': stored=26 of 4 bytes exceeds 0 left")


def test_more_bytes_than_layers(tmp_path):
    path = save(parts() | {"more": b"x"}, tmp_path)
    size = path.stat().st_size
    refuses(path, f"size={size} is not {size - 1}, the end of the last layer")


@pytest.mark.parametrize("count", [14113, 2**32 - 1])
def test_count_beyond_the_layer(count, tmp_path):
    pieces = parts()
    pieces["header", "stored"] = struct.pack("<26I", count, *[0] * 25)
    refuses(save(pieces, tmp_path), f"layer 'conv1': stored={count} exceeds the layer's 14112 wei")


def test_count_beyond_the_file(tmp_path):
    pieces = parts()
    pieces["header", "stored"] = struct.pack("<26I", *[0] * 25, 500_000)
    refuses(save(pieces, tmp_path), "layer 'conv10': codes=500000 of 1 bytes exceeds ")


def test_position_beyond_the_tensor(tmp_path):
    stored = STORED | {"fire2_squeeze1x1": ([1] * 97, [15] * 96 + [0])}
    refuses(
        save(parts(stored), tmp_path),
        "layer 'fire2_squeeze1x1': position=1536 is beyond the 1536 weights",
    )


@pytest.mark.parametrize("field", ["codebook", "bias"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(field, value, tmp_path):
    pieces = parts()
    array = np.frombuffer(pieces["fire4_expand1x1", field], "<f4").copy()
    array[5] = value
    pieces["fire4_expand1x1", field] = array.tobytes()
    message = f"layer 'fire4_expand1x1': {field}[5]={value} is not finite"
    refuses(save(pieces, tmp_path), message)


def test_file_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(deep_compression, "MAX_BYTES", 100)
    refuses(save(parts(), tmp_path), "exceeds 100 bytes")


@pytest.fixture(scope="module")
def published():
    if not PUBLISHED.is_file():
        pytest.skip(f"{PUBLISHED} is not here; it is published by the authors of Deep Compression")
    return load(str(PUBLISHED))


def test_facts_of_the_published_file(published):
    weights = [x.weights for x in published.nodes if isinstance(x, ConvNode)]
    assert sum(x.size for x in weights) == 1_244_448
    assert sum(np.count_nonzero(x) for x in weights) == 415_921
    assert sum(struct.unpack("<26I", PUBLISHED.read_bytes()[:104])) == 422_083


def test_the_published_network_before_and_after_prepare(published):
    prepared = prepare(published)
    average = prepared.nodes[-1]
    assert (average.name, average.count) == ("pool10", 225)
    assert prepared.nodes[-2].pads == (0, 0, 0, 0)
    images = np.random.default_rng(1).normal(0, 60, (2, 3, 227, 227)).astype(np.float32)
    logits = []
    for graph in (published, prepared):
        model = onnx_writer.to_onnx(graph).SerializeToString()
        logits += onnxruntime.InferenceSession(model).run(None, {"image": images})
    np.testing.assert_allclose(logits[1], logits[0], rtol=1e-4, atol=1e-4)
