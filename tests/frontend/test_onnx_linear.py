# SPDX-License-Identifier: Apache-2.0
"""Fully connected layers become convolutions, whatever operators they are written with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_builders import CLASSES, Builder, same_function, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load

IMAGE = ("N", 3, 9, 11)


def pooled(b: Builder) -> str:
    return b("GlobalAveragePool", b.relu_conv(b.image, (8, 3, 3)))


def gemm(b: Builder) -> str:
    return b("Gemm", b("Flatten", pooled(b)), b.random(CLASSES, 8), b.random(CLASSES), transB=1)


def scaled_gemm(b: Builder) -> str:
    x = b("Squeeze", pooled(b), b.constant([2, 3], np.int64))
    return b("Gemm", x, b.random(8, CLASSES), b.random(1, CLASSES), alpha=0.5, beta=2.0)


def gemm_without_bias(b: Builder) -> str:
    return b("Gemm", b("Flatten", pooled(b)), b.random(8, CLASSES))


def matmul(b: Builder) -> str:
    x = b("Reshape", pooled(b), b.constant([-1, 8], np.int64))
    return b("Add", b("MatMul", x, b.random(8, CLASSES)), b.random(CLASSES))


def matmul_in_channels_last(b: Builder) -> str:
    x = b("Transpose", b.relu_conv(b.image, (8, 3, 3)), perm=[0, 2, 3, 1])
    x = b("Add", b("MatMul", x, b.random(8, CLASSES)), b.random(CLASSES))
    return b("ReduceMean", x, axes=[1, 2], keepdims=0)


def convolution(b: Builder) -> str:
    return b("Flatten", b.conv(pooled(b), (CLASSES, 8, 1)))


def two_with_norm(b: Builder) -> str:
    x = b("Gemm", b("Flatten", pooled(b)), b.random(7, 8), b.random(7), transB=1)
    x = b("Dropout", b("Relu", b.norm(x, 7)))
    return b("Gemm", x, b.random(CLASSES, 7), b.random(CLASSES), transB=1)


def whole_map(b: Builder) -> str:
    """LeNet: the map is flattened, and every pixel has weights of its own."""
    x = b("Relu", b.conv(b.image, (4, 3, 4), strides=[2, 2]))
    return b("Gemm", b("Flatten", x), b.random(CLASSES, 4 * 3 * 4), b.random(CLASSES), transB=1)


def whole_map_in_channels_last(b: Builder) -> str:
    x = b("Relu", b.conv(b.image, (4, 3, 4), strides=[2, 2]))
    x = b("Flatten", b("Transpose", x, perm=[0, 2, 3, 1]))
    return b("MatMul", x, b.random(4 * 3 * 4, CLASSES))


WAYS = (
    *(gemm, scaled_gemm, gemm_without_bias, matmul, matmul_in_channels_last, convolution),
    *(two_with_norm, whole_map, whole_map_in_channels_last),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda x: x.__name__)
def test_function_survives(way: object, tmp_path: Path) -> None:
    b = Builder()
    graph = same_function(b.model(way(b), image=IMAGE), tmp_path)
    assert {x.kind for x in graph.nodes} <= {"conv", "global average"}


@pytest.mark.parametrize(
    ("op", "constants", "fields", "message"),
    [
        ("Gemm", [np.ones((8, 4))], {"transA": 1}, "transA=1 is not 0"),
        ("Gemm", [np.ones((7, 4))], {}, "weights=(7, 4) does not take the 8 of NC"),
        ("Gemm", [np.ones((8, 4)), np.ones(3)], {}, "input[2]=(3,) is not of shape (4,)"),
        ("MatMul", [np.ones((9, 4))], {}, "weights=(9, 4) does not take the 8 of NC"),
        ("MatMul", [np.ones(8)], {}, "input[1]=(8,) is not a matrix"),
    ],
)
def test_matrices_that_do_not_fit(
    op: str, constants: list[np.ndarray], fields: dict[str, int], message: str, tmp_path: Path
) -> None:
    b = Builder()
    x = b(op, b("Flatten", pooled(b)), *(b.constant(x) for x in constants), **fields)
    model = b.model(x, image=IMAGE, inferred=False)
    with pytest.raises(FirebrickError) as caught:
        load(str(save(model, tmp_path)))
    assert message in str(caught.value)
