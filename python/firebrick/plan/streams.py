# SPDX-License-Identifier: Apache-2.0
"""Columns of the operators that only pass beats on: never the bottleneck, few regroupings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool, most_columns
from firebrick.plan.engines import ConvChoice

SHARE = 0.75
"""Most of a frame's cycles that a stream may be busy, so that it absorbs uneven arrival."""
IMAGE_SHARE = 0.1
"""The same for the image input: a first kernel of many rows waits for most of them each frame."""
MOST_PIXELS = 16


def stream_columns(
    network: Network, choices: Mapping[str, ConvChoice], cycles: int
) -> dict[str, int]:
    """Columns of every layer's output (of its input for `avgpool`).

    Args:
        network: the network.
        choices: foldings of the convolutions.
        cycles: a frame's cycles that the convolutions allow.
    """
    columns = {IMAGE: 1}
    for layer in network:
        operator = layer.operator
        if isinstance(operator, Conv):
            columns[layer.name] = choices[layer.name].columns
        elif isinstance(operator, MaxPool):
            wishes = _wishes(network, layer.name, choices)
            columns[layer.name] = pool_columns(operator, columns[layer.inputs[0]], wishes, cycles)
        elif isinstance(operator, AvgPool):
            columns[layer.name] = min(columns[layer.inputs[0]], operator.input.width)
        else:
            before = max(columns[x] for x in layer.inputs)
            fewest = _fewest(operator.output, 1, cycles)
            columns[layer.name] = min(max(before, fewest), operator.output.width)
    del columns[IMAGE]
    return columns


def pool_columns(operator: MaxPool, before: int, wishes: Sequence[int], cycles: float) -> int:
    """Columns of a pool: as its readers want, or as its producer gives, or as few as keep pace.

    Args:
        operator: the pool.
        before: columns of its producer.
        wishes: columns in which its readers take their input.
        cycles: a frame's cycles.
    """
    least = min(_fewest(operator.input, operator.stride, cycles), most_columns(operator))
    given, rest = divmod(before, operator.stride)
    offered = (*wishes, *(() if rest else (given,)))
    return min((x for x in offered if least <= x <= operator.output.width), default=least)


def image_pixels(kind: TensorType, cycles: float) -> int:
    """RGB pixels a beat at the input: a power of two with which `image` has time to spare.

    It reads each row once per channel.
    """
    pixels, planes = 1, kind.height * kind.channels
    while pixels < MOST_PIXELS and planes * -(-kind.width // pixels) > IMAGE_SHARE * cycles:
        pixels *= 2
    return pixels


def _wishes(network: Network, tensor: str, choices: Mapping[str, ConvChoice]) -> list[int]:
    """Columns in which convolutions read a tensor."""
    return [
        choices[x.name].columns * x.operator.stride
        for x in network
        if isinstance(x.operator, Conv) and tensor in x.inputs
    ]


def _fewest(kind: TensorType, stride: int, cycles: float) -> int:
    """Fewest output columns with which a tensor arrives in time."""
    rows = kind.channels * kind.height
    fewest = 1
    while fewest < kind.width and rows * -(-kind.width // (fewest * stride)) > SHARE * cycles:
        fewest += 1
    return fewest
