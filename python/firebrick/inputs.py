# SPDX-License-Identifier: Apache-2.0
"""What networks are given: images made of photographs, or of arrays in ``.npy`` files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firebrick import images
from firebrick.arrays import is_array, read_array
from firebrick.images import PixelArray
from firebrick.preprocessing import Preprocessing


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
        return channels_first(pixels)
    how.require_photographs(f"image {str(source)!r}")
    cut = images.load_pixels(source, how.resize, *how.cut(height, width))
    return images.of_photographs(cut[None], how)


def channels_first(pixels: PixelArray) -> PixelArray:
    """(N, H, W, C) to (N, C, H, W)."""
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
