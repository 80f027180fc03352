# SPDX-License-Identifier: Apache-2.0
"""ReLU6 and Quant become part of the layer before them, and the function stays as it was."""

from dataclasses import replace

import numpy as np
import pytest

from firebrick.ir.graph import (
    AddNode,
    ConcatNode,
    GlobalAveragePoolNode,
    IdentityNode,
    MaxPoolNode,
    Preprocessing,
    QuantNode,
    ReluNode,
)
from firebrick.ir.grid import Grid
from firebrick.ir.rules import check_rules
from firebrick.passes import prepare
from firebrick.passes.carry_activation import carry_activation
from firebrick.passes.drop_identities import drop_identities
from firebrick.passes.fold_batchnorm import fold_batchnorm
from firebrick.passes.fold_ring import fold_ring
from firebrick.passes.fuse_relu import fuse_relu
from firebrick.passes.hoist_elementwise import hoist_elementwise
from graph_builders import apply, batch_norm, conv, graph, refuses

BYTE = Grid(0.03125, 8, signed=False, narrow=False)
SIGNED = Grid(0.0625, 6, signed=True, narrow=False)
NARROW = Grid(0.125, 4, signed=True, narrow=True)


def stem(**fields):
    return conv("a", "image", (4, 3, 3), **fields)


@pytest.mark.parametrize(
    ("ceilings", "kept"),
    [((6.0,), 6.0), ((2.0, 0.5), 0.5), ((0.5, 2.0), 0.5), ((None, 1.0), 1.0), ((1.0, None), 1.0)],
)
def test_the_smaller_ceiling_is_kept(ceilings, kept):
    relus = [
        ReluNode(f"r{n}", (f"r{n - 1}" if n else "a",), ceiling)
        for n, ceiling in enumerate(ceilings)
    ]
    after, kinds = apply(fuse_relu, graph(stem(), *relus))
    assert kinds == ["Conv", "GlobalAveragePool"]
    assert (after.nodes[0].relu, after.nodes[0].ceiling) == (True, kept)


def test_a_ceiling_goes_through_pool_and_concat_to_an_addition_and_convolutions():
    before = graph(
        stem(),
        conv("b", "image", (4, 3, 3)),
        AddNode("sum", ("a", "b")),
        MaxPoolNode("pool", ("sum",), 2, 2),
        ReluNode("r", ("pool",), 0.75),
        conv("c", "r", (2, 4, 1)),
        conv("d", "r", (3, 4, 1)),
        ConcatNode("both", ("c", "d")),
        ReluNode("r2", ("both",), 0.5),
    )
    after, kinds = apply(prepare, before)
    assert kinds == ["Conv", "Conv", "Add", "MaxPool", "Conv", "GlobalAveragePool"]
    assert [x.ceiling for x in (*after.nodes[:3], after.nodes[4])] == [None, None, 0.75, 0.5]


def test_parts_with_other_ceilings_are_not_joined():
    relus = (ReluNode("r", ("a",), 1.0), ReluNode("s", ("b",), 2.0))
    nodes = stem(), conv("b", "image", (4, 3, 3)), *relus, ConcatNode("both", ("r", "s"))
    refuses(prepare, graph(*nodes), "s.ceiling=2.0 is not 1.0 as in 'r'")


@pytest.mark.parametrize(
    ("grid", "relu", "fused"),
    [
        (BYTE, False, BYTE),  # an unsigned one is a ReLU
        (BYTE, True, BYTE),
        (SIGNED, False, SIGNED),
        (SIGNED, True, Grid(0.0625, 5, signed=False, narrow=False)),
        (NARROW, False, NARROW),
        (NARROW, True, Grid(0.125, 3, signed=False, narrow=False)),
        (replace(BYTE, narrow=True), False, replace(BYTE, narrow=True)),
    ],
)
def test_a_grid_is_that_of_the_layer_before(grid, relu, fused):
    between = (ReluNode("r", ("a",)),) if relu else ()
    before = graph(stem(), *between, QuantNode("q", ("r" if relu else "a",), grid))
    after, kinds = apply(fuse_relu, before)
    assert kinds == ["Conv", "GlobalAveragePool"]
    assert (after.nodes[0].grid, after.nodes[0].relu) == (fused, relu or not grid.signed)


def test_a_relu_behind_a_grid_takes_its_sign():
    before = graph(stem(), QuantNode("q", ("a",), SIGNED), ReluNode("r", ("q",)))
    after, kinds = apply(fuse_relu, before)
    assert kinds == ["Conv", "GlobalAveragePool"]
    assert after.nodes[0].grid == SIGNED.behind_relu()
    unsigned = graph(stem(), QuantNode("q", ("a",), BYTE), ReluNode("r", ("q",), 8.0))
    after, kinds = apply(fuse_relu, unsigned)
    assert (after.nodes[0].grid, after.nodes[0].ceiling) == (BYTE, None)


def test_a_grid_goes_through_batch_norm_pool_and_concat():
    before = graph(
        stem(),
        conv("b", "image", (5, 3, 3)),
        ConcatNode("both", ("a", "b")),
        batch_norm("norm", "both", 9),
        MaxPoolNode("pool", ("norm",), 3, 2, ceil=True),
        QuantNode("q", ("pool",), BYTE),
    )
    after, kinds = apply(prepare, before)
    assert kinds == ["Conv", "MaxPool", "GlobalAveragePool"]
    assert after.nodes[0].grid == BYTE


def test_the_same_grid_twice_is_one():
    before = graph(
        stem(),
        QuantNode("q", ("a",), SIGNED),
        MaxPoolNode("p", ("q",), 2, 2),
        QuantNode("q2", ("p",), SIGNED),
        conv("b", "q2", (4, 4, 1)),
        AddNode("sum", ("p", "b")),
        QuantNode("left", ("sum",), BYTE),
        QuantNode("right", ("sum",), BYTE),
        AddNode("sum2", ("left", "right")),
    )
    after, kinds = apply(prepare, before)
    assert kinds == ["Conv", "MaxPool", "Conv", "Add", "Add", "GlobalAveragePool"]
    assert [x.grid for x in after.nodes if hasattr(x, "grid")] == [SIGNED, None, BYTE, None]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            (QuantNode("q", ("a",), SIGNED), QuantNode("q2", ("q",), BYTE)),
            f"quant 'q2': grid={BYTE} is not {SIGNED}, which its input is on: one tensor has one",
        ),
        (
            (QuantNode("q", ("a",), SIGNED), AddNode("sum", ("a", "q"))),
            "quant 'q': input='a' is also read by 'sum' without this Quant: give both the same",
        ),
        (
            (ReluNode("r", ("a",), 1.0), QuantNode("q", ("r",), BYTE)),
            "quant 'q': largest value=7.96875 exceeds the ceiling 1.0 before it: train it with a",
        ),
        (
            (QuantNode("q", ("a",), BYTE), ReluNode("r", ("q",), 1.0)),
            "relu 'r': ceiling=1.0 is below 7.96875, the largest value of the grid that its input",
        ),
        (
            (QuantNode("q", ("a",), replace(BYTE, bits=9)), conv("b", "q", (4, 4, 1))),
            "quant 'q': bits=9 is not in 2..8, as between layers",
        ),
        (
            (ReluNode("r", ("a",)), QuantNode("q", ("r",), replace(SIGNED, bits=2))),
            "quant 'q': bits=1 is not in 2..8, as between layers; a ReLU takes the sign's bit",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(nodes, message):
    refuses(prepare, graph(stem(), *nodes), message)


def test_a_ceiling_that_the_grid_reaches_is_kept():
    nodes = ReluNode("r", ("a",), 6.0), QuantNode("q", ("r",), Grid(6 / 255, 8, False, False))
    after, _ = apply(prepare, graph(stem(), *nodes))
    assert (after.nodes[0].ceiling, after.nodes[0].grid.hi) == (6.0, 255)


def test_batch_norm_is_not_folded_behind_a_grid():
    before = graph(stem(grid=SIGNED), batch_norm("norm", "a", 4))
    _, kinds = apply(fold_batchnorm, before)
    assert kinds == ["Conv", "Conv", "GlobalAveragePool"]


@pytest.mark.parametrize(
    "fields", [{"relu": True, "ceiling": 0.25}, {"grid": NARROW}, {"relu": True, "grid": BYTE}]
)
def test_a_ring_is_clamped_and_rounded_too(fields):
    before = graph(conv("a", "image", (6, 3, 1), pads=(1, 1, 1, 1), **fields))
    after, _ = apply(fold_ring, before)
    assert after.nodes[0].pads == (0, 0, 0, 0)


def test_the_last_quant_is_kept_where_a_layer_can_have_it():
    average = GlobalAveragePoolNode("average", ("a",))
    for last in (QuantNode("q", ("average",), BYTE), QuantNode("q", ("flat",), BYTE)):
        flat = IdentityNode("flat", ("average",), "Flatten")
        nodes = (stem(), average, flat) if last.inputs == ("flat",) else (stem(), average)
        after = drop_identities(check_rules(graph(*nodes, last, averaged=False)))
        assert [x.name for x in after.nodes] == ["a", "average"]
    whole = conv("a", "image", (4, 3, 11))
    for bits, kept in ((8, True), (9, False)):
        last = QuantNode("q", ("a",), replace(SIGNED, bits=bits))
        after = prepare(check_rules(graph(whole, last, averaged=False)))
        (node,) = after.nodes
        assert (node.grid == last.grid) is kept


def pixels(scale, bits, *, signed, std):
    how = Preprocessing(32, mean=(128.0,) * 3, std=(std,) * 3)
    quant = QuantNode("q", ("image",), Grid(scale, bits, signed, False))
    return replace(graph(quant, conv("a", "q", (4, 3, 3))), preprocessing=how)


@pytest.mark.parametrize(
    ("scale", "bits", "signed", "kept"),
    [
        (1 / 64, 8, True, False),  # pixels themselves
        (1 / 128, 16, True, False),  # finer, and wide
        (1 / 100, 8, True, True),  # clips
        (1 / 32, 8, True, True),  # coarser
        (1 / 64, 8, False, True),  # what is below the mean becomes 0
    ],
)
def test_a_quant_of_the_image_is_left_out_where_pixels_are_as_fine(scale, bits, signed, kept):
    before = check_rules(pixels(scale, bits, signed=signed, std=64.0))
    after = check_rules(carry_activation(before))
    kinds = [type(x).__name__ for x in after.nodes]
    extra = ["ConvNode", "QuantNode"] if kept else []
    assert kinds == [*extra, "ConvNode", "GlobalAveragePoolNode"]
    if kept:
        fused = prepare(before)
        assert np.array_equal(fused.nodes[0].weights[:, :, 0, 0], np.eye(3))
        assert fused.nodes[0].grid.scale == scale
        apply(prepare, before)


def test_ceilings_and_grids_move_up_over_what_chooses_only():
    before = graph(
        stem(), MaxPoolNode("p", ("a",), 2, 2), QuantNode("q", ("p",), BYTE), ReluNode("r", ("q",))
    )
    _, kinds = apply(hoist_elementwise, before)
    assert kinds == ["Conv", "Quant", "Relu", "MaxPool", "GlobalAveragePool"]


def test_a_relu_of_an_average_is_that_of_a_convolution_of_its_own():
    nodes = (
        stem(),
        GlobalAveragePoolNode("average", ("a",)),
        ReluNode("relu", ("average",), 0.5),
        conv("classes", "relu", (3, 4, 1)),
    )
    _, kinds = apply(carry_activation, graph(*nodes, averaged=False))
    assert kinds == ["Conv", "GlobalAveragePool", "Conv", "Relu", "Conv"]
    prepared, kinds = apply(prepare, graph(*nodes, averaged=False))
    assert kinds == ["Conv", "GlobalAveragePool", "Conv", "Conv"]
    assert (prepared.nodes[2].relu, prepared.nodes[2].ceiling) == (True, 0.5)


def test_a_quant_of_an_average_is_that_of_a_convolution_of_its_own():
    nodes = (
        stem(relu=True),
        GlobalAveragePoolNode("average", ("a",)),
        QuantNode("quant", ("average",), BYTE),
        conv("classes", "quant", (3, 4, 1)),
    )
    prepared = prepare(graph(*nodes, averaged=False))
    assert [x.kind for x in prepared.nodes] == ["conv", "global average", "conv", "conv"]
    assert prepared.nodes[2].grid == BYTE
