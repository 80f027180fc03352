# SPDX-License-Identifier: Apache-2.0
"""How a photograph, or an array of numbers, becomes the pixels that a network takes.

All of it but decoding and cutting, which `firebrick.pixels` does: order and number of channels,
mean, std, border. It runs on a board too. Pixels are uint8 (N, H, W, C) here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError

Pixels = NDArray[np.uint8]

MAX_RESIZE = 1 << 14
"""Longest shorter side that a photograph is resized to, pixels."""
MAX_BORDER = 1 << 10
"""Widest border, pixels."""
RAW = "RAW"
"""Channels that are no colours: only arrays become such an image."""
GREY = (19595, 38470, 7471)
"""Shares of red, green and blue in grey, of 2**16: ITU-R 601-2 as Pillow's mode ``L`` rounds it."""


def channel_orders(channels: int) -> tuple[str, ...]:
    """Names of the orders that so many channels can have, the usual one first."""
    return {1: ("GREY",), 3: ("RGB", "BGR")}.get(channels, (RAW,))


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a photograph becomes the network's float input.

    The photograph is resized so that its shorter side is `resize` pixels, and its centre is cut out
    at the network's input size. Then, per channel, `value = (pixel - mean) / std`.

    What hardware takes may have a border of constant pixels around the cut: the zeros around the
    float input, as pixels.

    Attributes:
        resize: shorter side after resizing, pixels.
        channels: the order the network expects: ``RGB`` or ``BGR`` of three, ``GREY`` of one, else
            ``RAW``, which no photograph has.
        mean: per network channel, at pixel scale (0..255).
        std: per network channel, at pixel scale.
        border: top, left, bottom, right, in pixels; of a float graph always 0.
        fill: pixel of the border, in RGB order; empty without a border.
    """

    resize: int
    channels: str = "RGB"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    border: tuple[int, int, int, int] = (0, 0, 0, 0)
    fill: tuple[int, ...] = ()

    def check(self, place: str, channels: int, height: int, width: int) -> None:
        """Check that a photograph can become an image in this way.

        Args:
            place: what is preprocessed for, to begin messages with.
            channels: of the image.
            height: of the image, border included.
            width: of the image, border included.

        Raises:
            FirebrickError: naming place, field, value and rule.
        """

        def require(holds: bool, field: str, value: object, rule: str) -> None:
            if not holds:
                raise FirebrickError(f"{place}: preprocessing.{field}={value} {rule}")

        orders = channel_orders(channels)
        known = self.channels in orders
        rule = f"is not {' or '.join(orders)}, as {channels} channels are"
        require(known, "channels", self.channels, rule)
        within = all(0 <= x <= MAX_BORDER for x in self.border)
        require(within, "border", self.border, f"is not four numbers in 0..{MAX_BORDER}")
        size = self.cut(height, width)
        require(min(size) >= 1, "border", self.border, f"leaves nothing of {height}x{width}")
        count = channels if any(self.border) else 0
        filled = len(self.fill) == count and all(0 <= x <= 255 for x in self.fill)
        require(filled, "fill", self.fill, f"is not {count} numbers in 0..255")
        most = max(size)
        require(self.resize >= most, "resize", self.resize, f"is less than the input's {most}")
        require(self.resize <= MAX_RESIZE, "resize", self.resize, f"exceeds {MAX_RESIZE}")
        for field, values in (("mean", self.mean), ("std", self.std)):
            numbers = len(values) == channels and bool(np.all(np.isfinite(values)))
            require(numbers, field, values, f"is not {channels} finite numbers")
        require(min(self.std) > 0, "std", self.std, "is not positive")

    def cut(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what is cut out of a photograph for an image with its border."""
        top, left, bottom, right = self.border
        return height - top - bottom, width - left - right

    def require_photographs(self, place: str) -> None:
        """Check that photographs can become the image at all.

        Raises:
            FirebrickError: they cannot; naming the place, and what can.
        """
        if self.channels == RAW:
            raise FirebrickError(
                f"{place}: an image of {len(self.mean)} channels is no photograph, which has 1 or "
                "3: give .npy files"
            )

    def of_photographs(self, rgb: Pixels) -> Pixels:
        """The image, of what is cut out of photographs.

        Args:
            rgb: uint8 (N, H, W, 3), RGB.

        Returns:
            uint8 (N, H, W, C), RGB or grey, with the border.
        """
        if self.channels == "GREY":
            sums = (rgb.astype(np.uint32) * np.array(GREY, np.uint32)).sum(-1, dtype=np.uint32)
            rgb = ((sums + (1 << 15)) >> 16).astype(np.uint8)[..., None]
        return self.framed(rgb)

    def of_arrays(self, place: str, array: NDArray[Any], height: int, width: int) -> Pixels:
        """The image, of numbers: pixels as they are, or the network's float input.

        Floats are rounded to the pixels that stand for them, `value * std + mean`, and those beyond
        are clipped.

        Args:
            place: where they come from, to begin messages with.
            array: uint8 in RGB order, or finite floats in the network's order: (H, W, C),
                (N, H, W, C), or (H, W) of one channel; without the border.
            height: of the image, border included.
            width: of the image, border included.

        Returns:
            uint8 (N, H, W, C), with the border.

        Raises:
            FirebrickError: naming place, shape and what it has to be.
        """
        size = (*self.cut(height, width), len(self.mean))
        frames = array[..., None] if array.ndim == 2 else array
        frames = frames[None] if frames.ndim == 3 else frames
        if frames.ndim != 4 or frames.shape[1:] != size:
            raise FirebrickError(
                f"{place}: shape={array.shape} is not {size}: rows, columns, channels (of many "
                "frames: frames first)"
            )
        if frames.dtype == np.uint8:
            return self.framed(frames)
        pixels = np.clip(np.rint(self.scaled(frames)), 0, 255).astype(np.uint8)
        return self.framed(pixels[..., ::-1] if self.channels == "BGR" else pixels)

    def scaled(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The network's float input at pixel scale, not yet rounded; channels last."""
        with np.errstate(over="ignore"):  # what passes float64 is beyond any pixel
            scaled = values.astype(np.float64) * np.array(self.std) + np.array(self.mean)
        return np.asarray(scaled, np.float64)

    def framed(self, pixels: Pixels) -> Pixels:
        """Images (N, H, W, C) with the border around them; themselves if there is none."""
        if not any(self.border):
            return pixels
        top, left, bottom, right = self.border
        count, height, width, channels = pixels.shape
        shape = (count, top + height + bottom, left + width + right, channels)
        result = np.empty(shape, np.uint8)
        result[...] = self.fill
        result[:, top : top + height, left : left + width] = pixels
        return result
