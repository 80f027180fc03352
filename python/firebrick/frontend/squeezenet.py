# SPDX-License-Identifier: Apache-2.0
"""The topology of SqueezeNet 1.0 and 1.1, for sources that carry weights only.

Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", and the
network descriptions that its authors published for Caffe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from firebrick.ir.graph import (
    IMAGE,
    ConcatNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    MaxPoolNode,
    Node,
    Shape,
)
from firebrick.preprocessing import Preprocessing

SIZE = 227
"""Side of the image both versions were trained on."""

Parameters = tuple[FloatArray, FloatArray]
"""Weights (O, I, K, K) and bias (O,) of a convolution."""


@dataclass(frozen=True, slots=True)
class Version:
    """What differs between the two published versions.

    Attributes:
        name: of the model.
        conv1: filters and kernel of the first convolution, stride 2, not padded.
        pools: modules followed by a 3x3 stride-2 max pool in ceil mode.
        conv10_pad: zero pixels around the input of the last, 1x1 convolution.
    """

    name: str
    conv1: tuple[int, int]
    pools: tuple[int, ...]
    conv10_pad: int


V10 = Version("squeezenet1.0", (96, 7), (1, 4, 8), conv10_pad=1)
V11 = Version("squeezenet1.1", (64, 3), (1, 3, 5), conv10_pad=0)

# Filters of the squeeze layers of fire2..fire9; each expand half has four times as many.
_SQUEEZE = (16, 16, 32, 32, 48, 48, 64, 64)
_FIRES = tuple(range(2, 10))
CLASSES = 1000


def layer_shapes(version: Version) -> dict[str, tuple[int, int, int, int]]:
    """Shape (O, I, K, K) of each convolution's weights, in network order."""
    filters, kernel = version.conv1
    shapes = {"conv1": (filters, 3, kernel, kernel)}
    channels = filters
    for fire, squeeze in zip(_FIRES, _SQUEEZE, strict=True):
        shapes[f"fire{fire}_squeeze1x1"] = (squeeze, channels, 1, 1)
        shapes[f"fire{fire}_expand1x1"] = (4 * squeeze, squeeze, 1, 1)
        shapes[f"fire{fire}_expand3x3"] = (4 * squeeze, squeeze, 3, 3)
        channels = 8 * squeeze
    shapes["conv10"] = (CLASSES, channels, 1, 1)
    return shapes


def build(
    version: Version,
    parameters: Mapping[str, Parameters],
    preprocessing: Preprocessing,
    labels: tuple[str, ...] = (),
) -> Graph:
    """Join the parameters of each convolution, named as in `layer_shapes`, to a network."""
    nodes = tuple(_layers(version, parameters))
    return Graph(version.name, Shape(3, SIZE, SIZE), nodes, preprocessing, labels)


def _layers(version: Version, parameters: Mapping[str, Parameters]) -> Iterator[Node]:
    def conv(name: str, source: str, stride: int = 1, pad: int = 0) -> ConvNode:
        return ConvNode(name, (source,), *parameters[name], stride, (pad,) * 4, relu=True)

    yield conv("conv1", IMAGE, stride=2)
    tensor = "conv1"
    for module in (1, *_FIRES):
        if module != 1:
            fire = f"fire{module}"
            squeeze, halves = f"{fire}_squeeze1x1", (f"{fire}_expand1x1", f"{fire}_expand3x3")
            yield conv(squeeze, tensor)
            yield conv(halves[0], squeeze)
            yield conv(halves[1], squeeze, pad=1)
            yield ConcatNode(f"{fire}_concat", halves)
            tensor = f"{fire}_concat"
        if module in version.pools:
            yield MaxPoolNode(f"pool{module}", (tensor,), kernel=3, stride=2, ceil=True)
            tensor = f"pool{module}"
    yield conv("conv10", tensor, pad=version.conv10_pad)
    yield GlobalAveragePoolNode("pool10", ("conv10",))
    yield IdentityNode("logits", ("pool10",), op="Flatten")
