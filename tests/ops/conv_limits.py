# SPDX-License-Identifier: Apache-2.0
"""Convolutions whose sums reach 2**k - 1, 2**k, -2**k and -2**k - 1 exactly, with those inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hls_tests import Bench

from firebrick.hardware.tensor import MULTIPLIER_BITS, TensorType
from firebrick.ops.conv.encode import Deal
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.folding import QUEUE_DEPTH
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding

CHANNELS = 6
"""Inputs; the weights of the first half are positive, the others negative."""
VALUE_BITS = 4
LANES = 2


@dataclass(frozen=True)
class Channel:
    """An output channel: sums of its positive and of its negative weights, its bias."""

    positive: int
    negative: int
    bias: int = 0

    def weights(self) -> list[int]:
        """One for each input channel, as equal as they can be."""
        half = CHANNELS // 2
        rising = [(self.positive + n) // half for n in range(half)]
        return rising + [-((self.negative + n) // half) for n in range(half)]


@dataclass(frozen=True)
class Limit:
    """A 1x1 convolution whose outputs are its sums, bias included, unless bits are dropped.

    Attributes:
        channels: of the output; each is there three times: whole in either lane, dealt to both.
        ends: least and largest sum.
        acc_bits: which the sums need.
        kind: of the input.
        dual: pairs of columns share a multiplier.
        fabric: columns multiplied in LUTs; beside pairs and these, one column has its own.
        shift: bits dropped, after multiplication by the largest multiplier if there are any.
    """

    channels: Sequence[Channel]
    ends: tuple[int, int]
    acc_bits: int
    kind: TensorType
    dual: bool = False
    fabric: int = 1
    shift: int = 0

    def operator(self) -> Conv:
        """What is computed."""
        limit = 1 << (VALUE_BITS - 1)
        codebook = np.array([0, *range(1, limit), *range(-limit, 0)])  # codes are the low bits
        channels = [channel for channel in self.channels for _ in range(LANES + 1)]
        weights = np.array([channel.weights() for channel in channels])[:, :, None, None]
        kind, count = self.kind, len(channels)
        return Conv(
            name="layer",
            input=kind,
            output=TensorType(count, kind.height, kind.width, self.acc_bits, signed=True),
            kernel=1,
            stride=1,
            pad=0,
            codes=(weights & (2 * limit - 1)).astype(np.uint8),
            codebook=codebook,
            code_bits=VALUE_BITS,
            value_bits=VALUE_BITS,
            bias=np.array([channel.bias for channel in channels]),
            multiplier=np.full(count, (1 << MULTIPLIER_BITS) - 1 if self.shift else 1),
            shift=self.shift,
        )

    def bench(self) -> Bench:
        """Engine, and inputs that reach both ends of each output channel at every column."""
        operator, kind = self.operator(), self.kind
        owner = np.zeros(operator.weights.shape, np.int64)
        for lane in range(LANES):
            owner[lane :: LANES + 1] = lane
        owner[LANES :: LANES + 1] = np.arange(CHANNELS)[:, None, None] % LANES
        wide = kind.width
        folding = Folding(wide, LANES, wide, 3, QUEUE_DEPTH, dual=self.dual, fabric=self.fabric)
        orders = (tuple(range(x)) for x in (CHANNELS, operator.output.channels))
        engine = ConvEngine(operator, folding, Deal.of(operator, folding, owner), *orders)
        rises = operator.weights[:, :, 0, 0] > 0
        table = np.where(np.concatenate([rises, ~rises]), kind.hi, kind.lo)
        frames, rows, columns = np.ogrid[:3, : kind.height, : kind.width]
        # Neighbouring columns differ, as those of a pair are one number.
        chosen = table[(frames * kind.height + rows + 3 * columns) % len(table)]
        return Bench(engine, [chosen.transpose(0, 3, 1, 2)], seed=5)


SIGNED = TensorType(CHANNELS, 8, 3, 4, signed=True)  # -8..7
UNSIGNED = TensorType(CHANNELS, 8, 6, 4)  # 0..15

# Positive weights P and negative ones -N give sums up to 7 P + 8 N and down to -8 P - 7 N from
# signed pixels, up to 15 P and down to -15 N from unsigned ones.
LIMITS = {
    "just_fit": Limit(
        [Channel(17, 17), Channel(18, 16), Channel(3, 3, 210), Channel(3, 3, -211)],
        *((-256, 255), 9, SIGNED),
        shift=18,  # half of 2**18 is more than the largest product leaves of its bits
    ),
    "one_above": Limit([Channel(16, 18), Channel(3, 3, 211)], (-254, 256), 10, SIGNED),
    "one_below": Limit([Channel(19, 15), Channel(3, 3, -212)], (-257, 253), 10, SIGNED),
    "pairs_just_fit": Limit(
        [Channel(17, 17), Channel(17, 17, -1), Channel(3, 3, 210), Channel(3, 3, -211)],
        *((-256, 255), 9, UNSIGNED),
        dual=True,
    ),
}
"""By name; the middle two are one design with different contents."""

CFG = [
    ({"LANES": 0}, "LANES is less than 1"),
    ({"IN_HEIGHT": 0}, "IN_CHANNELS, IN_HEIGHT, IN_WIDTH and IN_BITS must be at least 1"),
    ({"OUT_BITS": 0}, "OUT_CHANNELS, OUT_HEIGHT, OUT_WIDTH and OUT_BITS must be at least"),
    ({"DRAIN": 5}, "DRAIN is not in 1..COLUMNS"),
    ({"PAD": 3}, "PAD is not less than KERNEL"),
    ({"OUT_WIDTH": 20}, "windows of the output lie outside the input"),
    ({"OUT_HEIGHT": 2}, "pixels of the input are not used by the output"),
    ({"KERNEL": 7}, "KERNEL - STRIDE - PAD exceeds the pixels of a beat"),
    ({"RING": 2}, "RING is less than the rows of a window"),
    ({"QUEUE_DEPTH": 1}, "QUEUE_DEPTH is less than 2"),
    ({"FABRIC": 5}, "FABRIC exceeds COLUMNS"),
    ({"DUAL": 1, "IN_SIGNED": 1}, "DUAL wants unsigned pixels"),
    ({"DUAL": 1, "VALUE_BITS": 9}, "DUAL wants products of 16 bits"),
    ({"PACK": 0}, "PACK is less than 1"),
    ({"SHIFT": 41}, "SHIFT is not in 0..40"),
    ({"LANES": 4096}, "more than 4,096 elements cannot be registers"),
    ({"IN_BITS": 7}, "out_beat does not have its pixels and bits"),
]
"""Changes to the `Cfg` of `hls_engines.conv`, and what the compiler says about each."""
