# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet by its metaparameters: both published versions, bypasses, and what lies around them.

Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, SqueezeNet: AlexNet-level accuracy with 50x fewer
parameters and <0.5MB model size, arXiv 1602.07360: section 3 the architecture, 5.1 the
metaparameters, 6 the bypasses. The networks' descriptions for Caffe, by the same authors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from firebrick.errors import FirebrickError
from firebrick.families.blocks import Blocks, Source
from firebrick.ir.graph import IMAGE, Graph, Shape
from firebrick.preprocessing import Preprocessing

FIRES = range(2, 10)
"""Numbers of the Fire modules; module 1 is the first convolution."""
SIZE = 227
"""Side of the image both published versions were trained on."""
CLASSES = 1000


class Bypass(StrEnum):
    """What leads around Fire modules (section 6)."""

    NONE = "none"
    SIMPLE = "simple"
    """Around those that keep the number of channels: their input is added to their output."""
    COMPLEX = "complex"
    """Around the others as well: a 1x1 convolution brings the input to their channels."""


@dataclass(frozen=True, slots=True)
class SqueezeNet:
    """The metaparameters; the defaults are version 1.0.

    Fire module i, counted from 0, has `base_e + incr_e * (i // freq)` expand filters, a share
    `pct3x3` of them 3x3, and `sr` times as many squeeze filters (section 5.1).

    Attributes:
        name: of the network.
        conv1: filters, kernel and stride of the first convolution, which is not padded.
        base_e: expand filters of the first Fire modules.
        incr_e: how many more after each `freq` modules.
        freq: modules after which their number grows.
        pct3x3: share of the expand filters that are 3x3, 0 to 1, both ends left out.
        sr: squeeze ratio: squeeze filters for an expand filter.
        pools: modules that a 3x3 max pool of stride 2 follows; late ones keep maps large.
        bypass: what leads around Fire modules.
        conv10_pad: zero pixels around the input of the last, 1x1 convolution.
    """

    name: str = "squeezenet1.0"
    conv1: tuple[int, int, int] = (96, 7, 2)
    base_e: int = 128
    incr_e: int = 128
    freq: int = 2
    pct3x3: float = 0.5
    sr: float = 0.125
    pools: tuple[int, ...] = (1, 4, 8)
    bypass: Bypass = Bypass.NONE
    conv10_pad: int = 1

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            FirebrickError: naming field, value and rule.
        """
        if self.bypass not in tuple(Bypass):
            raise FirebrickError(f"build: bypass={self.bypass} is none of {', '.join(Bypass)}")
        object.__setattr__(self, "bypass", Bypass(self.bypass))
        for field, low in (("base_e", 2), ("incr_e", 0), ("freq", 1), ("conv10_pad", 0)):
            if getattr(self, field) < low:
                raise FirebrickError(f"build: {field}={getattr(self, field)} is less than {low}")
        if min(self.conv1) < 1:
            raise FirebrickError(f"build: conv1={self.conv1} is not of numbers from 1")
        if not (0 < self.pct3x3 < 1):
            raise FirebrickError(f"build: pct3x3={self.pct3x3} is not between 0 and 1")
        if not (math.isfinite(self.sr) and self.sr > 0):
            raise FirebrickError(f"build: sr={self.sr} is not more than 0")
        known = (1, *FIRES)
        wrong = [x for x in self.pools if x not in known]
        if wrong or len(set(self.pools)) < len(self.pools):
            raise FirebrickError(
                f"build: pools={self.pools} are not different modules of 1..{known[-1]}"
            )

    def filters(self, fire: int) -> tuple[int, int, int]:
        """Squeeze, expand 1x1 and expand 3x3 filters of a module, at least one each.

        What is no whole number is rounded, halves to even; both expands together are exact.
        """
        expand = self.base_e + self.incr_e * ((fire - FIRES[0]) // self.freq)
        of_3x3 = min(expand - 1, max(1, round(expand * self.pct3x3)))
        return max(1, round(expand * self.sr)), expand - of_3x3, of_3x3


V10 = SqueezeNet()
V11 = SqueezeNet("squeezenet1.1", conv1=(64, 3, 2), pools=(1, 3, 5), conv10_pad=0)
VERSIONS = {"1.0": V10, "1.1": V11}


def build(
    spec: SqueezeNet,
    source: Source,
    how: Preprocessing,
    *,
    classes: int = CLASSES,
    image: Shape = Shape(3, SIZE, SIZE),
    labels: tuple[str, ...] = (),
) -> Graph:
    """The network.

    Args:
        spec: its metaparameters.
        source: of the parameters.
        how: its preprocessing.
        classes: number of them.
        image: shape of it.
        labels: names of the classes, or none.
    """
    blocks = Blocks(image, source)
    filters, kernel, stride = spec.conv1
    tensor = blocks.conv("conv1", IMAGE, filters, kernel, stride=stride)
    for module in (1, *FIRES):
        if module in FIRES:
            tensor = _fire(blocks, spec, module, tensor)
        if module in spec.pools:
            tensor = blocks.max_pool(f"pool{module}", tensor)
    tensor = blocks.conv("conv10", tensor, classes, 1, pad=spec.conv10_pad)
    blocks.classifier("pool10", tensor)
    return blocks.graph(spec.name, how, labels)


def _fire(blocks: Blocks, spec: SqueezeNet, module: int, tensor: str) -> str:
    """A Fire module, and what leads around it.

    A sum of two tensors that are never negative needs no ReLU; that with a convolution gets one.
    """
    name = f"fire{module}"
    squeeze, of_1x1, of_3x3 = spec.filters(module)
    squeezed = blocks.conv(f"{name}_squeeze1x1", tensor, squeeze, 1)
    halves = (
        blocks.conv(f"{name}_expand1x1", squeezed, of_1x1, 1),
        blocks.conv(f"{name}_expand3x3", squeezed, of_3x3, 3, pad=1),
    )
    joined = blocks.concat(f"{name}_concat", halves)
    if spec.bypass is Bypass.NONE:
        return joined
    if blocks.channels[tensor] == blocks.channels[joined]:
        return blocks.add(f"{name}_bypass", joined, tensor)
    if spec.bypass is Bypass.SIMPLE:
        return joined
    around = blocks.conv(f"{name}_bypass1x1", tensor, blocks.channels[joined], 1, relu=False)
    return blocks.add(f"{name}_bypass", joined, around, relu=True)
