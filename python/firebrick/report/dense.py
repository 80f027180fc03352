# SPDX-License-Identifier: Apache-2.0
"""What a dense dataflow folded over channels would reach with as many multipliers.

Each convolution has PE x SIMD multipliers: PE divides its output channels, SIMD its input channels
times the area of its kernel. Every weight is multiplied, zero or not, one a multiplier and cycle,
and nothing is ever lost to control: a bound that such designs do not quite reach.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from firebrick.ir.network import Network
from firebrick.ops.conv.operator import Conv


@dataclass(frozen=True)
class DenseLayer:
    """A convolution as a dense dataflow builds it.

    Attributes:
        name: of the layer; expand1x1 and expand3x3 of a Fire module are two.
        pixels: output pixels of a channel.
        outputs: output channels.
        products: multiplications for one output value.
    """

    name: str
    pixels: int
    outputs: int
    products: int

    @property
    def macs(self) -> int:
        """Multiplications a frame."""
        return self.pixels * self.outputs * self.products

    @cached_property
    def multipliers(self) -> list[int]:
        """Numbers of multipliers that PE x SIMD can be, from the fewest."""
        simds = divisors(self.products)
        return sorted({pe * simd for pe in divisors(self.outputs) for simd in simds})

    def cheapest(self, cycles: int) -> int | None:
        """Fewest multipliers with which a frame takes at most `cycles`; None if none do."""
        # PE and SIMD divide exactly, so that a frame takes macs / (PE * SIMD) cycles.
        at = bisect_left(self.multipliers, -(-self.macs // cycles))
        return self.multipliers[at] if at < len(self.multipliers) else None


@dataclass(frozen=True, slots=True)
class DenseDesign:
    """The best folding of a network.

    Attributes:
        multipliers: used.
        cycles: per frame, of the slowest layer.
    """

    multipliers: int
    cycles: int


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    return [n for n in range(1, number + 1) if number % n == 0]


def dense_layers(network: Network) -> list[DenseLayer]:
    """The convolutions of a network, Fire's expand as the two that it is elsewhere."""
    layers: list[DenseLayer] = []
    for _, operator in network.each(Conv):
        pixels = operator.output.height * operator.output.width
        taps = operator.true_weights.any(axis=1).sum(axis=(1, 2)).tolist()  # of each output
        layers += [
            DenseLayer(
                name=f"{operator.name}, {count} taps",
                pixels=pixels,
                outputs=taps.count(count),
                products=count * operator.input.channels,
            )
            for count in sorted(set(taps))
        ]
    return layers


def best_design(layers: Sequence[DenseLayer], multipliers: int) -> DenseDesign | None:
    """Fewest cycles a frame with at most so many multipliers: exact, by bisection.

    Only cycles that some layer takes with some folding can be the slowest layer's, and what they
    need at least falls as they grow. None if there are fewer multipliers than layers.
    """
    if multipliers < len(layers):
        return None
    cycles = sorted({x.macs // m for x in layers for m in x.multipliers})
    least = bisect_left(cycles, True, key=lambda t: 0 < _needed(layers, t) <= multipliers)
    return DenseDesign(_needed(layers, cycles[least]), cycles[least])


def _needed(layers: Sequence[DenseLayer], cycles: int) -> int:
    """Fewest multipliers that meet a number of cycles; 0 if none do."""
    needed = [x.cheapest(cycles) for x in layers]
    return 0 if None in needed else sum(x for x in needed if x is not None)
