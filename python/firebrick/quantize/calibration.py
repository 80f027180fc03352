# SPDX-License-Identifier: Apache-2.0
"""Random crops of the calibration photographs: what the network is shown while it is quantized."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance

from firebrick.errors import FirebrickError
from firebrick.images import PixelArray

MIN_AREA = 0.25
"""A crop covers at least this part of the largest one that fits."""
JITTER = 0.3
"""Brightness, contrast and colour change by up to this part."""


def random_crops(
    photographs: Sequence[PixelArray], count: int, height: int, width: int, seed: int
) -> PixelArray:
    """Crops of random place and size, half of them mirrored, with colour jitter.

    Photographs take turns, so each is used equally often.

    Args:
        photographs: uint8 (3, H, W) RGB, of any size.
        count: number of crops.
        height: of each crop.
        width: of each crop.
        seed: of the random choices.

    Returns:
        uint8 (count, 3, height, width).

    Raises:
        FirebrickError: there is no photograph, or one is not of that form.
    """
    if not photographs:
        raise FirebrickError("quantize: photographs=0 is less than 1")
    for photograph in photographs:
        if photograph.dtype != np.uint8 or photograph.ndim != 3 or photograph.shape[0] != 3:
            raise FirebrickError(
                f"quantize: photograph={photograph.dtype}{photograph.shape} is not uint8 (3, H, W)"
            )
    rng = np.random.default_rng(seed)
    crops = [
        _crop(photographs[index % len(photographs)], height, width, rng) for index in range(count)
    ]
    return np.stack(crops)


def _crop(photograph: PixelArray, height: int, width: int, rng: np.random.Generator) -> PixelArray:
    image = Image.fromarray(np.ascontiguousarray(photograph.transpose(1, 2, 0)))
    unit = min(image.width / width, image.height / height) * np.sqrt(rng.uniform(MIN_AREA, 1))
    left = rng.uniform(0, image.width - width * unit)
    top = rng.uniform(0, image.height - height * unit)
    box = (left, top, left + width * unit, top + height * unit)
    image = image.resize((width, height), Image.Resampling.BICUBIC, box=box)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhancer(image).enhance(1 + rng.uniform(-JITTER, JITTER))
    return np.asarray(image, np.uint8).transpose(2, 0, 1)
