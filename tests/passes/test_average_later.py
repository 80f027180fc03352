# SPDX-License-Identifier: Apache-2.0
"""Averages in the midst of a network: when a convolution moves before them, and when they go."""

import numpy as np
import pytest

from firebrick.ir.graph import (
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    IdentityNode,
    ReluNode,
)
from firebrick.ir.grid import Grid
from firebrick.ir.rules import check_rules
from firebrick.passes import prepare
from firebrick.passes.average_later import SHARE, average_later
from firebrick.passes.drop_identities import drop_identities
from graph_builders import SIDE, apply, conv, graph, normal

PIXELS = SIDE * SIDE
OFTEN = 80
"""Filters of 3 channels whose work on each pixel a small classifier adds little to."""


def headed(*head, ring=None, count=None, filters=OFTEN):
    """Two convolutions that take some work, an average, and layers behind it."""
    return graph(
        conv("body", "image", (filters, 3, 1), relu=True),
        conv("neck", "body", (4, filters, 1), relu=True),
        GlobalAveragePoolNode("average", ("neck",), ring, count),
        *head,
        averaged=False,
    )


@pytest.mark.parametrize("count", [None, PIXELS + 7], ids=["all", "more"])
@pytest.mark.parametrize("ringed", [False, True])
def test_a_small_classifier_moves_before_the_average(ringed, count):
    ring = normal(4) * 50 if ringed else None
    before = headed(conv("classes", "average", (2, 4, 1)), ring=ring, count=count)
    after, kinds = apply(average_later, before)
    assert kinds == ["Conv", "Conv", "Conv", "GlobalAveragePool"]
    assert [x.name for x in after.nodes[2:]] == ["average", "classes"]
    assert (after.nodes[-1].ring is None) is (not ringed and count is None)


def test_linear_layers_move_one_after_the_other():
    head = conv("wide", "average", (2, 4, 1)), conv("classes", "wide", (2, 2, 1))
    after, kinds = apply(average_later, headed(*head, filters=2 * OFTEN))
    assert kinds == ["Conv"] * 4 + ["GlobalAveragePool"]
    assert after.nodes[-1].name == "classes"


def work(before):
    """Multiplications of `headed` with two classes of 4 channels."""
    filters = len(before.nodes[0].weights)
    return (filters * 3 + 4 * filters) * PIXELS + 8


@pytest.mark.parametrize("off", [0, 1])
def test_it_moves_while_it_adds_no_more_than_the_share(off):
    filters = next(n for n in range(1, 999) if (7 * n * PIXELS + 8) >= 8 * (PIXELS - 1) * SHARE)
    before = headed(conv("classes", "average", (2, 4, 1)), filters=filters - off)
    assert (work(before) // SHARE >= 8 * (PIXELS - 1)) is (off == 0)
    _, kinds = apply(average_later, before)
    assert kinds[-1] == ("Conv" if off else "GlobalAveragePool")


def test_zeros_cost_nothing():
    classes = conv("classes", "average", (9, 4, 1))
    assert apply(average_later, headed(classes))[1][-1] == "Conv"
    classes.weights[2:] = 0
    assert apply(average_later, headed(classes))[1][-1] == "GlobalAveragePool"


@pytest.mark.parametrize(
    "fields", [{"relu": True}, {"stride": 2}, {"pads": (0, 0, 1, 1), "stride": 2}], ids=str
)
def test_what_is_not_linear_in_pixels_stays(fields):
    _, kinds = apply(average_later, headed(conv("classes", "average", (2, 4, 1), **fields)))
    assert kinds[-1] == "Conv"


def test_what_rounds_its_sums_stays():
    grid = Grid(0.01, 8, signed=True, narrow=False)
    head = headed(conv("classes", "average", (2, 4, 1), grid=grid))
    assert average_later(check_rules(head)).nodes[-1].kind == "conv"


def test_an_average_that_others_read_stays():
    head = (
        conv("a", "average", (2, 4, 1)),
        conv("b", "average", (2, 4, 1)),
        AddNode("sum", ("a", "b")),
    )
    _, kinds = apply(average_later, headed(*head))
    assert kinds == ["Conv", "Conv", "GlobalAveragePool", "Conv", "Conv", "Add"]


def test_hidden_layers_stay_behind_the_average():
    head = (
        conv("hidden", "average", (3, 4, 1)),
        ReluNode("relu", ("hidden",)),
        conv("classes", "relu", (2, 3, 1)),
    )
    after, kinds = apply(prepare, headed(*head))
    assert kinds == ["Conv", "Conv", "GlobalAveragePool", "Conv", "Conv"]
    assert [x.name for x in after.nodes] == ["conv1", "conv2", "pool2", "conv3", "conv4"]


def one_pixel(*head, count=None):
    return graph(
        conv("whole", "image", (4, 3, SIDE)),
        GlobalAveragePoolNode("average", ("whole",), None, count),
        *head,
        averaged=False,
    )


def test_an_average_of_one_pixel_goes_where_it_is_read():
    after, kinds = apply(drop_identities, one_pixel(conv("classes", "average", (2, 4, 1))))
    assert kinds == ["Conv", "Conv"]
    assert after.nodes[1].inputs == ("whole",)


@pytest.mark.parametrize("head", [(), (IdentityNode("flat", ("average",), "Flatten"),)], ids=len)
def test_an_average_of_one_pixel_gives_the_logits_as_before(head):
    assert apply(drop_identities, one_pixel(*head))[1] == ["Conv", "GlobalAveragePool"]


def test_an_average_of_one_pixel_and_a_ring_stays():
    head = conv("classes", "average", (2, 4, 1))
    assert apply(drop_identities, one_pixel(head, count=4))[1][1] == "GlobalAveragePool"
    ringed = GlobalAveragePoolNode("average", ("whole",), normal(4), 1)
    nodes = one_pixel(head).nodes
    with_ring = graph(nodes[0], ringed, head, averaged=False)
    assert apply(drop_identities, with_ring)[1][1] == "GlobalAveragePool"


def test_weights_are_those_of_the_classifier():
    classes = conv("classes", "average", (2, 4, 1))
    moved = average_later(headed(classes)).nodes[2]
    assert isinstance(moved, ConvNode)
    assert np.array_equal(moved.weights, classes.weights)
    assert moved.inputs == ("neck",)
