# SPDX-License-Identifier: Apache-2.0
"""Arrays to calibrate or to measure on, and whether their floats are what pixels stand for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick import images
from firebrick.arrays import read_array
from firebrick.errors import FirebrickError
from firebrick.inputs import channels_first
from firebrick.ir.graph import Graph
from firebrick.samples.draw import Drawn, draw

MOST_CLIPPED = 0.01
"""Part of the values that may lie beyond the pixels."""
LEAST_LEVELS = 16
"""Pixel levels of 256 that they must span at least."""


def load_arrays(
    paths: Sequence[Path], graph: Graph, most: int, rng: np.random.Generator, place: str
) -> list[Drawn]:
    """Images of a network's size from ``.npy`` files: at most so many, from all over them.

    Of each file as many are kept as of another, so that no more than twice `most` are in memory.

    Args:
        paths: of the files.
        graph: of the network.
        most: images.
        rng: of the choice.
        place: of the files, to begin messages with.

    Raises:
        FirebrickError: naming file and rule; there are too many values; or floats are not within
            what pixels stand for.
    """
    how, height, width = graph.preprocessing, graph.input.height, graph.input.width
    size, kept, found, reach = (height, width, graph.input.channels), 0, [], Reach()
    chosen = draw(paths, most, rng)
    share = -(-most // len(chosen))
    for path in chosen:
        array = read_array(path)
        if array.shape[1:] == size:  # others are refused, or are one
            array = array[draw(range(len(array)), share, rng)]
        pixels = how.of_arrays(str(path), array, height, width)
        kept += pixels.size
        if kept > images.MAX_KEPT:
            raise FirebrickError(f"{path}: values={kept} up to here exceed {images.MAX_KEPT}")
        if array.dtype != np.uint8:
            reach.add(array, how.scaled(array.reshape(pixels.shape)))
        frames = channels_first(pixels)
        found += [Drawn(path, hashlib.sha256(x.tobytes()).digest(), x) for x in frames]
    reach.check(place)
    return draw(found, most, rng)


@dataclass
class Reach:
    """How far floats reach, in the network's units and in pixels.

    Attributes:
        low: least value.
        high: largest value.
        levels: pixels that they span, clipped ones left out.
        beyond: values that no pixel stands for.
        count: of all values.
    """

    low: float = math.inf
    high: float = -math.inf
    levels: float = 0.0
    beyond: int = 0
    count: int = 0

    def add(self, values: NDArray[Any], scaled: NDArray[np.float64]) -> None:
        """Some more, and the same at pixel scale."""
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        self.levels = max(self.levels, float(np.ptp(np.clip(scaled, 0, 255))))
        self.beyond += int(((scaled < -0.5) | (scaled > 255.5)).sum())
        self.count += scaled.size

    def check(self, place: str) -> None:
        """Refuse floats that pixels cannot tell apart.

        Raises:
            FirebrickError: naming the place, the range, and the `mean` and `std` that would do.
        """
        if not self.count or (
            self.beyond <= MOST_CLIPPED * self.count and self.levels >= LEAST_LEVELS
        ):
            return
        std = 255 / (self.high - self.low) if self.high > self.low else 1.0
        mean = -self.low * std
        raise FirebrickError(
            f"{place}: values={self.low:.6g}..{self.high:.6g} are not what the pixels "
            f"0..255 stand for: import the model with mean {mean:.6g} and std {std:.6g}, or others "
            "of which value * std + mean is within 0..255"
        )
