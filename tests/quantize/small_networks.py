# SPDX-License-Identifier: Apache-2.0
"""Small random float graphs and integer networks, and the check that everybody agrees on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from firebrick.hardware.tensor import TensorType
from firebrick.images import PixelArray
from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Preprocessing,
    Shape,
)
from firebrick.ir.grid import Grid
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool
from firebrick.quantize.quality import run_integers
from firebrick.verify import onnxruntime_engine


def photographs(count: int = 3, side: int = 24) -> list[PixelArray]:
    """Smooth random colour fields, with noise."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (count, 3, 4, 4))
    fine = coarse.repeat(side // 4, 2).repeat(side // 4, 3) + rng.normal(0, 12, (side, side))
    return list(np.clip(fine, 0, 255).astype(np.uint8))


def conv_node(
    rng: np.random.Generator,
    name: str,
    source: str,
    shape: tuple[int, int, int],
    density: float = 1.0,
    **fields: object,
) -> ConvNode:
    """Random weights (outputs, inputs, kernel), some pruned."""
    out, channels, kernel = shape
    weights = rng.normal(0, 1 / np.sqrt(channels * kernel**2), (out, channels, kernel, kernel))
    weights *= rng.random(weights.shape) < density
    bias = rng.normal(0, 0.3, out).astype(np.float32)
    return ConvNode(name, (source,), weights.astype(np.float32), bias, **fields)


def separable(blocks: int) -> Graph:
    """A stem and depthwise, pointwise pairs, whose depthwise layers are expanded with zeros."""
    rng = np.random.default_rng(4)
    nodes: list[Node] = [conv_node(rng, "stem", IMAGE, (8, 3, 3), relu=True)]
    for block in range(blocks):
        deep = conv_node(
            rng, f"deep{block}", nodes[-1].name, (8, 8, 3), pads=(1, 1, 1, 1), relu=True
        )
        own = replace(
            deep, weights=deep.weights * 3 * np.eye(8, dtype=np.float32)[:, :, None, None]
        )
        nodes += [own, conv_node(rng, f"point{block}", own.name, (8, 8, 1), relu=True)]
    nodes.append(conv_node(rng, "classes", nodes[-1].name, (5, 8, 1)))
    nodes.append(GlobalAveragePoolNode("logits", ("classes",)))
    how = Preprocessing(12, "RGB", (0.0,) * 3, (64.0,) * 3)
    return Graph("separable", Shape(3, 12, 12), tuple(nodes), how)


def spread(graph: Graph, ratio: float) -> Graph:
    """The same function, with channels of a chain of convolutions scaled by up to a ratio."""
    rng = np.random.default_rng(5)
    nodes, before = [], np.ones(graph.input.channels)
    for node, reader in zip(graph.nodes, (*graph.nodes[1:], None), strict=True):
        if not isinstance(node, ConvNode):
            nodes.append(node)
            continue
        is_inner = isinstance(reader, ConvNode)
        after = ratio ** rng.random(len(node.bias)) if is_inner else np.ones(len(node.bias))
        weights = node.weights * after[:, None, None, None] / before[:, None, None]
        bias = (node.bias * after).astype(np.float32)
        nodes.append(replace(node, weights=weights.astype(np.float32), bias=bias))
        before = after
    return replace(graph, nodes=tuple(nodes))


@st.composite
def activations(draw: st.DrawFn, *, grids: bool) -> dict[str, object]:
    """What may stand behind the sums of a layer."""
    kind = draw(st.sampled_from(["none", "relu", "ceiling", *(["grid"] if grids else [])]))
    if kind != "grid":
        ceiling = draw(st.floats(0.1, 6)) if kind == "ceiling" else None
        return {"relu": kind != "none", "ceiling": ceiling}
    signed = draw(st.booleans())
    grid = Grid(draw(st.floats(0.004, 0.5)), draw(st.integers(2, 8)), signed, draw(st.booleans()))
    return {"relu": not signed, "grid": grid}


@st.composite
def graphs(draw: st.DrawFn, *, grids: bool = True) -> Graph:
    """A stem, a Fire-like pair, perhaps a bypass and a pool, a classifier, perhaps an average."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    side = draw(st.integers(7, 14))
    density = draw(st.sampled_from([1.0, 0.4]))
    relu = activations(grids=grids)
    width = draw(st.integers(1, 6))
    kernel, stride = draw(st.sampled_from([(3, 1), (3, 2), (1, 1)]))
    nodes: list[Node] = [
        conv_node(rng, "stem", IMAGE, (width, 3, kernel), density, stride=stride, **draw(relu))
    ]
    if draw(st.booleans()):
        pads = draw(st.tuples(*[st.integers(0, 2)] * 4))
        nodes.append(MaxPoolNode("pool", (nodes[-1].name,), 3, 2, draw(st.booleans()), pads))
    entry = nodes[-1].name
    nodes.append(conv_node(rng, "squeeze", entry, (2, width, 1), density, **draw(relu)))
    nodes.append(
        conv_node(rng, "expand", "squeeze", (width, 2, 3), density, pads=(1, 1, 1, 1), **draw(relu))
    )
    if draw(st.booleans()):
        nodes.append(AddNode("bypass", (entry, "expand"), **draw(relu)))
    last = nodes[-1].name
    nodes.append(conv_node(rng, "classes", last, (5, width, 1), density, **draw(relu)))
    if draw(st.booleans()):
        ring = draw(st.sampled_from([None, rng.normal(0, 3, 5).astype(np.float32)]))
        nodes.append(GlobalAveragePoolNode("average", ("classes",), ring, None))
        if draw(st.booleans()):
            nodes.append(conv_node(rng, "hidden", "average", (4, 5, 1), density, **draw(relu)))
            nodes.append(conv_node(rng, "logits", "hidden", (5, 4, 1), density, **draw(relu)))
    how = Preprocessing(
        resize=side,
        channels=draw(st.sampled_from(["RGB", "BGR"])),
        mean=(104.0, 117.0, 123.0),
        std=(57.0, 58.0, 59.0),
    )
    return Graph("small", Shape(3, side, side), tuple(nodes), how, ("a", "b", "c", "d", "e"))


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Integers at random: every field over its whole range, signed and unsigned."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    side = draw(st.integers(5, 9))
    image = TensorType(3, side, side)
    first = _conv(draw, rng, "first", image, stride=draw(st.sampled_from([1, 2])))
    left = _conv(draw, rng, "left", first.output)
    right = _conv(draw, rng, "right", first.output, channels=left.output.channels)
    kind = TensorType(
        left.output.channels,
        left.output.height,
        left.output.width,
        draw(st.integers(2, 8)),
        draw(st.booleans()),
        draw(st.booleans()),
    )
    factors = tuple(draw(st.sampled_from([0, 1, 7, 4096, 65535])) for _ in range(2))
    join = Add("join", left.output, right.output, kind, factors, draw(st.integers(0, 24)))
    layers = [
        Layer(first, (IMAGE,)),
        Layer(left, ("first",)),
        Layer(right, ("first",)),
        Layer(join, ("left", "right")),
    ]
    if draw(st.booleans()):
        kernel, stride = draw(st.sampled_from([(2, 1), (2, 2), (3, 1), (3, 2)]))
        pads = [draw(st.integers(0, kernel - 1)) for _ in range(2)]
        # the last window begins at the last pixel, or a stride before
        short = draw(st.booleans()) and kernel > stride
        size = [
            -(-(pad + side) // stride) - short
            for pad, side in zip(pads, (kind.height, kind.width), strict=True)
        ]
        height, width = map(max, size, (1, 1))
        pooled = replace(kind, height=height, width=width)
        layers.append(Layer(MaxPool("pool", kind, pooled, kernel, stride, *pads), ("join",)))
        kind = pooled
    if draw(st.booleans()):
        bias = rng.integers(-1000, 1000, kind.channels)
        sums = AvgPool("sums", kind, sum_type(kind, bias), bias)
        layers.append(Layer(sums, (layers[-1].name,)))
        if draw(st.booleans()):
            mean = TensorType(kind.channels, 1, 1, draw(st.integers(2, 8)), draw(st.booleans()))
            factor, shift = draw(st.integers(0, 65535)), draw(st.integers(8, 40))
            layers[-1] = Layer(AvgPool("mean", kind, mean, bias, factor, shift), layers[-1].inputs)
            layers.append(Layer(_conv(draw, rng, "last", mean), ("mean",)))
    scales = {IMAGE: 1.0} | {x.name: 0.1 + 1 / 3 for x in layers}
    labels = tuple(f"ä{n}" for n in range(layers[-1].operator.output.channels))
    how = Preprocessing(side, "BGR", (1.5, 2.5, 3.5), (1.0, 1.0, 1.0))
    return Network("random", image, tuple(layers), how, scales, labels)


def _conv(
    draw: st.DrawFn,
    rng: np.random.Generator,
    name: str,
    source: TensorType,
    *,
    stride: int = 1,
    channels: int | None = None,
) -> Conv:
    kernel = draw(st.sampled_from([1, 3]))
    pad = draw(st.integers(0, kernel // 2)) if channels is None and name == "first" else kernel // 2
    out = draw(st.integers(1, 4)) if channels is None else channels
    size = (source.height + 2 * pad - kernel) // stride + 1
    bits = draw(st.integers(2, 16 if name == "last" else 8))
    code_bits, value_bits = draw(st.integers(2, 8)), draw(st.integers(2, 8))
    top = 1 << (value_bits - 1)
    values = rng.choice(np.arange(-top, top), min(2 * top, (1 << code_bits) - 1), replace=False)
    values = values[values != 0]
    codebook = np.concatenate([[0], values]).astype(np.int64)
    shape = (out, source.channels, kernel, kernel)
    shift = draw(st.integers(12, 40))
    largest = min(65535, 1 << (shift - 8)) if shift < 30 else 65535
    return Conv(
        name=name,
        input=source,
        output=TensorType(out, size, size, bits, draw(st.booleans()), draw(st.booleans())),
        kernel=kernel,
        stride=stride,
        pad=pad,
        codes=rng.integers(0, len(codebook), shape).astype(np.uint8),
        codebook=codebook,
        code_bits=code_bits,
        value_bits=value_bits,
        bias=rng.integers(-(1 << 19), 1 << 19, out) >> draw(st.integers(0, 19)),
        multiplier=rng.integers(0, largest + 1, out),
        shift=shift,
    )


def assert_engines_agree(network: Network, pixels: PixelArray) -> None:
    """golden, its fast form, and onnxruntime as is and optimized: the same in every layer."""
    reference = network.golden(pixels.astype(np.int64))
    others = {
        "fast": run_integers(network, pixels),
        "onnxruntime": onnxruntime_engine.run(network, pixels),
        "onnxruntime unoptimized": onnxruntime_engine.run(network, pixels, optimize=False),
    }
    for engine, tensors in others.items():
        assert list(tensors) == list(reference), engine
        for name, expected in reference.items():
            assert tensors[name].shape == expected.shape, (engine, name)
            assert np.array_equal(tensors[name], expected), (engine, name)
