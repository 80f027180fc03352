# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet 1.0 from the `.net` file of Deep Compression.

Layout, little-endian, layers in network order:

1. 26 x uint32: number of stored entries of each layer.
2. For each layer: codebook, 256 x float32; bias, out_channels x float32; a uint8 code for each
   entry; a 4-bit gap for each entry, two to a byte, low nibble first.

Entry i lies at position `cumsum(gap + 1)[i] - 1` of the flat (O, I, K, K) tensor and is worth
`codebook[code]`. Everything that is not stored is zero. A gap too long for 4 bits is bridged by
entries worth zero.

Source: Han et al., "Deep Compression", and the file that its authors published.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.families.blocks import Parameters, given, weight_shapes
from firebrick.families.squeezenet import V10, build
from firebrick.frontend.labels import imagenet_labels
from firebrick.ir.graph import Graph
from firebrick.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(resize=256, channels="BGR", mean=(104.0, 117.0, 123.0))
CODES = 256
MAX_BYTES = 1 << 24
"""Largest file that is read: twice what SqueezeNet would take with every weight stored."""


@dataclass(slots=True)
class _Reader:
    """A cursor over the file that never passes its end."""

    path: Path
    data: bytes
    position: int = 0

    def take(self, count: int, kind: str, layer: str, field: str) -> NDArray[np.generic]:
        dtype = np.dtype(kind)
        left = len(self.data) - self.position
        if count * dtype.itemsize > left:
            raise self.fail(layer, field, count, f"of {dtype.itemsize} bytes exceeds {left} left")
        array = np.frombuffer(self.data, dtype, count, self.position)
        self.position += array.nbytes
        return array

    def fail(self, layer: str, field: str, value: object, rule: str) -> FirebrickError:
        return FirebrickError(f"{self.path}: layer {layer!r}: {field}={value} {rule}")


def read(path: Path) -> Graph:
    """Read a compressed SqueezeNet 1.0.

    Raises:
        FirebrickError: naming file, layer, field, value and rule.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FirebrickError(f"{path}: size={size} exceeds {MAX_BYTES} bytes")
    reader = _Reader(path, path.read_bytes())
    layers = weight_shapes(lambda source: build(V10, source, PREPROCESSING))
    counts = reader.take(len(layers), "<u4", "header", "stored")
    parameters = {
        name: _layer(reader, name, shape, int(count))
        for (name, shape), count in zip(layers.items(), counts, strict=True)
    }
    if reader.position != len(reader.data):
        raise FirebrickError(
            f"{path}: size={len(reader.data)} is not {reader.position}, the end of the last layer"
        )
    return build(V10, given(parameters), PREPROCESSING, labels=imagenet_labels())


def _layer(reader: _Reader, name: str, shape: tuple[int, int, int, int], stored: int) -> Parameters:
    total = math.prod(shape)
    if stored > total:
        raise reader.fail(name, "stored", stored, f"exceeds the layer's {total} weights")
    codebook = reader.take(CODES, "<f4", name, "codebook").astype(np.float32)
    bias = reader.take(shape[0], "<f4", name, "bias").astype(np.float32)
    for field, array in (("codebook", codebook), ("bias", bias)):
        wrong = np.flatnonzero(~np.isfinite(array))
        if len(wrong):
            raise reader.fail(name, f"{field}[{wrong[0]}]", array[wrong[0]], "is not finite")
    codes = reader.take(stored, "u1", name, "codes")
    pairs = reader.take((stored + 1) // 2, "u1", name, "gaps").astype(np.int64)
    gaps = np.stack((pairs & 15, pairs >> 4), axis=1).reshape(-1)[:stored]
    positions = np.cumsum(gaps + 1) - 1
    if stored and positions[-1] >= total:
        raise reader.fail(name, "position", positions[-1], f"is beyond the {total} weights")
    weights = np.zeros(total, np.float32)
    weights[positions] = codebook[codes]
    return weights.reshape(shape), bias
