# SPDX-License-Identifier: Apache-2.0
"""Sums, factors and clamps are read in every form that exporters give them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx_builders import CLASSES, Builder, same_function, save

from firebrick.errors import FirebrickError
from firebrick.frontend import load
from firebrick.ir.graph import ReluNode

IMAGE = ("N", 3, 9, 11)
Way = Callable[[Builder, str], str]


def finished(b: Builder, x: str, channels: int = 8) -> object:
    return b.model(b("GlobalAveragePool", b.conv(x, (CLASSES, channels, 1))), image=IMAGE)


RELUS: dict[str, Way] = {
    "Max": lambda b, x: b("Max", x, b.constant(0.0)),
    "Max, the other way": lambda b, x: b("Max", b.constant([[[[0.0]]]]), x),
    "Clip": lambda b, x: b("Clip", x, b.constant(0.0)),
    "Max of a vector": lambda b, x: b("Max", x, b.constant(np.zeros((8, 1, 1)))),
    "Clip to the largest number": lambda b, x: b(
        "Clip", x, b.constant(0.0), b.constant(np.finfo(np.float32).max)
    ),
}
CLAMPS: dict[str, Way] = {
    "Clip": lambda b, x: b("Clip", x, b.constant(0.0), b.constant(0.75)),
    "Min of Relu": lambda b, x: b("Min", b("Relu", x), b.constant(0.75)),
    "Min of Max": lambda b, x: b("Min", b.constant(0.75), b("Max", x, b.constant(0.0))),
    "Clip of Relu": lambda b, x: b("Clip", b("Relu", x), "", b.constant(0.75)),
    "Min of a pool": lambda b, x: b(
        "Min", b("MaxPool", b("Relu", x), kernel_shape=[2, 2]), b.constant(0.75)
    ),
}


@pytest.mark.parametrize("case", RELUS)
def test_a_relu_by_another_name(case: str, tmp_path: Path) -> None:
    b = Builder()
    model = finished(b, RELUS[case](b, b.conv(b.image, (8, 3, 3))))
    graph = same_function(model, tmp_path)
    assert [x.kind for x in graph.nodes] == ["conv", "conv", "global average"]
    assert (graph.nodes[0].relu, graph.nodes[0].ceiling) == (True, None)


@pytest.mark.parametrize("case", CLAMPS)
def test_a_relu_with_a_ceiling(case: str, tmp_path: Path) -> None:
    b = Builder()
    graph = same_function(finished(b, CLAMPS[case](b, b.conv(b.image, (8, 3, 3)))), tmp_path)
    assert (graph.nodes[0].relu, graph.nodes[0].ceiling) == (True, 0.75)


def test_relu6_of_old_opsets_has_its_bounds_as_attributes(tmp_path: Path) -> None:
    b = Builder()
    x = b("Clip", b.conv(b.image, (8, 3, 3)), min=0.0, max=6.0)
    x = b("GlobalAveragePool", b.conv(x, (CLASSES, 8, 1)))
    graph = load(str(save(b.model(x, opset=10, image=IMAGE), tmp_path)))
    assert [x.ceiling for x in graph.nodes if isinstance(x, ReluNode)] == [6.0]


def test_a_clip_without_bounds_is_nothing(tmp_path: Path) -> None:
    b = Builder()
    graph = same_function(finished(b, b("Clip", b.conv(b.image, (8, 3, 3)))), tmp_path)
    assert not graph.nodes[0].relu


REFUSED: dict[str, tuple[Way, str]] = {
    "hard tanh": (
        lambda b, x: b("Clip", x, b.constant(-1.0), b.constant(1.0)),
        "min=-1.0 is not 0: only ReLU",
    ),
    "no lower bound": (lambda b, x: b("Min", x, b.constant(6.0)), "min=nothing is not 0"),
    "a raised floor": (lambda b, x: b("Max", x, b.constant(1.0)), "min=1.0 is not 0"),
    "nothing left": (lambda b, x: b("Clip", x, b.constant(0.0), b.constant(0.0)), "max=0.0 is not"),
    "a number a channel": (lambda b, x: b("Max", x, b.random(8, 1, 1)), "is not one number"),
    "division of": (lambda b, x: b("Div", b.constant(1.0), x), "is a constant: it is divided"),
    "division by zero": (lambda b, x: b("Div", x, b.constant(0.0)), "input[1]=0.0 is divided by"),
    "a product": (lambda b, x: b("Mul", x, b("Relu", x)), "is not a constant"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_hardware_computes(case: str, tmp_path: Path) -> None:
    way, message = REFUSED[case]
    b = Builder()
    path = save(finished(b, way(b, b.conv(b.image, (8, 3, 3)))), tmp_path)
    with pytest.raises(FirebrickError) as caught:
        load(str(path))
    assert message in str(caught.value)


SUMS: dict[str, Way] = {
    "Sum of two": lambda b, x: b("Sum", x, b.conv(x, (8, 8, 1))),
    "Sum of three": lambda b, x: b("Sum", x, b.conv(x, (8, 8, 1)), b.conv(x, (8, 8, 1))),
    "Sum of one": lambda b, x: b("Sum", x),
    "twice the same": lambda b, x: b("Add", x, x),
    "a difference": lambda b, x: b("Sub", x, b.conv(x, (8, 8, 1))),
    "Sum with a number": lambda b, x: b("Sum", x, b.random(8, 1, 1)),
    "Max that changes nothing": lambda b, x: b("Max", x, b.constant(-1.0)),
    "less a number": lambda b, x: b("Sub", x, b.random(8, 1, 1)),
    "a number less": lambda b, x: b("Sub", b.constant(1.0), x),
    "negative": lambda b, x: b("Neg", x),
    "divided": lambda b, x: b("Div", x, b.random(1, 8, 1, 1, positive=True)),
}


@pytest.mark.parametrize("case", SUMS)
def test_sums_and_factors(case: str, tmp_path: Path) -> None:
    b = Builder()
    x = SUMS[case](b, b.relu_conv(b.image, (8, 3, 3)))
    same_function(finished(b, b("Relu", x) if case == "a difference" else x), tmp_path)


NORMS: dict[str, Way] = {
    "norm of a Fire": lambda b, x: b.norm(b.fire(x, 8, 2), 16),
    "factors of a Fire": lambda b, x: b("Mul", b.fire(x, 8, 2), b.random(16, 1, 1)),
    "norm, then ReLU": lambda b, x: b("Relu", b.norm(b.fire(x, 8, 2), 16)),
    "norm before a padded convolution": lambda b, x: b.conv(
        b.norm(b.fire(x, 8, 2), 16), (16, 16, 3), pads=[1, 1, 1, 1]
    ),
    "norm that two read": lambda b, x: two_readers(b, b.norm(b.fire(x, 8, 2), 16)),
}


def two_readers(b: Builder, x: str) -> str:
    parts = [b.conv(x, (8, 16, 1)), b.conv(x, (8, 16, 1))]
    return b("Relu", b("Concat", *parts, axis=1))


@pytest.mark.parametrize("case", NORMS)
def test_a_norm_behind_a_relu(case: str, tmp_path: Path) -> None:
    b = Builder()
    x = NORMS[case](b, b.relu_conv(b.image, (8, 3, 3)))
    same_function(finished(b, x, 16), tmp_path)


@pytest.mark.parametrize("op", ["LogSoftmax", "Sigmoid", "Softmax"])
def test_what_keeps_the_order_of_logits_may_end_a_network(op: str, tmp_path: Path) -> None:
    b = Builder()
    x = b("Flatten", b("GlobalAveragePool", b.conv(b.image, (CLASSES, 3, 3))))
    path = save(b.model(b(op, x), image=IMAGE), tmp_path)
    graph = load(str(path))
    assert graph.nodes[-1].op == op


def test_training_in_any_form_is_refused(tmp_path: Path) -> None:
    for opset, outputs in ((9, 5), (13, 5), (15, 3)):
        b = Builder()
        x = b.norm(b.conv(b.image, (8, 3, 3)), 8, **({"training_mode": 1} if opset > 13 else {}))
        b.nodes[-1].output.extend(f"o{n}" for n in range(1, outputs))
        model = finished(b, x)
        model.opset_import[0].version = opset
        del model.graph.value_info[:]
        with pytest.raises(FirebrickError, match=r"outputs=\d is not 1|training_mode=1 is not 0"):
            load(str(save(model, tmp_path)))
