# SPDX-License-Identifier: Apache-2.0
"""Random integer networks with whatever hardware may meet: geometry, widths, zeros, bypasses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import IMAGE, Preprocessing
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.base import Operator
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool

BLOCKS = ("pool", "fire", "conv", "bypass", "bypass", "pair", "two", "shortcut", "pool fire")
WINDOWS = ((3, 2), (3, 2), (2, 2), (3, 1))


def random_network(seed: int, most_side: int = 32, *, padded: bool = False) -> Network:
    """A network of some blocks; the same one for the same arguments. Its pools may be padded."""
    return _Maker(seed, most_side, padded).network()


class _Maker:
    """Draws layers; methods that add some give the name of the last one."""

    def __init__(self, seed: int, most_side: int, padded: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.padded = padded
        self.image = TensorType(3, *(int(x) for x in self.rng.integers(5, most_side, 2)))
        self.layers: list[Layer] = []

    def network(self) -> Network:
        last = self.any_conv(IMAGE) if self.chance(0.95) else self.fire(IMAGE)
        for _ in range(self.number(1, 3)):
            last = self.block(str(self.rng.choice(BLOCKS)), last)
        end = self.number(0, 3)
        if end >= 2:
            last = self.conv(last, int(self.rng.choice([1, 2, 7, 30])), 1)
        if end >= 1:
            kind = self.type_of(last)
            bias = self.rng.integers(-200, 200, kind.channels)
            sums = AvgPool(self.name("avg"), kind, sum_type(kind, bias), bias)
            if end == 3:
                self.head(sums, last)
            else:
                self.put(sums, last)
        scales = {x.name: 0.1 for x in self.layers} | {IMAGE: 1.0}
        side = Preprocessing(self.image.height)
        return Network("random", self.image, tuple(self.layers), side, scales)

    def head(self, sums: AvgPool, source: str) -> None:
        """The average as activations, and up to two layers that read it."""
        kind = TensorType(sums.output.channels, 1, 1, self.number(4, 8), self.chance(0.3))
        factor, shift = 1 << 15, 15 + max(0, sums.output.bits - kind.bits - self.number(0, 3))
        last = self.put(replace(sums, output=kind, multiplier=factor, shift=shift), source)
        for _ in range(self.number(1, 2)):
            last = self.conv(last, self.number(1, 20), 1)

    def block(self, kind: str, source: str) -> str:
        simple = {"pool": self.pool, "fire": self.fire, "conv": self.any_conv}
        if kind in simple:
            return simple[kind](source)
        if kind == "pool fire":
            return self.fire(self.pool(source))
        if kind == "two":
            source = self.bypass(source)
        return self.bypass(source, fires=1 + (kind == "pair"), shortcut=kind == "shortcut")

    def conv(
        self, source: str, channels: int, kernel: int, stride: int = 1, pad: int = 0, pointwise=0
    ) -> str:
        """Weights from all to none, some channels without any; outputs use most of their range."""
        rng, kind = self.rng, self.type_of(source)
        code_bits, value_bits = (self.number(2, 8) if self.chance(0.3) else x for x in (6, 8))
        half = 1 << (value_bits - 1)
        book = np.append(0, rng.integers(-half, half, self.number(1, (1 << code_bits) - 1)))
        shape = (channels, kind.channels, kernel, kernel)
        density = rng.choice([0.0, 0.02, 0.1, 0.3, 0.5, 0.8, 1.0], p=[0.04, *[0.16] * 6])
        codes = np.where(rng.random(shape) < density, rng.integers(1, len(book), shape), 0)
        if self.chance(0.3):
            codes[rng.random(channels) < 0.3] = 0
        if self.chance(0.3):
            codes[:, rng.random(kind.channels) < 0.3] = 0
        outer = np.arange(kernel) != kernel // 2
        codes[:pointwise, :, outer] = 0
        codes[:pointwise, :, :, outer] = 0
        output = TensorType(
            channels,
            *((x + 2 * pad - kernel) // stride + 1 for x in (kind.height, kind.width)),
            self.number(4, 8),
            self.chance(0.3),
        )
        multiplier, shift = self.scale(book[codes], kind, output)
        bias = rng.integers(-3000, 3000, channels)
        if self.chance(0.1):
            bias = rng.choice([-(1 << 19), (1 << 19) - 1, 0], channels)
        name = self.name("conv")
        codes, sizes = codes.astype(np.uint8), (code_bits, value_bits)
        return self.put(
            Conv(
                *(name, kind, output, kernel, stride, pad),
                *(codes, book, *sizes, bias, multiplier, shift),
            ),
            source,
        )

    def scale(self, weights: IntArray, kind: TensorType, output: TensorType):
        """Multipliers and shift that bring typical sums to the output's range."""
        spread = np.sqrt((weights.astype(float) ** 2).sum((1, 2, 3)) + 1) * kind.hi / 2.5
        wanted = output.hi / spread
        shift = int(np.clip(np.floor(15 - np.log2(wanted.max())), 0, 40))
        multiplier = np.clip(np.round(wanted * 2.0**shift), 1, 65535).astype(np.int64)
        if self.chance(0.1):
            multiplier[0] = 0
        return multiplier, shift

    def any_conv(self, source: str) -> str:
        kind, channels = self.type_of(source), self.number(1, 12)
        while True:
            kernel, stride = (int(self.rng.choice(x)) for x in ([1, 1, 3, 3, 5, 7], [1, 1, 2]))
            pad = self.number(0, 2)
            if pad < kernel <= min(kind.height, kind.width) + 2 * pad:
                return self.conv(source, channels, kernel, stride, pad)

    def pool(self, source: str) -> str:
        """Ceil or floor mode; nothing where the image is smaller than a window."""
        kind = self.type_of(source)
        kernel, stride = WINDOWS[self.number(0, 3)]
        if min(kind.height, kind.width) < kernel:
            return source
        more = stride - 1 if self.chance(0.5) else 0
        pads = [(0, 0), (0, 0)]  # before and after, of height and width
        if self.padded:
            pads = [(self.number(0, kernel - 1), self.number(0, kernel - 1)) for _ in pads]
        sides = zip((kind.height, kind.width), pads, strict=True)
        size = [
            min((sum(pad) + x - kernel + more) // stride, (pad[0] + x - 1) // stride) + 1
            for x, pad in sides
        ]
        output = TensorType(kind.channels, *size, kind.bits, kind.signed)
        before = [x for x, _ in pads]
        return self.put(MaxPool(self.name("pool"), kind, output, kernel, stride, *before), source)

    def fire(self, source: str, channels: int = 0) -> str:
        squeeze = self.conv(source, self.number(1, 5), 1)
        channels = channels or self.number(2, 12)
        return self.conv(squeeze, channels, 3, pad=1, pointwise=channels // 2)

    def bypass(self, source: str, fires: int = 1, shortcut: bool = False) -> str:
        """Some Fires with a way around, which may have a convolution of its own."""
        channels = self.number(2, 12) if shortcut else self.type_of(source).channels
        last = source
        for left in reversed(range(fires)):
            last = self.fire(last, 0 if left else channels)
        other = self.conv(source, channels, 1) if shortcut else source
        return self.add(*((last, other) if self.chance(0.5) else (other, last)))

    def add(self, left: str, right: str) -> str:
        kinds = [self.type_of(x) for x in (left, right)]
        shape = (kinds[0].channels, kinds[0].height, kinds[0].width)
        output = TensorType(*shape, self.number(4, 8), self.chance(0.4))
        shift = self.number(8, 16)
        scales = self.rng.uniform(0.3, 1.2, 2) * output.hi * (1 << shift)
        multipliers = [min(65535, int(x / kind.hi)) for x, kind in zip(scales, kinds, strict=True)]
        return self.put(
            Add(self.name("add"), *kinds, output, tuple(multipliers), shift), left, right
        )

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def number(self, least: int, most: int) -> int:
        return int(self.rng.integers(least, most + 1))

    def name(self, stem: str) -> str:
        return f"{stem}{len(self.layers) + 1}"

    def type_of(self, name: str) -> TensorType:
        types = {x.name: x.operator.output for x in self.layers}
        return types.get(name, self.image)

    def put(self, operator: Operator, *inputs: str) -> str:
        self.layers.append(Layer(operator, inputs))
        return operator.name
