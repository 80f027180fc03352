# SPDX-License-Identifier: Apache-2.0
"""How images and logits lie in memory: see docs/driver.md, "Memory"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.runtime.description import Description

Bytes = NDArray[np.uint8]
Logits = NDArray[np.int32]


def check_images(images: NDArray[np.generic], description: Description) -> Bytes:
    """The images, if they are what the accelerator takes.

    Args:
        images: uint8 (N, HEIGHT, WIDTH, CHANNELS).
        description: of the accelerator.

    Raises:
        FirebrickError: naming type or shape, and what it has to be.
    """
    array = np.asarray(images)
    shape = (description.height, description.width, description.channels)
    if array.dtype != np.uint8:
        raise FirebrickError(f"images: type {array.dtype} is not uint8")
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        raise FirebrickError(
            f"images: shape {array.shape} is not (N, {', '.join(map(str, shape))}): "
            "frames, rows, pixels, channels"
        )
    return array


def pack_images(images: Bytes, description: Description, memory: Bytes) -> None:
    """Write images as the accelerator reads them; what lies between them is not touched.

    Args:
        images: (N, HEIGHT, WIDTH, CHANNELS).
        description: of the accelerator.
        memory: at least N * IMAGE_STRIDE bytes.
    """
    count, height, width, channels = images.shape
    strides = (description.image_stride, description.row_bytes, description.pixel_bytes, 1)
    np.ndarray((count, height, width, channels), np.uint8, memory, 0, strides)[...] = images


def unpack_logits(memory: Bytes, description: Description, frames: int) -> Logits:
    """Read logits as the accelerator writes them.

    Args:
        memory: at least N * LOGITS_STRIDE bytes.
        description: of the accelerator.
        frames: N.

    Returns:
        (N, CLASSES), a copy.
    """
    shape = (frames, description.classes)
    words = np.ndarray(shape, "<i4", memory, 0, (description.logits_stride, 4))
    return words.astype(np.int32)
