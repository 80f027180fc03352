# SPDX-License-Identifier: Apache-2.0
"""What a driver must know of an accelerator: its model, its geometry, how memory is laid out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from firebrick.errors import FirebrickError
from firebrick.runtime.registers import Register

ALIGNMENT = 64
"""Bytes of which every address and stride is a multiple."""
LOGIT_BYTES = 4
MODEL_HASH = re.compile(r"[0-9a-f]{64}\Z")
MAX_SIDE = (1 << 16) - 1
MAX_PIXELS = 1 << 26
"""Of an image: more would be no image of a classifier."""
MAX_CHANNELS = 128
MAX_BEAT_PIXELS = 1 << 12
MAX_CLASSES = (1 << 24) - 1
MAX_WEIGHTS_BYTES = 1 << 28
MAX_NAME = 200


@dataclass(frozen=True)
class Description:
    """An accelerator, as the folder it was generated in, or a bundle, describes it.

    Attributes:
        model: name of the network.
        model_hash: 64 hexadecimal digits over everything that is computed.
        height: rows of an image.
        width: pixels of a row.
        channels: of a pixel.
        pixels: of a beat; each row of an image begins a new beat.
        classes: logits of a frame.
        logit_bits: of one logit, before it is extended to 32.
        weights_bytes: of the weights that are loaded after a reset; mostly 0.
        logits_scale: real value of one integer step of the logits.
    """

    model: str
    model_hash: str
    height: int
    width: int
    channels: int
    pixels: int
    classes: int
    logit_bits: int
    weights_bytes: int
    logits_scale: float

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            FirebrickError: naming the field, the value and the rule.
        """
        if not (0 < len(self.model) <= MAX_NAME and self.model.isprintable()):
            raise FirebrickError(f"model: not a name of 1 to {MAX_NAME} printable characters")
        if not MODEL_HASH.match(self.model_hash):
            raise FirebrickError("model_hash: not 64 hexadecimal digits")
        within("height", self.height, 1, MAX_SIDE)
        within("width", self.width, 1, MAX_SIDE)
        within("height * width", self.height * self.width, 1, MAX_PIXELS)
        within("channels", self.channels, 1, MAX_CHANNELS)
        within("pixels", self.pixels, 1, MAX_BEAT_PIXELS)
        if self.pixels & (self.pixels - 1):
            raise FirebrickError(f"pixels={self.pixels} is not a power of two")
        within("classes", self.classes, 1, MAX_CLASSES)
        within("logit_bits", self.logit_bits, 1, 8 * LOGIT_BYTES)
        within("weights_bytes", self.weights_bytes, 0, MAX_WEIGHTS_BYTES)
        if self.weights_bytes % ALIGNMENT:
            raise FirebrickError(
                f"weights_bytes={self.weights_bytes} is not a multiple of {ALIGNMENT}"
            )
        if not (math.isfinite(self.logits_scale) and self.logits_scale > 0):
            raise FirebrickError(f"logits scale={self.logits_scale} is not a positive number")

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel in memory: channels rounded up to a power of two."""
        return 1 << (self.channels - 1).bit_length()

    @property
    def row_bytes(self) -> int:
        """Bytes of an image's row in memory: whole beats."""
        return -(-self.width // self.pixels) * self.pixels * self.pixel_bytes

    @property
    def image_stride(self) -> int:
        """Bytes from one image to the next."""
        return aligned(self.height * self.row_bytes)

    @property
    def logits_stride(self) -> int:
        """Bytes from one frame's logits to the next one's."""
        return aligned(self.classes * LOGIT_BYTES)

    def expected_registers(self) -> dict[Register, int]:
        """What the device must say of itself."""
        digits = [int(self.model_hash[8 * n : 8 * n + 8], 16) for n in range(4)]
        return {
            Register.MODEL_HASH0: digits[0],
            Register.MODEL_HASH1: digits[1],
            Register.MODEL_HASH2: digits[2],
            Register.MODEL_HASH3: digits[3],
            Register.SIZE: self.height | self.width << 16,
            Register.PIXEL: self.channels | self.pixel_bytes << 8 | self.pixels << 16,
            Register.CLASSES: self.classes | self.logit_bits << 24,
            Register.IMAGE_STRIDE: self.image_stride,
            Register.LOGITS_STRIDE: self.logits_stride,
            Register.WEIGHTS_BYTES: self.weights_bytes,
        }


def aligned(size: int) -> int:
    """The next multiple of `ALIGNMENT`."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def within(name: str, value: int, least: int, most: int) -> None:
    """Refuse a number out of its range.

    Raises:
        FirebrickError: naming the field, the value and the range.
    """
    if not least <= value <= most:
        raise FirebrickError(f"{name}={value} is not in {least}..{most}")


def read_description(document: Mapping[str, object]) -> Description:
    """From a manifest of a generated folder, or from `bundle.json`.

    Whatever the document says that follows from something else must follow from it.

    Raises:
        FirebrickError: naming the field, the value and the rule.
    """
    kernel = section(document, "kernel")
    image = section(document, "image")
    scale = section(document, "logits").get("scale")
    if isinstance(scale, bool) or not isinstance(scale, (int, float)):
        raise FirebrickError("logits.scale: not a number")
    found = Description(
        model=text(document, "model"),
        model_hash=text(document, "model_hash"),
        height=number(image, "height"),
        width=number(image, "width"),
        channels=number(kernel, "channels"),
        pixels=number(kernel, "pixels"),
        classes=number(kernel, "classes"),
        logit_bits=number(kernel, "logit_bits"),
        weights_bytes=number(kernel, "weights_bytes"),
        logits_scale=float(scale),
    )
    derived = ("height", "width", "pixel_bytes", "image_stride", "logits_stride")
    for name in derived:
        if number(kernel, name) != getattr(found, name):
            raise FirebrickError(
                f"kernel.{name}={number(kernel, name)} contradicts the rest: it would be "
                f"{getattr(found, name)}"
            )
    registers = section(kernel, "registers")
    for register in Register:
        if registers.get(register.name) != int(register):
            raise FirebrickError(
                f"kernel.registers.{register.name}={registers.get(register.name)!r} is not "
                f"{int(register)}, as in this driver"
            )
    return found


def section(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A field that is an object.

    Raises:
        FirebrickError: naming it when it is missing or none.
    """
    value = document.get(name)
    if not isinstance(value, dict):
        raise FirebrickError(f"{name}: missing, or not an object")
    return value


def text(document: Mapping[str, object], name: str) -> str:
    """A field that is text; see `section`."""
    value = document.get(name)
    if not isinstance(value, str):
        raise FirebrickError(f"{name}: missing, or not text")
    return value


def number(document: Mapping[str, object], name: str) -> int:
    """A field that is a whole number; see `section`."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FirebrickError(f"{name}: missing, or not a whole number")
    return value
