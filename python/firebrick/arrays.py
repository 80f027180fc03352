# SPDX-License-Identifier: Apache-2.0
"""Arrays in ``.npy`` files that nobody vouches for: pixels, or a network's float input.

It runs on a board too. Nothing but numbers is ever made of a file: no pickles, no objects.
"""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from firebrick.errors import FirebrickError

SUFFIX = ".npy"
MAX_BYTES = 256 << 20
"""Largest file, bytes."""
MAX_HEADER = 1024
"""Longest header, bytes: NumPy evaluates it. It writes some 120 for any array of numbers."""
MAX_AXES = 4
LAST = 0x10FFFF
"""Of Unicode. NumPy takes more, Python's texts of which fail wherever they are used."""
TYPES = ("uint8", "float16", "float32", "float64")


def is_array(source: str | Path) -> bool:
    """Whether the name is that of such a file."""
    return Path(source).suffix.lower() == SUFFIX


def read_array(path: Path) -> NDArray[Any]:
    """As `array_of`, from a file.

    Raises:
        FirebrickError: naming the file and the rule.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    return array_of(data, str(path))


def array_of(data: bytes, place: str, types: tuple[str, ...] = TYPES) -> NDArray[Any]:
    """An array of numbers, or of texts.

    Args:
        data: a whole file.
        place: what messages begin with.
        types: that it may have; ``str`` stands for texts of any length.

    Returns:
        Of one of the types, by default uint8, float16, float32 or float64; of up to 4 axes, at
        least one value; all finite.

    Raises:
        FirebrickError: naming the place and the rule.
    """
    if len(data) > MAX_BYTES:
        raise FirebrickError(f"{place}: exceeds {MAX_BYTES} bytes")
    file = io.BytesIO(data)
    shape, in_columns, kind = _header(file, place, types)
    start, wanted = file.tell(), math.prod(shape) * kind.itemsize
    if len(data) != start + wanted:
        raise FirebrickError(f"{place}: bytes={len(data)}, its header says {start + wanted}")
    array = np.frombuffer(data, kind, offset=start).reshape(shape, order="F" if in_columns else "C")
    if kind.kind == "f" and not np.isfinite(array).all():
        raise FirebrickError(f"{place}: not all of its values are finite numbers")
    if kind.kind == "U" and np.frombuffer(data, f"{kind.byteorder}u4", offset=start).max() > LAST:
        raise FirebrickError(f"{place}: not all of its letters are of Unicode")
    return array.astype(kind.newbyteorder("="), copy=False)


def _header(
    file: io.BytesIO, place: str, types: tuple[str, ...]
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type, if they are what is taken."""
    start = file.read(10)
    # Version 1: others are for headers longer than any that is taken.
    if len(start) < 10 or start[:8] != npy.magic(1, 0):
        raise FirebrickError(f"{place}: is not a .npy file of version 1, as numpy.save writes it")
    length = int.from_bytes(start[8:], "little")
    if length > MAX_HEADER:
        raise FirebrickError(f"{place}: header={length} exceeds {MAX_HEADER} bytes")
    file.seek(8)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of the text
            shape, in_columns, kind = npy.read_array_header_1_0(file)
    except Exception:  # it evaluates a text, and what is wrong with that can be anything
        raise FirebrickError(f"{place}: its header is damaged") from None
    known = kind.name.rstrip("0123456789" if kind.kind == "U" else "") in types
    if not known or not kind.itemsize:
        name = "".join(x if x.isprintable() else "?" for x in str(kind))[:40]
        raise FirebrickError(f"{place}: type={name} is none of {', '.join(types)}")
    if len(shape) > MAX_AXES or not all(type(x) is int and 1 <= x <= MAX_BYTES for x in shape):
        raise FirebrickError(f"{place}: shape={shape} is not up to {MAX_AXES} axes of 1 and more")
    return shape, in_columns, kind
