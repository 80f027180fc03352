# SPDX-License-Identifier: Apache-2.0
"""Decoding pictures that nobody vouches for, within a bound of memory.

What `firebrick.images` and the page have in common; it runs on a board too.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from firebrick.errors import FirebrickError

if TYPE_CHECKING:
    from PIL import Image

MIB = 1 << 20
BAND = 1 << 18
"""Pixels that are converted at a time."""
SLACK = 32 * MIB
"""Memory that a decoder may take beside its pixels, bytes."""
STORED = MappingProxyType({"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2})
"""Bytes of a pixel as Pillow stores it, by mode; 4 in all others."""
DECODER = MappingProxyType({"WEBP": 16, "TIFF": 12, "GIF": 8, "BMP": 8, "PPM": 8})
"""Bytes of a pixel while a format's decoder runs, where they are more than the picture's: canvases,
strips. Measured, the largest of each."""
TURNS = MappingProxyType({2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2})
"""By the orientation that EXIF states, Pillow's number of the transposition that undoes it."""
_ORIENTATION = 0x0112
_WHITE = (255, 255, 255, 255)
_lock = threading.Lock()


class _State:
    """Of the process.

    Attributes:
        most: bytes that all threads may take that decode now.
        before: limits, soft and hard, of when none did.
    """

    most = 0
    before = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class TooLarge(FirebrickError):
    """A picture whose decoding would take more memory than is given."""


def decode(image: Image.Image, most: int) -> Image.Image:
    """Decode a picture that was opened.

    A JPEG file that would take too much is decoded at a half, a quarter or an eighth of its size.

    Args:
        image: as `Image.open` gives it; it is used up.
        most: bytes that decoding and converting may take, about.

    Returns:
        The picture in RGB, upright, transparent parts on white.

    Raises:
        TooLarge: naming what it takes, and the most.
        Exception: whatever a decoder raises on a damaged file.
    """
    # Of 16-bit grey, Pillow gives the mode I;16; in older ones, and of PGM, it is I.
    if image.mode == "F" or (image.mode == "I" and image.format not in ("PNG", "PPM")):
        raise ValueError(f"mode={image.mode}, 32 bits a channel, is not 8 or 16")
    _shrink(image, most)
    try:
        with _limited(most + SLACK):
            image.load()
            method = _turn(image)
            _check(_after(image, method), most)
            upright = _to_rgb(image)
            return upright if method is None else upright.transpose(method)  # type: ignore[arg-type]
    except MemoryError:
        raise TooLarge(f"takes more memory to decode than {most // MIB} MB") from None


def _turn(image: Image.Image) -> int | None:
    """The transposition that the file asks for."""
    return TURNS.get(image.getexif().get(_ORIENTATION, 1))


def _is_plain(image: Image.Image) -> bool:
    return image.mode == "RGB" and "transparency" not in image.info


def _before(image: Image.Image) -> int:
    """Bytes that the decoder takes."""
    pixels = image.width * image.height
    return pixels * max(DECODER.get(image.format or "", 0), STORED.get(image.mode, 4))


def _after(image: Image.Image, method: int | None) -> int:
    """Bytes that conversion and turning take: two pictures at a time."""
    converted = 4 if _is_plain(image) else STORED.get(image.mode, 4) + 4
    return image.width * image.height * max(converted, 4 if method is None else 8)


def _shrink(image: Image.Image, most: int) -> None:
    """See that the picture can be decoded, at a lower resolution if the decoder can do that."""
    if image.format not in ("JPEG", "MPO"):  # others may state their orientation at the end
        return _check(max(_before(image), _after(image, None)), most)
    # A progressive file's coefficients are all kept, of its whole size.
    layers = [h * v for _, h, v, *_ in getattr(image, "layer", ())] or [1] * 3
    kept = 2 * image.width * image.height * sum(layers) // max(layers)
    kept = kept if image.info.get("progressive") else 0
    method = _turn(image)
    for part in (1, 2, 4, 8):
        if part > 1:
            image.draft(None, (max(1, image.width // 2), max(1, image.height // 2)))
        if max(kept + _before(image), _after(image, method)) <= most:
            return None
    return _check(kept + _before(image), most)


def _check(needed: int, most: int) -> None:
    if needed > most:
        raise TooLarge(f"takes {needed // MIB} MB of memory to decode, more than {most // MIB}")


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert, a band at a time: a picture in between, of all pixels, would take too much."""
    from PIL import Image  # noqa: PLC0415 - pixels that are given need none

    if _is_plain(image):
        return image
    result = Image.new("RGB", image.size)
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        result.paste(_band(image.crop(box)), box)
    image.close()
    return result


def _band(image: Image.Image) -> Image.Image:
    from PIL import Image  # noqa: PLC0415

    if image.mode.startswith("I"):  # 16-bit grey; Pillow would clip it to white
        wide = np.asarray(image).astype(np.int64)
        image = Image.fromarray(np.clip(wide >> 8, 0, 255).astype(np.uint8))
    if "A" in image.mode or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, _WHITE)
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


@contextmanager
def _limited(most: int) -> Iterator[None]:
    """Let the process take no more than `most` bytes in addition, where the system can see to that.

    A decoder's tables may grow with what a file says rather than with its pixels. Threads that
    decode side by side share one limit, which is large enough for all of them.
    """
    with _lock:
        if not _State.most:
            _State.before = resource.getrlimit(resource.RLIMIT_DATA)
        _State.most += most
        _set_limit(_State.most)
    try:
        yield
    finally:
        with _lock:
            _State.most -= most
            if not _State.most:
                resource.setrlimit(resource.RLIMIT_DATA, _State.before)


def _set_limit(more: int) -> None:
    """Limit the process to what it takes now and some bytes, unless that is limited or unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except (OSError, ValueError, IndexError):
        return
    soft, hard = _State.before
    wanted = pages * resource.getpagesize() + more
    if not (0 <= soft < wanted or 0 <= hard < wanted):
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
