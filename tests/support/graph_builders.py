# SPDX-License-Identifier: Apache-2.0
"""Small random graphs, and what onnxruntime says they compute."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

import qonnx_model
from firebrick.errors import FirebrickError
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.ir.graph import (
    IMAGE,
    BatchNormNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    Node,
    Preprocessing,
    Shape,
)
from firebrick.ir.rules import check_rules
from firebrick.onnx_runtime import onnxruntime

SIDE = 11
RNG = np.random.default_rng(2016)


def normal(*shape: int) -> NDArray[np.float32]:
    return RNG.normal(size=shape).astype(np.float32)


def conv(name: str, source: str, shape: tuple[int, int, int], **fields: object) -> ConvNode:
    """A convolution of random weights; `shape` is (outputs, inputs, kernel)."""
    out, channels, kernel = shape
    return ConvNode(name, (source,), normal(out, channels, kernel, kernel), normal(out), **fields)


def batch_norm(name: str, source: str, channels: int) -> BatchNormNode:
    scale, bias, mean, var = (normal(channels) for _ in range(4))
    return BatchNormNode(name, (source,), scale, bias, mean, np.abs(var) + 0.1, 1e-3)


def graph(*nodes: Node, side: int = SIDE, averaged: bool = True) -> Graph:
    """A classifier of 3-channel images, which ends in a global average."""
    last = (GlobalAveragePoolNode("average", (nodes[-1].name,)),) if averaged else ()
    how = Preprocessing(resize=32, mean=(0.0,) * 3, std=(1.0,) * 3)
    return Graph("test", Shape(3, side, side), (*nodes, *last), how)


def logits(model: Graph, images: NDArray[np.float32]) -> NDArray[np.float32]:
    written = to_onnx(model)
    if any(x.domain for x in written.graph.node):
        return qonnx_model.run(written, images)[0]
    session = onnxruntime.InferenceSession(written.SerializeToString())
    (result,) = session.run(None, {IMAGE: images})
    return result


def assert_same_function(before: Graph, after: Graph) -> None:
    """Both give the same logits for random images, but for the rounding of float32."""
    images = normal(3, before.input.channels, before.input.height, before.input.width)
    wanted = logits(before, images)
    assert wanted.std() > 1e-3, "logits that do not depend on anything prove nothing"
    np.testing.assert_allclose(logits(after, images), wanted, rtol=1e-5, atol=1e-5)


def apply(rewrite, before):
    """The graph after a pass that must not change the function, and the kinds of its layers."""
    after = check_rules(rewrite(before))
    assert_same_function(before, after)
    return after, [type(x).__name__.removesuffix("Node") for x in after.nodes]


def refuses(rewrite, before, message):
    with pytest.raises(FirebrickError, match=re.escape(message)):
        rewrite(check_rules(before))
