# SPDX-License-Identifier: Apache-2.0
"""Small networks for the planner's tests."""

from __future__ import annotations

import numpy as np

from firebrick import frontend, passes
from firebrick.boards import Board
from firebrick.hardware.resources import Family, Resources
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE, ConvNode, GlobalAveragePoolNode, MaxPoolNode, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.conv.folding import QUEUE_DEPTH
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding
from firebrick.ops.maxpool import MaxPool

CODEBOOK = np.array([0, *(x for x in range(-31, 33) if x)], np.int64)[:64]


def conv(name, source, channels, *, kernel=1, stride=1, density=0.5, seed=0, pointwise=0):
    """A convolution of random weights; the first `pointwise` outputs use their centre tap only."""
    rng = np.random.default_rng(seed)
    pad = kernel // 2 if stride == 1 else 0
    shape = (channels, source.channels, kernel, kernel)
    codes = rng.integers(1, 64, shape) * (rng.random(shape) < density)
    centre = codes[:pointwise, :, kernel // 2, kernel // 2].copy()
    codes[:pointwise] = 0
    codes[:pointwise, :, kernel // 2, kernel // 2] = centre
    return from_codes(name, source, codes.astype(np.uint8), stride, pad)


def from_codes(name, source, codes, stride, pad):
    """A convolution of given codes."""
    channels, _, kernel, _ = codes.shape
    size = [(x + 2 * pad - kernel) // stride + 1 for x in (source.height, source.width)]
    output = TensorType(channels, *size)
    zeros = np.zeros(channels, np.int64)
    return Conv(
        name, source, output, kernel, stride, pad, codes, CODEBOOK, 6, 8, zeros, zeros + 1000, 20
    )


def folded(lanes, columns, drain, gap_bits, **more):
    """Folding of a convolution."""
    return Folding(columns, lanes, drain, gap_bits, QUEUE_DEPTH, **more)


def pool(name, source):
    """A 3x3/2 maximum, ceil mode."""
    size = [-(-(x - 3) // 2) + 1 for x in (source.height, source.width)]
    return MaxPool(name, source, TensorType(source.channels, *size), 3, 2)


def average(name, source):
    """A global average."""
    bias = np.zeros(source.channels, np.int64)
    return AvgPool(name, source, sum_type(source, bias), bias)


def network(layers, image):
    """A network from (operator, inputs)."""
    return Network(
        "small", image, tuple(Layer(x, y) for x, y in layers), Preprocessing(image.height), {}
    )


def board(name="tiny", family=Family.XC7, **counts):
    """A board with plenty of everything that is not counted."""
    plenty = {
        "dsp": 200,
        "lut": 200_000,
        "lutram": 80_000,
        "ff": 400_000,
        "bram18": 600,
        "uram": 0 if family is Family.XC7 else 32,
    }
    device = Resources(**(plenty | counts))
    kind = "DSP48E1" if family is Family.XC7 else "DSP48E2"
    whole = Resources(*(100 for _ in plenty))
    return Board(name, name, "part", family, kind, 100, device, whole, "none", ())


def chain(seed=0, density=0.5, size=19):
    """conv1, pool, squeeze, expand, conv10, average."""
    image = TensorType(3, size, size)
    conv1 = conv("conv1", image, 8, kernel=3, stride=2, seed=seed, density=density)
    pool1 = pool("pool1", conv1.output)
    squeeze = conv("squeeze", pool1.output, 6, seed=seed + 1, density=density)
    expand = conv(
        "expand", squeeze.output, 16, kernel=3, seed=seed + 2, density=density, pointwise=8
    )
    last = conv("conv10", expand.output, 10, seed=seed + 3, density=density)
    return network(
        [
            (conv1, (IMAGE,)),
            (pool1, ("conv1",)),
            (squeeze, ("pool1",)),
            (expand, ("squeeze",)),
            (last, ("expand",)),
            (average("logits", last.output), ("conv10",)),
        ],
        image,
    )


def bypass(size=15):
    """Two residual Fire modules: the second bypass starts where the first one ends."""
    image = TensorType(3, size, size)
    layers = [(conv("conv1", image, 16, kernel=3, stride=2, seed=9), (IMAGE,))]
    source = layers[0][0]
    for number in (2, 3):
        squeeze = conv(f"fire{number}_squeeze", source.output, 4, seed=number)
        expand = conv(f"fire{number}_expand", squeeze.output, 16, kernel=3, seed=number + 10)
        add = Add(
            f"fire{number}_add", expand.output, source.output, expand.output, (1 << 14, 1 << 14), 15
        )
        layers += [
            (squeeze, (source.name,)),
            (expand, (squeeze.name,)),
            (add, (expand.name, source.name)),
        ]
        source = add
    layers.append((average("logits", source.output), (source.name,)))
    return network(layers, image)


def deep_compression(path):
    """SqueezeNet v1.0 from the .net file, plainly rounded: only its zeros matter here."""
    graph = passes.prepare(frontend.load(str(path)))
    shape = graph.input
    image = TensorType(shape.channels, shape.height, shape.width)
    types, layers = {IMAGE: image}, []
    for node in graph.nodes:
        source = types[node.inputs[0]]
        if isinstance(node, ConvNode):
            top = np.abs(node.weights).max()
            level = np.clip(np.round(node.weights / top * 31), -31, 31).astype(np.int64)
            level = np.where((level == 0) & (node.weights != 0), 1, level)
            codes = np.where(level < 0, level + 32, np.where(level > 0, level + 31, 0))
            operator = from_codes(
                node.name, source, codes.astype(np.uint8), node.stride, node.pads[0]
            )
        elif isinstance(node, MaxPoolNode):
            operator = pool(node.name, source)
        elif isinstance(node, GlobalAveragePoolNode):
            operator = average(node.name, source)
        else:
            raise TypeError(type(node).__name__)
        layers.append((operator, node.inputs))
        types[node.name] = operator.output
    return network(layers, image)
