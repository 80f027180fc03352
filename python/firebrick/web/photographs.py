# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a photograph that nobody vouches for to the pixels that a network takes.

The pixels are those of `firebrick.images`, which a board does not have; what is accepted is
narrower. A file is looked at before its decoder runs: format, ends, scans, pixels, frames.
"""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.pixels import TooLarge, decode

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 10 << 20
"""Largest file, bytes."""
MAX_PIXELS = 25_000_000
"""Most pixels of a photograph, before it is decoded."""
MAX_MEMORY = 128 << 20
"""Most memory that decoding may take, bytes. The page itself takes about 60 MB and the uploads that
wait another 60; a small board has 512 MB."""
MAX_SCANS = 100
"""Most scans of a JPEG file; a progressive one has about ten. Each costs a pass over all pixels."""
MAX_CHUNKS = 1 << 16
"""Most chunks of a PNG file."""
MAX_TEXTS = 16
"""Most chunks of a PNG file that hold compressed text or a profile: each may unpack to 1 MB."""
PNG_START = b"\x89PNG\r\n\x1a\n"
FORMATS = MappingProxyType({"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"})
"""Media types that are accepted, and Pillow's names of their decoders."""
ACCEPTED = "JPEG, PNG or WebP"


class BadPhotograph(FirebrickError):
    """What was given is refused; the message goes on after its name, and never quotes it."""


def read_pixels(path: Path, resize: int, height: int, width: int) -> NDArray[np.uint8]:
    """As `to_pixels`, from a file.

    Raises:
        FirebrickError: naming the file and the rule.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadPhotograph(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return to_pixels(data, resize, height, width)
    except FirebrickError as error:
        raise type(error)(f"{path}: {error}") from None


def to_pixels(data: bytes, resize: int, height: int, width: int) -> NDArray[np.uint8]:
    """The network's input: shorter side resized to `resize`, centre cut out.

    Args:
        data: a whole file, JPEG, PNG or WebP.
        resize: shorter side after resizing, pixels.
        height: of the result.
        width: of the result.

    Returns:
        uint8 (height, width, 3), RGB.

    Raises:
        BadPhotograph: saying the rule.
        FirebrickError: there is no decoder, or the size is impossible.
    """
    if resize < max(height, width):
        raise FirebrickError(f"resize={resize} is less than the input, {height}x{width}")
    image = _decode(data)
    # Resized and cropped in one step, so that a long thin image never becomes a huge one.
    unit = min(image.size) / resize
    left = (image.width - width * unit) / 2
    top = (image.height - height * unit) / 2
    box = (left, top, left + width * unit, top + height * unit)
    bicubic = 3  # Image.Resampling.BICUBIC, under the name that every Pillow knows
    return np.array(image.resize((width, height), bicubic, box=box), np.uint8)


def media_type(data: bytes) -> str:
    """Media type of a file by its first bytes.

    Raises:
        BadPhotograph: it is of no accepted format.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(PNG_START):
        return "image/png"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    raise BadPhotograph(f"is not a photograph: it does not begin as {ACCEPTED} does")


def _decode(data: bytes) -> Image.Image:
    """Check and decode to RGB, upright."""
    try:
        from PIL import Image  # noqa: PLC0415 - pixels that are given need none
    except ModuleNotFoundError:
        raise FirebrickError("decoding needs Pillow: pip install pillow") from None
    if len(data) > MAX_BYTES:
        raise BadPhotograph(f"is larger than {MAX_BYTES:,} bytes")
    kind = media_type(data)
    CHECKS[kind](data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own, larger limit on pixels
            image = Image.open(io.BytesIO(data), formats=(FORMATS[kind],))
            pixels = image.width * image.height
            if not 0 < pixels <= MAX_PIXELS:
                raise BadPhotograph(f"is of {pixels:,} pixels; at most {MAX_PIXELS:,} are taken")
            # Phones append further pictures to a JPEG file; the first is the photograph.
            if kind != "image/jpeg" and getattr(image, "is_animated", False):
                raise BadPhotograph("is animated: send a single picture")
            return decode(image, MAX_MEMORY)
    except BadPhotograph:
        raise
    except TooLarge as error:
        raise BadPhotograph(f"{error}: send a smaller one, or a JPEG file") from None
    except Image.DecompressionBombError:
        raise BadPhotograph(f"is too large: at most {MAX_PIXELS:,} pixels are taken") from None
    except Exception:  # decoders raise anything on damaged files, and quote them
        raise BadPhotograph("cannot be decoded: it is damaged or incomplete") from None


def _check_jpeg(data: bytes) -> None:
    """Bound the scans: in compressed data the marker's first byte is always escaped."""
    if data.count(b"\xff\xda") > MAX_SCANS:
        raise BadPhotograph(f"has more than {MAX_SCANS} scans")


def _check_png(data: bytes) -> None:
    """Refuse a file that is cut off, or goes on behind its end as something else."""
    place, texts = len(PNG_START), 0
    for _ in range(MAX_CHUNKS):
        if place + 12 > len(data):
            raise BadPhotograph("cannot be decoded: it is damaged or incomplete")
        length, name = struct.unpack_from(">I4s", data, place)
        place += 12 + length
        texts += name in (b"zTXt", b"iTXt", b"iCCP")
        if texts > MAX_TEXTS:
            raise BadPhotograph(f"has more than {MAX_TEXTS} compressed texts")
        if name == b"IEND":
            if place != len(data):
                raise BadPhotograph("goes on behind the end of its picture")
            return
    raise BadPhotograph(f"has more than {MAX_CHUNKS:,} chunks")


def _check_webp(data: bytes) -> None:
    """Refuse a file that is cut off, or goes on behind its end as something else."""
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise BadPhotograph("cannot be decoded: it is damaged or incomplete")
    if length + 8 < len(data):
        raise BadPhotograph("goes on behind the end of its picture")


CHECKS = MappingProxyType(
    {"image/jpeg": _check_jpeg, "image/png": _check_png, "image/webp": _check_webp}
)
"""What is checked of each type before its decoder runs."""
