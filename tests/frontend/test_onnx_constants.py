# SPDX-License-Identifier: Apache-2.0
"""Weights that a graph computes from constants are computed when it is read, within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx_builders import RNG, Builder, same_function, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load
from firebrick.frontend.onnx_reader import read
from firebrick.frontend.onnx_reader.scope import Scope

W = RNG.normal(size=(5, 3, 3, 3)).astype(np.float32)


def transposed(b: Builder) -> str:
    return b("Transpose", b.constant(W.transpose(2, 3, 1, 0)), perm=[3, 2, 0, 1])


def reshaped(b: Builder) -> str:
    shape = b("Concat", b.constant([5, 3], np.int64), b.constant([3, -1], np.int64), axis=0)
    return b("Reshape", b.constant(W.reshape(-1)), shape)


def scaled(b: Builder) -> str:
    return b("Mul", b.constant(W), b.random(5, 1, 1, 1))


def normalized(b: Builder) -> str:
    """Weight standardization, as a graph that was not folded has it."""
    w = b.constant(W)
    centred = b("Sub", w, b("ReduceMean", w, axes=[1, 2, 3]))
    power = b("ReduceMean", b("Mul", centred, centred), axes=[1, 2, 3])
    return b("Div", centred, b("Sqrt", b("Add", power, b.constant(1e-5))))


def widened(b: Builder) -> str:
    return b("Cast", b.constant(W, np.float16), to=TensorProto.FLOAT)


def dequantized(b: Builder) -> str:
    steps = b.constant(np.rint(W * 40), np.int8)
    return b("DequantizeLinear", steps, b.constant(1 / 40), b.constant(0, np.int8))


def filled(b: Builder) -> str:
    value = onnx.numpy_helper.from_array(np.array([0.25], np.float32))
    ones = b("ConstantOfShape", b.constant([5, 3, 3, 3], np.int64), value=value)
    return b("Add", ones, b.constant(W))


def sliced(b: Builder) -> str:
    """Of a Split the second part."""
    whole = b.constant(np.concatenate([W * 0, W]))
    name = b("Split", whole, axis=0)
    b.nodes[-1].output.append("second")
    assert b.nodes[-1].output[0] == name
    return "second"


def through_identities(b: Builder) -> str:
    return b("Identity", b("Squeeze", b("Unsqueeze", b.constant(W), b.constant([0], np.int64))))


WAYS = (
    *(transposed, reshaped, scaled, normalized, widened, dequantized, filled, sliced),
    *(through_identities,),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda x: x.__name__)
def test_weights_are_computed(way: Callable[[Builder], str], tmp_path: Path) -> None:
    b = Builder()
    x = b("Relu", b("Conv", b.image, way(b)))
    x = b("GlobalAveragePool", b.conv(x, (4, 5, 1)))
    graph = same_function(b.model(x, image=("N", 3, 9, 9)), tmp_path)
    assert len(graph.nodes) == 3


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_whole_models_of_other_reals_are_read_as_float32(kind: type, tmp_path: Path) -> None:
    b = Builder()
    x = b("Relu", b("Conv", b.image, b.constant(W, kind)))
    x = b("GlobalAveragePool", b("Conv", x, b.constant(RNG.normal(size=(4, 5, 1, 1)), kind)))
    model = b.model(x, image=("N", 3, 9, 9))
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = element
    graph = load(str(save(model, tmp_path)))
    assert all(x.weights.dtype == np.float32 for x in graph.nodes if x.kind == "conv")
    np.testing.assert_array_equal(graph.nodes[0].weights, W.astype(kind).astype(np.float32))


def test_shapes_that_are_computed_from_the_image_are_known(tmp_path: Path) -> None:
    """Frames, then what is left, as exporters write a view."""
    b = Builder()
    x = b("GlobalAveragePool", b.conv(b.image, (4, 3, 3)))
    sizes = b("Shape", x)
    frames = b("Gather", sizes, b.constant([0], np.int64), axis=0)
    channels = b("Slice", sizes, b.constant([1], np.int64), b.constant([2], np.int64))
    shape = b("Concat", frames, b("Mul", channels, b.constant([1], np.int64)), axis=0)
    same_function(b.model(b("Reshape", x, shape), shape=("N", 4)), tmp_path)


HUGE = np.array([1 << 20, 1 << 20], np.int64)


def too_large(b: Builder, way: str) -> str:
    one = b.constant([[1.0]])
    if way == "ConstantOfShape":
        return b("ConstantOfShape", b.constant(HUGE, np.int64))
    if way in ("Expand", "Tile"):
        return b(way, one, b.constant(HUGE, np.int64))
    if way == "Pad":
        return b("Pad", one, b.constant([0, 0, *HUGE], np.int64))
    if way == "Range":
        return b("Range", *(b.constant(x, np.int64) for x in (0, 1 << 40, 1)))
    row = b.constant(np.ones((1, 1 << 14)))
    return b("Mul", row, b("Transpose", row))


@pytest.mark.parametrize("way", ["ConstantOfShape", "Expand", "Tile", "Pad", "Range", "Mul"])
def test_constants_are_bounded_before_they_are_made(way: str, tmp_path: Path) -> None:
    b = Builder()
    weights = too_large(b, way)
    x = b("GlobalAveragePool", b("Conv", b.image, weights))
    path = save(b.model(x, inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match=re.escape("of up to 16777216 values")) as caught:
        load(str(path))
    assert f"({way})" in str(caught.value)


def test_operands_that_do_not_fit_are_refused_in_one_line(tmp_path: Path) -> None:
    b = Builder()
    weights = b("Reshape", b.constant(W), b.constant([7, 7], np.int64))
    x = b("GlobalAveragePool", b("Conv", b.image, weights))
    path = save(b.model(x, inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match=r"node 'reshape_0' \(Reshape\)") as caught:
        load(str(path))
    assert "\n" not in str(caught.value)


def test_what_constants_are_computed_from_is_bounded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    b = Builder()
    large = b.constant(np.ones(600))
    sums = b("Add", *(b("ReduceSum", large, keepdims=0) for _ in range(2)))
    x = b("Mul", b.conv(b.image, (4, 3, 3)), sums)
    path = save(b.model(b("GlobalAveragePool", x)), tmp_path)
    load(str(path))
    monkeypatch.setattr(read, "Scope", partial(Scope, folding=1000))
    with pytest.raises(FirebrickError, match="inputs=1 reads more than"):
        load(str(path))


def test_constants_are_numbers(tmp_path: Path) -> None:
    b = Builder()
    text = b("Cast", b.constant(np.ones(9)), to=TensorProto.STRING)
    x = b("Mul", b.conv(b.image, (4, 3, 3)), b("Cast", text, to=TensorProto.FLOAT))
    path = save(b.model(b("GlobalAveragePool", x), inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match=r"node 'cast_0' \(Cast\): .* is not made of numbers"):
        load(str(path))


@pytest.mark.parametrize("kind", [np.complex64, np.int8, object])
def test_weights_are_real_numbers(kind: type, tmp_path: Path) -> None:
    b = Builder()
    values = np.full(W.shape, "1.5", object) if kind is object else W.astype(kind)
    b.weights.append(onnx.numpy_helper.from_array(values, "w"))
    path = save(b.model(b("GlobalAveragePool", b("Conv", b.image, "w")), inferred=False), tmp_path)
    with pytest.raises(FirebrickError, match="is not a floating-point type"):
        load(str(path))
