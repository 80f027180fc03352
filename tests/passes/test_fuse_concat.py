# SPDX-License-Identifier: Apache-2.0
"""The Fire pass: convolutions that are joined become one."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firebrick.ir.graph import AddNode, ConcatNode, MaxPoolNode
from firebrick.ir.grid import Grid
from firebrick.passes.fuse_concat import fuse_concat
from graph_builders import apply, conv, graph, refuses


@pytest.mark.parametrize("first", [1, 3])
def test_fire(first):
    kernels = {"a": first, "b": 4 - first}
    before = graph(
        *(conv(x, "image", (4, 3, k), pads=(k // 2,) * 4) for x, k in kernels.items()),
        ConcatNode("both", ("a", "b")),
    )
    after, kinds = apply(fuse_concat, before)
    assert kinds == ["Conv", "GlobalAveragePool"]
    fused = after.nodes[0]
    assert fused.weights.shape == (8, 3, 3, 3)
    assert fused.pads == (1, 1, 1, 1)
    ones = fused.weights[:4] if first == 1 else fused.weights[4:]
    assert np.count_nonzero(ones) == np.count_nonzero(ones[:, :, 1, 1]) == 12


def test_concat_of_a_concat():
    before = graph(
        conv("a", "image", (4, 3, 1)),
        conv("b", "image", (5, 3, 3), pads=(1, 1, 1, 1)),
        ConcatNode("ab", ("a", "b")),
        conv("c", "image", (2, 3, 5), pads=(2, 2, 2, 2)),
        ConcatNode("abc", ("c", "ab")),
    )
    after, kinds = apply(fuse_concat, before)
    assert kinds == ["Conv", "GlobalAveragePool"]
    assert after.nodes[0].weights.shape == (11, 3, 5, 5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_concat_of_any_alike_convolutions(data):
    """Kernels and pads are free, as long as the maps agree in size."""
    side, stride = data.draw(st.integers(6, 9)), data.draw(st.integers(1, 3))
    parts = []
    windows = None
    for index in range(3):
        kernel = data.draw(st.integers(1, 5))
        pad = data.draw(st.integers(0, kernel - 1))
        # at the far edges whatever gives as many windows as the first part has
        for far in data.draw(st.permutations(range(5))):
            count = (side + pad + far - kernel) // stride + 1
            if windows in (None, count):
                windows = count
                pads = (pad, pad, far, far)
                shape = (2, 3, kernel)
                parts.append(conv(f"part{index}", "image", shape, stride=stride, pads=pads))
                break
    assume(len(parts) > 1)
    names = tuple(x.name for x in parts)
    _, kinds = apply(fuse_concat, graph(*parts, ConcatNode("all", names), side=side))
    assert kinds == ["Conv", "GlobalAveragePool"]


def test_fuse_concat_refuses():
    a, b = conv("a", "image", (4, 3, 1)), conv("b", "image", (4, 3, 1), relu=True)
    both = ConcatNode("both", ("a", "b"))
    message = "concat 'both': b.relu=True is not False as in 'a', only like convolutions"
    refuses(fuse_concat, graph(a, b, both), message)
    coarse, fine = (
        conv(name, "image", (4, 3, 1), grid=Grid(scale, 8, signed=True, narrow=False))
        for name, scale in (("a", 0.5), ("b", 0.25))
    )
    message = "only like convolutions can be joined: quantize what is concatenated with one scale"
    refuses(fuse_concat, graph(coarse, fine, both), message)
    read_twice = (a, conv("b", "image", (4, 3, 1)), AddNode("sum", ("a", "b")))
    nodes = (*read_twice, ConcatNode("both", ("a", "sum")))
    refuses(fuse_concat, graph(*nodes), "concat 'both': input='a' is read more than once")
    pool = MaxPoolNode("pool", ("image",), 1, 1)
    nodes = (pool, conv("b", "image", (4, 3, 1)), ConcatNode("both", ("pool", "b")))
    message = "concat 'both': input='pool' is not a convolution, nothing else can be joined"
    refuses(fuse_concat, graph(*nodes), message)
    c = conv("c", "b", (4, 4, 1))
    nodes = (conv("b", "image", (4, 3, 1)), c, conv("d", "image", (1, 3, 1)))
    message = "concat 'both': d.inputs=('image',) is not ('b',) as in 'c'"
    refuses(fuse_concat, graph(*nodes, ConcatNode("both", ("c", "d"))), message)
