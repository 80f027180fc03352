# SPDX-License-Identifier: Apache-2.0
"""Small random networks of every operator, for tests of what is built from networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import IMAGE, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool

CLASSES = 7


def random_conv(
    rng: np.random.Generator,
    name: str,
    source: TensorType,
    channels: int,
    kernel: int,
    *,
    stride: int = 1,
    pad: int = 0,
    density: float = 0.5,
    signed: bool = False,
) -> Conv:
    """A convolution whose outputs use most of their range."""
    height = (source.height + 2 * pad - kernel) // stride + 1
    width = (source.width + 2 * pad - kernel) // stride + 1
    codebook = np.concatenate([[0], rng.integers(-128, 128, 63)])
    shape = (channels, source.channels, kernel, kernel)
    codes = np.where(rng.random(shape) < density, rng.integers(1, 64, shape), 0).astype(np.uint8)
    spread = np.sqrt((codebook[codes].astype(float) ** 2).sum((1, 2, 3)) + 1) * 100
    shift = 24
    multiplier = np.clip(np.round(128 / spread * (1 << shift) / 2), 1, (1 << 16) - 1)
    return Conv(
        name=name,
        input=source,
        output=TensorType(channels, height, width, 8, signed),
        kernel=kernel,
        stride=stride,
        pad=pad,
        codes=codes,
        codebook=codebook.astype(np.int64),
        code_bits=6,
        value_bits=8,
        bias=rng.integers(-2000, 2000, channels),
        multiplier=multiplier.astype(np.int64),
        shift=shift,
    )


def small_network(seed: int = 1, *, bypass: bool = True, side: int = 25) -> Network:
    """Image, convolution, pool, Fire, bypass, Fire's squeeze, classifier, average."""
    rng = np.random.default_rng(seed)
    image = TensorType(3, side, side)
    layers = [Layer(random_conv(rng, "conv1", image, 6, 3, stride=2), (IMAGE,))]

    def last() -> TensorType:
        return layers[-1].operator.output

    pooled = TensorType(6, last().height // 2, last().width // 2)
    layers.append(Layer(MaxPool("pool1", last(), pooled, 3, 2), ("conv1",)))
    layers.append(Layer(random_conv(rng, "fire2_squeeze", last(), 4, 1), ("pool1",)))
    expand = random_conv(rng, "fire2_expand", last(), 6, 3, pad=1)
    layers.append(Layer(expand, ("fire2_squeeze",)))
    if bypass:
        add = Add("bypass2", pooled, last(), last(), (20_000, 30_000), 16)
        layers.append(Layer(add, ("pool1", "fire2_expand")))
    source = layers[-1].name
    layers.append(Layer(random_conv(rng, "conv10", last(), CLASSES, 1, density=0.8), (source,)))
    bias = rng.integers(0, 500, CLASSES)
    pool = AvgPool("pool10", last(), sum_type(last(), bias), bias)
    layers.append(Layer(pool, ("conv10",)))
    scales = {x.name: 0.1 for x in layers} | {IMAGE: 1.0}
    return Network("small", image, tuple(layers), Preprocessing(side), scales)


def averaged(source: TensorType, bits: int = 8, *, signed: bool = False, bias: int = 0) -> AvgPool:
    """The average of a tensor as activations that use most of their range."""
    start = np.full(source.channels, bias)
    sums = sum_type(source, start)
    output = TensorType(source.channels, 1, 1, bits, signed)
    factor, shift = 50_000, 15 + sums.bits - (bits + (not signed))
    return AvgPool("pool", source, output, start, factor, shift)


def headed_network(
    widths: Sequence[int], *, seed: int = 1, side: int = 9, signed: bool = True
) -> Network:
    """A convolution, its average as activations, linear layers of some widths with wide logits."""
    rng = np.random.default_rng(seed)
    image = TensorType(3, side, side)
    body = random_conv(rng, "body", image, widths[0], 3, stride=2)
    layers = [Layer(body, (IMAGE,)), Layer(averaged(body.output), ("body",))]
    for number, channels in enumerate(widths[1:], 1):
        source = layers[-1]
        conv = random_conv(rng, f"linear{number}", source.operator.output, channels, 1, density=0.9)
        layers.append(Layer(conv, (source.name,)))
    layers[-1] = Layer(with_wide_logits(conv, signed=signed), layers[-1].inputs)
    scales = {x.name: 0.1 for x in layers} | {IMAGE: 1.0}
    return Network("headed", image, tuple(layers), Preprocessing(side), scales)


def with_wide_logits(conv: Conv, *, signed: bool = True) -> Conv:
    """A convolution of 32 times as fine a step, without its clamp."""
    output = replace(conv.output, bits=16, signed=signed)
    return replace(conv, output=output, shift=conv.shift - 5)


def random_pixels(seed: int, network: Network, frames: int) -> IntArray:
    """Photographs of noise, (N, 3, H, W)."""
    image = network.image
    shape = (frames, image.channels, image.height, image.width)
    return np.random.default_rng(seed).integers(0, 256, shape)


def fire_network(network: Network, number: int) -> Network:
    """One Fire module of a network as a network of its own; its input is the image."""
    stem = f"fire{number}_"
    squeeze, expand = (x for x in network if x.name.startswith(stem))
    first = Layer(squeeze.operator, (IMAGE,))
    source = squeeze.operator.inputs[0]
    return Network(stem[:-1], source, (first, expand), network.preprocessing, network.scales)


def padded_pools(seed: int = 1, side: int = 41) -> Network:
    """The stem of a ResNet, then pools as inception modules and YOLO have them; logits in rows.

    The first pool gives a row of windows with an input row, as it is padded to halve; of the second
    two rows end with the last input row; the third's rows are wider than its input's.
    """
    rng = np.random.default_rng(seed)
    image = TensorType(3, side, side - 6)
    layers = [Layer(random_conv(rng, "conv1", image, 6, 3, stride=2, pad=1), (IMAGE,))]

    def add(operator: Conv | MaxPool | AvgPool) -> TensorType:
        layers.append(Layer(operator, (layers[-1].name,)))
        return operator.output

    last = layers[0].operator.output
    halved = TensorType(6, *((x + 1) // 2 for x in (last.height, last.width)))
    last = add(MaxPool("pool1", last, halved, 3, 2, 1, 1))
    last = add(random_conv(rng, "conv2", last, 5, 1, signed=True))
    last = add(MaxPool("pool2", last, last, 3, 1, 1, 1))
    last = add(random_conv(rng, "conv3", last, 4, 3, pad=1, signed=True))
    wider = TensorType(4, last.height - 1, last.width + 1, signed=True)
    last = add(MaxPool("pool3", last, wider, 2, 1, 0, 1))
    last = add(random_conv(rng, "conv4", last, CLASSES, 1, density=0.8))
    bias = rng.integers(0, 500, CLASSES)
    add(AvgPool("pool4", last, sum_type(last, bias), bias))
    scales = {x.name: 0.1 for x in layers} | {IMAGE: 1.0}
    return Network("padded", image, tuple(layers), Preprocessing(side - 6), scales)


def network_ending_in(kind: str, seed: int = 4) -> Network:
    """A network whose classes leave a `conv`, an `add` or a `maxpool`, with no average behind."""
    rng = np.random.default_rng(seed)
    image = TensorType(3, 9, 9)
    layers = [Layer(random_conv(rng, "conv1", image, 6, 3, stride=2), (IMAGE,))]
    source = layers[0].operator.output
    kernel = 1 if kind == "maxpool" else source.height
    convs = [random_conv(rng, f"conv{n}", source, CLASSES, kernel) for n in (2, 3)]
    layers += [Layer(x, ("conv1",)) for x in (convs if kind == "add" else convs[:1])]
    logits = convs[0].output
    if kind == "add":
        add = Add("logits", logits, logits, logits, (20_000, 30_000), 16)
        layers.append(Layer(add, ("conv2", "conv3")))
    if kind == "maxpool":
        pooled = TensorType(CLASSES, 1, 1)
        pool = MaxPool("logits", logits, pooled, logits.height, logits.height)
        layers.append(Layer(pool, ("conv2",)))
    scales = {x.name: 0.1 for x in layers} | {IMAGE: 1.0}
    return Network(f"{kind}_last", image, tuple(layers), Preprocessing(image.height), scales)
