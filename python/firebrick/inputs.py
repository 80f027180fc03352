# SPDX-License-Identifier: Apache-2.0
"""What networks are given: images made of photographs, or of arrays in ``.npy`` files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick import images
from firebrick.arrays import is_array, read_array
from firebrick.errors import FirebrickError
from firebrick.images import PixelArray
from firebrick.ir.graph import Graph
from firebrick.preprocessing import Preprocessing

HELD_OUT = 5
"""One array in so many is not calibrated on; quality is measured on it."""
MOST_CLIPPED = 0.01
"""Part of the values of arrays to calibrate on that may lie beyond the pixels."""
LEAST_LEVELS = 16
"""Pixel levels of 256 that they must span at least."""


def load(source: str | Path, how: Preprocessing, height: int, width: int) -> PixelArray:
    """What a network takes, of a photograph or of an array.

    Args:
        source: image file, name of a sample, or ``.npy`` file, see `Preprocessing.of_arrays`.
        how: preprocessing of the network.
        height: of the result, border included.
        width: of the result, border included.

    Returns:
        uint8 (N, C, height, width); one, unless an array holds more.

    Raises:
        FirebrickError: naming the file and the rule.
    """
    if is_array(source):
        pixels = how.of_arrays(str(source), read_array(Path(source)), height, width)
        return _channels_first(pixels)
    how.require_photographs(f"image {str(source)!r}")
    cut = images.load_pixels(source, how.resize, *how.cut(height, width))
    return images.of_photographs(cut[None], how)


@dataclass(frozen=True)
class Samples:
    """What a network is quantized on.

    Attributes:
        calibration: to calibrate on, as `quantizer.quantize` takes it.
        evaluation: to measure quality on, none of the former.
    """

    calibration: Sequence[PixelArray] | PixelArray
    evaluation: Sequence[PixelArray] | PixelArray


def load_samples(graph: Graph, folder: Path | None, most: int) -> Samples:
    """Photographs, or arrays if the folder holds such.

    Args:
        graph: to be quantized.
        folder: of photographs or ``.npy`` files; None for the samples that packages carry.
        most: photographs that are read of it.

    Raises:
        FirebrickError: naming file or folder and the rule.
    """
    how = graph.preprocessing
    paths = [] if folder is None else images.list_folder(folder)
    arrays = [x for x in paths if is_array(x)]
    if arrays:
        others = [x.name for x in paths if not is_array(x)]
        if others:
            raise FirebrickError(
                f"folder {str(folder)!r}: {others[0]!r} is no .npy file, as {arrays[0].name!r} is: "
                "give either arrays or photographs"
            )
        return _hold_out(load_arrays(arrays, graph), f"folder {str(folder)!r}")
    how.require_photographs(f"{graph.name}: --calibration")
    if folder is None:
        photographs = images.load_samples(images.CALIBRATION)
    else:
        photographs = images.load_folder(folder, most)
    return Samples(photographs, images.load_samples(images.EVALUATION))


def load_arrays(paths: Sequence[Path], graph: Graph) -> PixelArray:
    """Images of a network's size from ``.npy`` files, to calibrate or to measure on.

    Args:
        paths: of the files, all of one folder.
        graph: of the network.

    Returns:
        uint8 (N, C, H, W).

    Raises:
        FirebrickError: naming file and rule; there are too many values; or floats are not within
            what pixels stand for.
    """
    how, kept, found, reach = graph.preprocessing, 0, [], Reach()
    for path in paths:
        array = read_array(path)
        pixels = how.of_arrays(str(path), array, graph.input.height, graph.input.width)
        found.append(_channels_first(pixels))
        kept += pixels.size
        if kept > images.MAX_KEPT:
            raise FirebrickError(f"{path}: values={kept} up to here exceed {images.MAX_KEPT}")
        if array.dtype != np.uint8:
            reach.add(array, how.scaled(array.reshape(pixels.shape)))
    reach.check(str(paths[0].parent))
    return np.concatenate(found)


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
            f"folder {place!r}: values={self.low:.6g}..{self.high:.6g} are not what the pixels "
            f"0..255 stand for: import the model with mean {mean:.6g} and std {std:.6g}, or others "
            "of which value * std + mean is within 0..255"
        )


def _hold_out(arrays: PixelArray, place: str) -> Samples:
    if len(arrays) < 2:
        raise FirebrickError(
            f"{place}: images=1: give 2 or more, one of them to measure quality on"
        )
    held = np.arange(len(arrays)) % HELD_OUT == min(HELD_OUT, len(arrays)) - 1
    return Samples(arrays[~held], arrays[held])


def _channels_first(pixels: PixelArray) -> PixelArray:
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
