# SPDX-License-Identifier: Apache-2.0
"""Columns of the operators that only pass beats on, and pixels a beat of the image."""

from __future__ import annotations

from collections.abc import Mapping

from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops import layer_engine
from firebrick.ops.base import LayerEngine

IMAGE_SHARE = 0.1
"""Most of a frame's cycles that the image input may be busy: less than other streams, since a first
kernel of many rows waits for most of them each frame."""
MOST_PIXELS = 16


def stream_columns(
    network: Network, engines: Mapping[str, LayerEngine], cycles: int
) -> dict[str, int]:
    """Columns of each layer that is no convolution.

    Args:
        network: the network.
        engines: of the layers that do the work.
        cycles: a frame's cycles that these allow.
    """
    given = {IMAGE: 1} | {name: x.out_columns for name, x in engines.items()}
    found = {}
    for layer in network:
        if layer.name not in engines:
            wanted = [
                engines[reader.name].in_columns[operand]
                for reader in network
                if reader.name in engines
                for operand, name in enumerate(reader.inputs)
                if name == layer.name
            ]
            before = [given[x] for x in layer.inputs]
            kind = layer_engine(layer.operator)
            given[layer.name] = kind.suited_columns(layer.operator, before, wanted, cycles)
            found[layer.name] = given[layer.name]
    return found


def image_pixels(kind: TensorType, cycles: float) -> int:
    """RGB pixels a beat at the input: a power of two with which `image` has time to spare.

    It reads each row once per channel.
    """
    pixels, planes = 1, kind.height * kind.channels
    while pixels < MOST_PIXELS and planes * -(-kind.width // pixels) > IMAGE_SHARE * cycles:
        pixels *= 2
    return pixels
