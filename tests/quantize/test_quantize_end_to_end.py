# SPDX-License-Identifier: Apache-2.0
"""Small networks through the whole of it: quantize, export, onnxruntime, read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_networks import assert_engines_agree, conv_node, graphs, photographs

from firebrick.errors import FirebrickError
from firebrick.images import centre_crop
from firebrick.ir.graph import (
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Preprocessing,
    Shape,
)
from firebrick.ops.conv.operator import Conv
from firebrick.passes import prepare
from firebrick.quantize import footprint, tensors
from firebrick.quantize.integer_onnx.export import write
from firebrick.quantize.integer_onnx.load import read
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import sqnr_db, statistics
from firebrick.quantize.quantizer import quantize

PHOTOGRAPHS = photographs()
FAST = {"crops": 4, "patches": 40}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    graph=graphs(),
    weight_bits=st.integers(2, 8),
    act_bits=st.sampled_from([4, 6, 8]),
    scheme=st.sampled_from(["codebook", "linear"]),
    compensate=st.booleans(),
)
def test_every_engine_agrees_on_what_quantize_makes(
    graph: Graph, weight_bits: int, act_bits: int, scheme: str, compensate: bool
) -> None:
    options = QuantizeOptions(weight_bits, act_bits, scheme, compensate=compensate, **FAST)
    network = quantize(graph, options, PHOTOGRAPHS)
    side = graph.input.height
    pixels = np.stack(
        [centre_crop(x, side, side, side) for x in PHOTOGRAPHS[:2]]
        + [np.zeros((3, side, side), np.uint8), np.full((3, side, side), 255, np.uint8)]
    )
    assert_engines_agree(network, pixels)
    nodes = {x.name: x for x in graph.nodes}
    for layer in network:
        if isinstance(layer.operator, Conv):
            node = nodes[layer.name]
            pruned = node.weights == 0
            if layer.inputs == ("image",) and graph.preprocessing.channels == "BGR":
                pruned = pruned[:, ::-1]
            assert not layer.operator.codes[pruned].any()
            assert len(layer.operator.codebook) <= 1 << weight_bits
            output = layer.operator.output
            assert output.signed != node.relu
            if node.grid is not None:
                assert (network.scales[node.name], output.bits) == (node.grid.scale, node.grid.bits)
                assert (output.lo, output.hi) == (node.grid.lo, node.grid.hi)
            if node.ceiling is not None:
                assert network.scales[node.name] <= node.ceiling / output.hi


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs(), room=st.integers(0, 200_000))
def test_tensors_that_are_not_kept_change_nothing(graph: Graph, room: int) -> None:
    options = QuantizeOptions(**FAST)
    network = quantize(graph, options, PHOTOGRAPHS)
    with (
        mock.patch.object(footprint, "rooms", lambda graph, _: [room] * len(graph.nodes)),
        mock.patch.object(tensors, "BATCH_VALUES", 1),
    ):
        again = quantize(graph, options, PHOTOGRAPHS)
    assert again.digest() == network.digest()
    assert again.scales == network.scales


def test_what_would_take_too_much_is_refused_by_name() -> None:
    large = replace(_graph(), input=Shape(3, 2048, 2048))
    with pytest.raises(FirebrickError, match="image=2048x2048: crops=64 to calibrate on exceed"):
        quantize(large, QuantizeOptions(), PHOTOGRAPHS)
    first, *rest = _graph().nodes
    assert isinstance(first, ConvNode)
    wide = replace(first, weights=np.zeros((len(first.weights), 3, 40, 40), np.float32))
    with pytest.raises(FirebrickError, match="weights an output=4800 exceeds 4608 in quantizing"):
        quantize(replace(_graph(), nodes=(wide, *rest)), QuantizeOptions(), PHOTOGRAPHS)


@pytest.mark.parametrize("scheme", ["codebook", "linear"])
@pytest.mark.parametrize(("weight_bits", "least_db"), [(8, 30), (6, 26), (4, 15)])
def test_quality_follows_the_bits(scheme: str, weight_bits: int, least_db: float) -> None:
    graph = _graph()
    network = quantize(
        graph, QuantizeOptions(weight_bits, 8, scheme, crops=16), photographs(count=8)
    )
    assert sqnr_db(graph, network, photographs(count=12)[8:]) > least_db


@pytest.mark.parametrize(("act_bits", "least_db"), [(8, 35), (2, 10)])
def test_a_ring_and_coarse_inputs_are_made_up_for(act_bits: int, least_db: float) -> None:
    """The average counts the pixels of a folded ring; a bias corrects what inputs are off by."""
    rng = np.random.default_rng(3)
    stem = conv_node(rng, "stem", "image", (6, 3, 3), stride=2)
    last = conv_node(rng, "last", "stem", (5, 6, 1), pads=(1, 1, 1, 1))
    nodes = (stem, last, GlobalAveragePoolNode("average", ("last",)))
    graph = prepare(Graph("ringed", Shape(3, 12, 12), nodes, Preprocessing(16)))
    assert graph.nodes[-1].count == 49
    network = quantize(graph, QuantizeOptions(act_bits=act_bits), photographs(count=12)[:8])
    assert sqnr_db(graph, network, photographs(count=12)[8:]) > least_db


def test_operands_of_an_add_keep_their_own_scales() -> None:
    rng = np.random.default_rng(3)
    stem = conv_node(rng, "stem", "image", (6, 3, 3), stride=2)
    loud = conv_node(rng, "loud", "stem", (6, 6, 1))
    loud = replace(loud, weights=8 * loud.weights)
    last = conv_node(rng, "last", "sum", (5, 6, 1))
    nodes = (stem, loud, AddNode("sum", ("stem", "loud")), last)
    graph = prepare(
        Graph(
            "bypassed",
            Shape(3, 12, 12),
            (*nodes, GlobalAveragePoolNode("average", ("last",))),
            Preprocessing(16),
        )
    )
    network = quantize(graph, QuantizeOptions(), photographs(count=12)[:8])
    assert sqnr_db(graph, network, photographs(count=12)[8:]) > 30


def test_compensation_beats_plain_rounding() -> None:
    graph = _graph()
    shown, held_back = photographs(count=12)[:8], photographs(count=12)[8:]
    plain, compensated = (
        sqnr_db(
            graph,
            quantize(graph, QuantizeOptions(4, crops=16, compensate=x), shown),
            held_back,
        )
        for x in (False, True)
    )
    assert compensated > plain + 1


def test_same_seed_same_network_and_it_survives_a_file(tmp_path: Path) -> None:
    graph, options = _graph(), QuantizeOptions(**FAST)
    first, second = (quantize(graph, options, PHOTOGRAPHS) for _ in range(2))
    assert first.digest() == second.digest()
    assert first.digest() != quantize(graph, replace(options, seed=1), PHOTOGRAPHS).digest()
    write(first, tmp_path / "q.onnx")
    again = read(tmp_path / "q.onnx")
    assert again.digest() == first.digest()
    assert (again.scales, again.labels) == (first.scales, first.labels)
    assert (again.name, again.preprocessing) == (first.name, first.preprocessing)
    assert [x.name for x in tmp_path.iterdir()] == ["q.onnx"]


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    quantize(
        _graph(), QuantizeOptions(**FAST), PHOTOGRAPHS, lambda _task, share: seen.append(share)
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_dead_layer_and_a_constant_image_are_no_obstacle() -> None:
    graph = _graph()
    stem = graph.nodes[0]
    dead = replace(stem, weights=np.zeros_like(stem.weights), bias=-np.abs(stem.bias))
    grey = [np.full((3, 24, 24), 128, np.uint8)]
    network = quantize(
        replace(graph, nodes=(dead, *graph.nodes[1:])), QuantizeOptions(**FAST), grey
    )
    assert_engines_agree(network, np.full((1, 3, 12, 12), 9, np.uint8))


def test_a_large_bias_is_given_a_coarser_scale() -> None:
    graph = _graph()
    stem = graph.nodes[0]
    bias = stem.bias.copy()
    bias[1] = 4e6
    network = quantize(
        replace(graph, nodes=(replace(stem, bias=bias), *graph.nodes[1:])),
        QuantizeOptions(**FAST),
        PHOTOGRAPHS,
    )
    conv = network.layers[0].operator
    assert 1 << 17 < conv.bias[1] < 1 << 19


def test_statistics_count_a_centre_tap_as_one_weight() -> None:
    graph = _graph()
    expand = graph.nodes[2]
    weights = expand.weights.copy()
    weights[:2, :, [0, 0, 0, 1, 1, 2, 2, 2], [0, 1, 2, 0, 2, 0, 1, 2]] = 0
    weights[3, 0, 1, 1] = 0
    nodes = (*graph.nodes[:2], replace(expand, weights=weights), *graph.nodes[3:])
    network = quantize(replace(graph, nodes=nodes), QuantizeOptions(8, **FAST), PHOTOGRAPHS)
    others = sum(x.weights.size for x in nodes if isinstance(x, ConvNode)) - expand.weights.size
    counts = statistics(network)
    assert counts["weights"] == others + 2 * 3 + 4 * 3 * 9
    assert counts["nonzero"] <= counts["weights"] - 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"weight_bits": 9}, "weight_bits=9 is not in 2..8"),
        ({"act_bits": 1}, "act_bits=1 is not in 2..8"),
        ({"value_bits": 5}, "value_bits=5 is not in 6..8"),
        ({"scheme": "log"}, "scheme=log is none of codebook, linear"),
    ],
)
def test_options_out_of_range_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(FirebrickError, match=message):
        QuantizeOptions(**fields)


def test_no_photographs_or_wrong_ones_are_refused() -> None:
    with pytest.raises(FirebrickError, match="photographs=0"):
        quantize(_graph(), QuantizeOptions(), [])
    with pytest.raises(FirebrickError, match="is not uint8"):
        quantize(_graph(), QuantizeOptions(), [np.zeros((24, 24, 3), np.uint8)])


def _graph() -> Graph:
    rng = np.random.default_rng(3)
    nodes = (
        conv_node(rng, "stem", "image", (6, 3, 3), relu=True),
        conv_node(rng, "squeeze", "stem", (3, 6, 1), relu=True),
        conv_node(rng, "expand", "squeeze", (6, 3, 3), pads=(1, 1, 1, 1), relu=True),
        MaxPoolNode("pool", ("expand",), 3, 2, ceil=True),
        conv_node(rng, "classes", "pool", (5, 6, 1)),
    )
    how = Preprocessing(resize=12, channels="BGR", mean=(104.0, 117.0, 123.0), std=(50.0,) * 3)
    return Graph("small", Shape(3, 12, 12), nodes, how, ("a", "b", "c", "d", "e"))
