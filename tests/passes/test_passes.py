# SPDX-License-Identifier: Apache-2.0
"""Each pass gives the layers it promises and leaves the function as it was."""

import time

import numpy as np
import pytest

from firebrick import passes
from firebrick.errors import FirebrickError
from firebrick.ir.graph import (
    AddNode,
    ConcatNode,
    ConvNode,
    GlobalAveragePoolNode,
    IdentityNode,
    MaxPoolNode,
    ReluNode,
)
from firebrick.ir.rules import check_rules
from firebrick.passes import prepare
from firebrick.passes.drop_identities import drop_identities
from firebrick.passes.fold_batchnorm import fold_batchnorm
from firebrick.passes.fold_ring import fold_ring
from firebrick.passes.fuse_relu import fuse_relu
from firebrick.passes.hoist_elementwise import hoist_elementwise
from graph_builders import apply, batch_norm, conv, graph, refuses


def test_drop_identities():
    before = graph(
        conv("a", "image", (4, 3, 3)),
        IdentityNode("drop", ("a",), "Dropout"),
        ConcatNode("single", ("drop",)),
        conv("b", "single", (5, 4, 1)),
        GlobalAveragePoolNode("average", ("b",)),
        IdentityNode("flat", ("average",), "Flatten"),
        averaged=False,
    )
    after, kinds = apply(drop_identities, before)
    assert kinds == ["Conv", "Conv", "GlobalAveragePool"]
    assert after.nodes[1].inputs == ("a",)


def test_softmax_is_dropped_at_the_end_only():
    nodes = [
        conv("a", "image", (4, 3, 3)),
        GlobalAveragePoolNode("average", ("a",)),
        IdentityNode("probabilities", ("average",), "Softmax"),
        IdentityNode("same", ("probabilities",)),
    ]
    assert len(drop_identities(check_rules(graph(*nodes, averaged=False))).nodes) == 2
    nodes.append(conv("b", "same", (2, 4, 1)))
    message = "identity 'probabilities': op=Softmax is supported at the end of the network only"
    refuses(drop_identities, graph(*nodes, averaged=False), message)


def test_hoist_relu_over_pool_and_concat():
    before = graph(
        conv("a", "image", (4, 3, 1)),
        conv("b", "image", (5, 3, 3), pads=(1, 1, 1, 1)),
        ConcatNode("both", ("a", "b")),
        MaxPoolNode("pool", ("both",), 3, 2, ceil=True),
        ReluNode("relu", ("pool",)),
    )
    _, kinds = apply(hoist_elementwise, before)
    assert kinds == ["Conv", "Conv", "Relu", "Relu", "Concat", "MaxPool", "GlobalAveragePool"]
    after, kinds = apply(prepare, before)
    assert kinds == ["Conv", "MaxPool", "GlobalAveragePool"]
    assert after.nodes[0].relu


def test_hoist_batch_norm_over_concat():
    before = graph(
        conv("a", "image", (4, 3, 1)),
        conv("b", "image", (5, 3, 3), pads=(1, 1, 1, 1)),
        ConcatNode("both", ("a", "b")),
        batch_norm("norm", "both", 9),
        ReluNode("relu", ("norm",)),
    )
    _, kinds = apply(hoist_elementwise, before)
    assert kinds[2:] == ["BatchNorm", "BatchNorm", "Relu", "Relu", "Concat", "GlobalAveragePool"]
    _, kinds = apply(prepare, before)
    assert kinds == ["Conv", "GlobalAveragePool"]


def test_hoist_leaves_what_others_read():
    before = graph(
        conv("a", "image", (4, 3, 1)),
        MaxPoolNode("pool", ("a",), 3, 2),
        ReluNode("relu", ("pool",)),
        AddNode("sum", ("pool", "relu")),
    )
    _, kinds = apply(hoist_elementwise, before)
    assert kinds == ["Conv", "MaxPool", "Relu", "Add", "GlobalAveragePool"]


def test_fold_batch_norm_twice_in_a_row():
    before = graph(
        conv("a", "image", (4, 3, 3)), batch_norm("n1", "a", 4), batch_norm("n2", "n1", 4)
    )
    _, kinds = apply(fold_batchnorm, before)
    assert kinds == ["Conv", "GlobalAveragePool"]


@pytest.mark.parametrize("relu", [False, True])
def test_batch_norm_of_anything_else_becomes_a_convolution(relu):
    before = graph(
        conv("a", "image", (4, 3, 3), relu=relu),
        batch_norm("norm", "a", 4),
        AddNode("sum", ("a", "norm")),
        batch_norm("last", "sum", 4),
    )
    after, kinds = apply(fold_batchnorm, before)
    assert kinds == ["Conv", "Conv", "Add", "Conv", "GlobalAveragePool"]
    assert np.count_nonzero(after.nodes[1].weights) == 4


def test_fuse_relu():
    before = graph(
        conv("a", "image", (4, 3, 3)),
        ReluNode("r1", ("a",)),
        ReluNode("r2", ("r1",)),
        conv("b", "r2", (4, 4, 1)),
        AddNode("sum", ("b", "r2")),
        ReluNode("r3", ("sum",)),
    )
    after, kinds = apply(fuse_relu, before)
    assert kinds == ["Conv", "Conv", "Add", "GlobalAveragePool"]
    assert [x.relu for x in after.nodes[:3]] == [True, False, True]


def test_fuse_relu_refuses():
    both = graph(conv("a", "image", (4, 3, 3)), ReluNode("r", ("a",)), AddNode("sum", ("a", "r")))
    refuses(fuse_relu, both, "relu 'r': input='a' is also read without the ReLU")
    other = graph(ReluNode("r", ("image",)))
    refuses(fuse_relu, other, "relu 'r': input='image' is not a convolution or an addition")


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("pads", [(1, 1, 1, 1), (2, 2, 0, 1), (0, 0, 3, 0)])
def test_fold_ring(relu, pads):
    before = graph(conv("a", "image", (6, 3, 1), pads=pads, relu=relu))
    after, _ = apply(fold_ring, before)
    top, left, bottom, right = pads
    side = before.input.height
    assert after.nodes[0].pads == (0, 0, 0, 0)
    assert after.nodes[1].count == (side + top + bottom) * (side + left + right)


@pytest.mark.parametrize("kernel, stride", [(3, 1), (1, 2)])
def test_fold_ring_leaves_other_convolutions(kernel, stride):
    layer = conv("a", "image", (6, 3, kernel), pads=(1, 1, 1, 1), stride=stride)
    after, _ = apply(fold_ring, graph(layer))
    assert after.nodes[0].pads == (1, 1, 1, 1)


def test_names_of_a_network_with_bypasses():
    def fire(name, source, channels):
        return (
            conv(f"{name}s", source, (2, channels, 1), relu=True),
            conv(f"{name}x", f"{name}s", (4, 2, 1), relu=True),
            conv(f"{name}y", f"{name}s", (4, 2, 3), relu=True, pads=(1, 1, 1, 1)),
            ConcatNode(name, (f"{name}x", f"{name}y")),
        )

    before = graph(
        conv("c", "image", (8, 3, 3), pads=(1, 1, 1, 1)),
        *fire("f", "c", 8),
        AddNode("sum", ("c", "f")),
        MaxPoolNode("p", ("sum",), 3, 2),
        *fire("g", "p", 8),
        conv("skip", "p", (8, 8, 1)),
        AddNode("sum2", ("g", "skip")),
        conv("last", "sum2", (5, 8, 1), relu=True),
        MaxPoolNode("q", ("last",), 2, 2),
    )
    after, _ = apply(prepare, before)
    assert [x.name for x in after.nodes] == [
        "conv1",
        "fire2_squeeze",
        "fire2_expand",
        "bypass2",
        "pool2",
        "fire3_squeeze",
        "fire3_expand",
        "conv4",
        "bypass4",
        "conv5",
        "pool5",
        "pool5_2",
    ]


def test_prepare_verifies_after_each_pass(monkeypatch):
    def loses_a_layer(before):
        return type(before)("x", before.input, before.nodes[1:], before.preprocessing)

    monkeypatch.setattr(passes, "PIPELINE", (loses_a_layer, *passes.PIPELINE))
    with pytest.raises(FirebrickError, match="input='a' is not computed before this layer"):
        prepare(graph(conv("a", "image", (4, 3, 3))))


def test_prepare_refuses_what_hardware_lacks():
    wide = conv("a", "image", (4, 3, 3), pads=(3, 3, 3, 3))
    refuses(prepare, graph(wide), "conv 'conv1': pads=(3, 3, 3, 3) is not less than the kernel")


def test_prepared_graphs_hold_four_kinds_of_layers():
    before = graph(
        conv("a", "image", (4, 3, 3)),
        batch_norm("norm", "a", 4),
        ReluNode("relu", ("norm",)),
        IdentityNode("drop", ("relu",), "Dropout"),
        conv("b", "drop", (4, 4, 1), pads=(1, 1, 1, 1)),
        ReluNode("relu2", ("b",)),
    )
    after, kinds = apply(prepare, before)
    assert kinds == ["Conv", "Conv", "GlobalAveragePool"]
    assert all(isinstance(x, ConvNode) and x.relu for x in after.nodes[:2])


def _pools_then_relus(count):
    nodes = [conv("first", "image", (4, 3, 3))]
    for index in range(count):
        nodes.append(MaxPoolNode(f"p{index}", (nodes[-1].name,), 1, 1))
    for index in range(count):
        nodes.append(ReluNode(f"r{index}", (nodes[-1].name,)))
    return graph(*nodes)


def test_layers_by_the_thousand_move_or_are_refused_in_seconds():
    start = time.process_time()
    moved = hoist_elementwise(_pools_then_relus(100))
    kinds = [type(x) for x in moved.nodes]
    assert kinds == [ConvNode] + [ReluNode] * 100 + [MaxPoolNode] * 100 + [GlobalAveragePoolNode]
    refuses(hoist_elementwise, _pools_then_relus(2000), "is among over 16384 to be moved")
    prepare(_pools_then_relus(60))
    assert time.process_time() - start < 5


def test_pools_by_the_thousand_are_named_in_seconds():
    nodes = [conv("first", "image", (4, 3, 3))]
    for index in range(3000):
        nodes.append(MaxPoolNode(f"p{index}", (nodes[-1].name,), 1, 1))
    start = time.process_time()
    named = prepare(graph(*nodes))
    assert [x.name for x in named.nodes[1:4]] == ["pool1", "pool1_2", "pool1_3"]
    assert time.process_time() - start < 3
