# SPDX-License-Identifier: Apache-2.0
"""Networks trained with ReLU6 or on grids: integers are those that training has settled on."""

from pathlib import Path

import numpy as np
import pytest
from small_networks import conv_node, photographs

from firebrick import passes
from firebrick.errors import FirebrickError
from firebrick.frontend import load, onnx_writer
from firebrick.images import to_float
from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Preprocessing,
    QuantNode,
    ReluNode,
    Shape,
)
from firebrick.ir.grid import Grid
from firebrick.quantize.floats import run_float
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import run_integers, sqnr_db
from firebrick.quantize.quantizer import quantize
from qonnx_model import run

SIDE = 12
HOW = Preprocessing(SIDE, mean=(128.0,) * 3, std=(64.0,) * 3)
OPTIONS = QuantizeOptions(weight_bits=8, crops=8)
"""Enough for weights of `WEIGHT_BITS` bits to stay what they are."""
WEIGHT_BITS = 4
GRIDS = {
    "unsigned": Grid(0.02, 8, signed=False, narrow=False),
    "few bits": Grid(0.25, 3, signed=False, narrow=False),
    "signed": Grid(0.05, 6, signed=True, narrow=False),
    "narrow": Grid(0.3, 4, signed=True, narrow=True),
    "unsigned narrow": Grid(0.3, 3, signed=False, narrow=True),
}


def on_steps(node: ConvNode) -> ConvNode:
    """A convolution whose weights are on steps of their own, channel by channel."""
    top = (1 << (WEIGHT_BITS - 1)) - 1
    step = np.abs(node.weights).max((1, 2, 3), keepdims=True) / top
    weights = (np.rint(node.weights / step) * step).astype(np.float32)
    return ConvNode(node.name, node.inputs, weights, node.bias, node.stride, node.pads)


def trained(grid: Grid) -> Graph:
    """Every layer that hardware has, with a Quant behind each but the last convolution."""
    rng = np.random.default_rng(5)
    nodes: tuple[Node, ...] = (
        on_steps(conv_node(rng, "a", IMAGE, (6, 3, 3))),
        QuantNode("qa", ("a",), grid),
        MaxPoolNode("pool", ("qa",), 2, 2),
        on_steps(conv_node(rng, "b", "pool", (6, 6, 3), pads=(1, 1, 1, 1))),
        QuantNode("qb", ("b",), grid),
        AddNode("sum", ("pool", "qb")),
        QuantNode("qs", ("sum",), grid),
        on_steps(conv_node(rng, "classes", "qs", (5, 6, 1))),
        GlobalAveragePoolNode("logits", ("classes",)),
    )
    return Graph("trained", Shape(3, SIDE, SIDE), nodes, HOW)


def images(count: int = 100) -> np.ndarray:
    return np.random.default_rng(8).integers(0, 256, (count, 3, SIDE, SIDE)).astype(np.uint8)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_integers_are_those_of_qonnx_but_for_ties(grid: Grid) -> None:
    graph = trained(grid)
    network = quantize(passes.prepare(graph), OPTIONS, [*images(8)])
    pixels = images()
    model = onnx_writer.to_onnx(graph)
    logits, *grids = run(model, to_float(pixels, HOW), ("qa", "qb", "qs"))
    integers = run_integers(network, pixels)
    names = [x.name for x in network]
    for name, wanted in zip((names[0], names[2], names[3]), grids, strict=True):
        kind, scale = network.types()[name], network.scales[name]
        assert (scale, kind.lo, kind.hi) == (grid.scale, grid.lo, grid.hi)
        differs = integers[name] - np.rint(wanted / scale)
        assert np.abs(differs).max() <= 1
        assert np.count_nonzero(differs) <= 0.01 * differs.size
    found = integers[network.output].reshape(logits.shape)
    assert np.mean(found.argmax(1) == logits.argmax(1)) >= 0.97


def test_quality_is_measured_against_the_network_with_its_grids() -> None:
    grid = GRIDS["few bits"]
    graph = passes.prepare(trained(grid))
    network = quantize(graph, OPTIONS, [*images(8)])
    pixels = images(20)
    wanted = run(onnx_writer.to_onnx(trained(grid)), to_float(pixels, HOW))[0]
    assert np.allclose(run_float(graph, to_float(pixels, HOW)), wanted, atol=1e-5)
    assert sqnr_db(graph, network, list(pixels)) > 25


@pytest.mark.parametrize(
    "options", [OPTIONS, QuantizeOptions(act_bits=3, crops=2, compensate=False)]
)
def test_a_grid_is_not_calibrated(options: QuantizeOptions) -> None:
    grid = GRIDS["signed"]
    network = quantize(passes.prepare(trained(grid)), options, photographs(2, SIDE))
    first = network.layers[0]
    assert network.scales[first.name] == grid.scale
    assert first.operator.output == grid.kind(6, SIDE - 2, SIDE - 2)


@pytest.mark.parametrize("ceiling", [0.05, 1.0, 1e4])
def test_the_largest_integer_is_at_most_the_ceiling(ceiling: float) -> None:
    rng = np.random.default_rng(2)
    nodes = (
        conv_node(rng, "a", IMAGE, (6, 3, 3)),
        ReluNode("ra", ("a",), ceiling),
        conv_node(rng, "b", "ra", (6, 6, 3)),
        ReluNode("rb", ("b",), ceiling),
        AddNode("sum", ("rb", "rb2")),
        ReluNode("rs", ("sum",), ceiling),
        conv_node(rng, "classes", "rs", (5, 6, 1)),
        GlobalAveragePoolNode("logits", ("classes",)),
    )
    other = conv_node(rng, "b2", "ra", (6, 6, 3))
    nodes = (*nodes[:4], other, ReluNode("rb2", ("b2",), ceiling), *nodes[4:])
    graph = passes.prepare(Graph("relu6", Shape(3, SIDE, SIDE), nodes, HOW))
    network = quantize(graph, QuantizeOptions(crops=8), [*images(8)])
    integers = run_integers(network, images())
    for node in graph.nodes:
        if isinstance(node, ConvNode | AddNode) and node.relu:
            kind, scale = network.types()[node.name], network.scales[node.name]
            assert scale <= ceiling / kind.hi
            if ceiling < 1:
                # most of what is there is above: the clamp is that of the floats
                assert kind.hi * scale > 0.99 * ceiling
                assert integers[node.name].max() == kind.hi
    assert sqnr_db(graph, network, [*images(20)]) > 20


@pytest.mark.parametrize(
    "fields", [{"relu": True, "ceiling": 1e-9}, {"grid": Grid(1e-12, 8, signed=True, narrow=False)}]
)
@pytest.mark.parametrize("kind", ["conv", "add"])
def test_what_is_far_finer_than_sums_is_refused_by_name(
    kind: str, fields: dict[str, object]
) -> None:
    rng = np.random.default_rng(3)
    nodes = (
        conv_node(rng, "a", IMAGE, (6, 3, 3), **(fields if kind == "conv" else {})),
        AddNode("b", ("a", "a"), **(fields if kind == "add" else {})),
        GlobalAveragePoolNode("logits", ("b",)),
    )
    graph = Graph("fine", Shape(3, SIDE, SIDE), nodes, HOW)
    with pytest.raises(FirebrickError, match=r"steps of the output in one of its sums") as error:
        quantize(graph, OPTIONS, [*images(2)])
    assert str(error.value).startswith(f"{kind} {('a' if kind == 'conv' else 'b')!r}: ")


def test_a_graph_with_grids_is_written_and_read_again(tmp_path: Path) -> None:
    for graph in (trained(GRIDS["narrow"]), passes.prepare(trained(GRIDS["unsigned"]))):
        path = tmp_path / "written.onnx"
        onnx_writer.write(graph, path)
        again = passes.prepare(load(str(path)))
        wanted = passes.prepare(graph)
        assert [type(x) for x in again.nodes] == [type(x) for x in wanted.nodes]
        for one, other in zip(again.nodes, wanted.nodes, strict=True):
            if isinstance(one, ConvNode | AddNode) and isinstance(other, ConvNode | AddNode):
                assert (one.grid is None) == (other.grid is None)
                if one.grid is not None and other.grid is not None:
                    assert np.float32(one.grid.scale) == np.float32(other.grid.scale)
                    assert one.grid.kind(1, 1, 1) == other.grid.kind(1, 1, 1)
        pixels = to_float(images(3), HOW)
        assert np.array_equal(run_float(again, pixels), run_float(wanted, pixels))


def test_a_ceiling_is_written_as_a_clip(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    nodes = (
        conv_node(rng, "a", IMAGE, (6, 3, 3), relu=True, ceiling=0.5),
        conv_node(rng, "b", "a", (5, 6, 1)),
        ReluNode("r", ("b",), 0.25),
        GlobalAveragePoolNode("logits", ("r",)),
    )
    graph = Graph("clipped", Shape(3, SIDE, SIDE), nodes, HOW)
    model = onnx_writer.to_onnx(graph)
    assert [x.op_type for x in model.graph.node].count("Clip") == 2
    assert {x.domain for x in model.opset_import} == {""}
    pixels = to_float(images(5), HOW)
    wanted = run(model, pixels)[0]
    assert np.allclose(run_float(passes.prepare(graph), pixels), wanted, atol=1e-5)
