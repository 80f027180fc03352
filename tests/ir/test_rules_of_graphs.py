# SPDX-License-Identifier: Apache-2.0
"""Every rule of a float graph, broken once."""

import re
from dataclasses import replace

import numpy as np
import pytest

from firebrick.errors import FirebrickError
from firebrick.ir.graph import (
    AddNode,
    ConcatNode,
    ConvNode,
    GlobalAveragePoolNode,
    IdentityNode,
    MaxPoolNode,
    Preprocessing,
    ReluNode,
    Shape,
)
from firebrick.ir.limits import MAX_VALUES
from firebrick.ir.rules import check_rules, output_shape, shapes
from graph_builders import batch_norm, conv, graph, normal

CONV = conv("c", "image", (4, 3, 3))
NAN = replace(CONV, weights=np.where(np.arange(27).reshape(3, 3, 3) == 5, np.nan, CONV.weights))
INFINITE = replace(CONV, bias=np.array([0, np.inf, 0, 0], np.float32))
NEGATIVE = replace(batch_norm("n", "image", 3), var=np.full(3, -1, np.float32))
HOW = graph(CONV).preprocessing

BROKEN = {
    "no layers": (graph(CONV, averaged=False), {"nodes": ()}, "layers=0 is not a network"),
    "name twice": (graph(CONV, replace(CONV)), {}, "conv 'c': name='c' is used twice"),
    "name of the image": (
        graph(conv("image", "image", (4, 3, 3))),
        {},
        "name='image' is used twice",
    ),
    "unknown input": (
        graph(conv("c", "x", (4, 3, 3))),
        {},
        "conv 'c': input='x' is not computed before this layer",
    ),
    "channels": (
        graph(conv("c", "image", (4, 5, 3))),
        {},
        "conv 'c': weights=(4, 5, 3, 3) does not take 3 channels",
    ),
    "not square": (
        graph(replace(CONV, weights=normal(4, 3, 3, 2))),
        {},
        "weights=(4, 3, 3, 2) is not of shape (O, I, K, K)",
    ),
    "bias": (graph(replace(CONV, bias=normal(5))), {}, "bias=(5,) is not of shape (4,)"),
    "stride": (graph(replace(CONV, stride=0)), {}, "stride=0 is less than 1"),
    "uneven pads": (
        graph(replace(CONV, pads=(1, 0, 1, 0))),
        {},
        "pads=(1, 0, 1, 0) differs between top and left",
    ),
    "negative pads": (graph(replace(CONV, pads=(0, 0, -1, 0))), {}, "is negative"),
    "small": (graph(conv("c", "image", (4, 3, 12))), {}, "is smaller than the window"),
    "huge": (graph(replace(CONV, pads=(1 << 20,) * 4)), {}, f"exceeds {MAX_VALUES} values"),
    "huge input": (
        graph(CONV),
        {"input": Shape(3, 1 << 13, 1 << 13)},
        f"exceeds {MAX_VALUES} values",
    ),
    "no input": (graph(CONV), {"input": Shape(0, 11, 11)}, "is not positive"),
    "nan": (graph(NAN), {}, "conv 'c': weights[0,0,1,2]=nan is not finite"),
    "infinite": (graph(INFINITE), {}, "conv 'c': bias[1]=inf is not finite"),
    "name": (graph(CONV), {"name": "a\nb"}, r"graph: name='a\nb' is not a text of 200 characters"),
    "label": (graph(CONV), {"labels": (*"abc", "\x1b")}, r"graph: labels[3]='\x1b' is not a text"),
    "long name": (graph(CONV), {"name": "a" * 201}, "graph: name='aaa"),
    "variance": (graph(NEGATIVE), {}, "batch norm 'n': var=-1.0 plus 0.001 is not positive"),
    "norm": (graph(batch_norm("n", "image", 4)), {}, "scale=(4,) is not of shape (3,)"),
    "concat": (
        graph(CONV, ConcatNode("j", ("image", "c"))),
        {},
        "concat 'j': inputs=Shape(channels=3, height=11, width=11) and "
        "Shape(channels=4, height=9, width=9) differ in height or width",
    ),
    "add": (graph(CONV, AddNode("s", ("image", "c"))), {}, "differ in shape"),
    "arity": (graph(AddNode("s", ("image",))), {}, "add 's': inputs=1 is not 2"),
    "pool": (graph(MaxPoolNode("p", ("image",), 0, 1)), {}, "kernel=0 is less than 1"),
    "pool pads": (
        graph(MaxPoolNode("p", ("image",), 2, 1, pads=(0, 0, 0, 2))),
        {},
        "pads=(0, 0, 0, 2) is not less than the kernel, 2",
    ),
    "pool pads below 0": (
        graph(MaxPoolNode("p", ("image",), 2, 1, pads=(-1, 0, 0, 0))),
        {},
        "pads=(-1, 0, 0, 0) is negative",
    ),
    "ring": (
        graph(GlobalAveragePoolNode("g", ("image",), normal(4)), averaged=False),
        {},
        "ring=(4,) is not of shape (3,)",
    ),
    "count": (
        graph(GlobalAveragePoolNode("g", ("image",), count=120), averaged=False),
        {},
        "count=120 is less than the input's 121 pixels",
    ),
    "flatten": (
        graph(IdentityNode("f", ("image",), "Flatten")),
        {},
        "is not 1x1, as Flatten requires",
    ),
    "unread": (graph(ReluNode("r", ("image",)), CONV), {}, "relu 'r': output='r' is read by no"),
    "map": (graph(CONV, averaged=False), {}, "is not 1x1, as logits are"),
    "row": (
        graph(CONV, averaged=False),
        {"input": Shape(3, 3, 11)},
        "output=Shape(channels=4, height=1, width=9) is not 1x1, as logits are",
    ),
    "labels": (graph(CONV), {"labels": ("cat",)}, "labels=1 is not the number of logits, 4"),
    "order": (graph(CONV), {"preprocessing": replace(HOW, channels="GBR")}, "channels=GBR is not"),
    "resize": (graph(CONV), {"preprocessing": replace(HOW, resize=9)}, "less than the input's 11"),
    "mean": (graph(CONV), {"preprocessing": Preprocessing(32, mean=(1.0,))}, "3 finite numbers"),
    "std": (graph(CONV), {"preprocessing": replace(HOW, std=(1, 0, 1))}, "is not positive"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_graph(case):
    model, fields, message = BROKEN[case]
    with pytest.raises(FirebrickError, match=re.escape(message)):
        check_rules(replace(model, **fields))


def test_shapes():
    pool = MaxPoolNode("p", ("c",), 3, 2, ceil=True)
    assert shapes(graph(CONV, pool, side=12)) == {
        "image": Shape(3, 12, 12),
        "c": Shape(4, 10, 10),
        "p": Shape(4, 5, 5),
        "average": Shape(4, 1, 1),
    }


@pytest.mark.parametrize(
    "size, kernel, stride, ceil, windows",
    [
        (7, 3, 2, False, 3),
        (8, 3, 2, False, 3),
        (8, 3, 2, True, 4),
        (2, 3, 2, True, 1),
        (5, 1, 3, True, 2),
    ],
)
def test_windows_begin_inside_the_image(size, kernel, stride, ceil, windows):
    pool = MaxPoolNode("p", ("image",), kernel, stride, ceil)
    assert output_shape(pool, [Shape(1, size, size)]) == Shape(1, windows, windows)


@pytest.mark.parametrize(
    "size, kernel, stride, ceil, height, width",
    [(7, 3, 2, False, 3, 4), (7, 3, 2, True, 4, 5), (6, 5, 1, False, 3, 5), (2, 3, 3, True, 1, 2)],
)
def test_windows_begin_in_the_padding(size, kernel, stride, ceil, height, width):
    pool = MaxPoolNode("p", ("image",), kernel, stride, ceil, (1, 2, 0, 1))
    assert pool.infer([Shape(1, size, size)]) == Shape(1, height, width)


def test_a_sound_graph_is_returned():
    assert isinstance(check_rules(graph(CONV)).nodes[0], ConvNode)
