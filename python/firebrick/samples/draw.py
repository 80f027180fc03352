# SPDX-License-Identifier: Apache-2.0
"""Which images of a folder are taken: a few, from all over it, the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from firebrick import images
from firebrick.arrays import SUFFIX, is_array
from firebrick.errors import FirebrickError
from firebrick.images import PixelArray

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Drawn:
    """An image of a folder.

    Attributes:
        path: of its file.
        key: of its bytes; the same photograph has the same under any name.
        frame: uint8 (C, H, W) of the network's size; None for a photograph, not read yet.
    """

    path: Path
    key: bytes
    frame: PixelArray | None = None


def list_images(folder: Path) -> list[Path]:
    """Photographs or arrays of a folder and those within, told by the endings of their names.

    What is neither is passed over, as ``Thumbs.db`` and ``labels.csv`` are.

    Raises:
        FirebrickError: the folder cannot be read, holds none, or both.
    """
    paths, endings = images.list_tree(folder), _endings()
    arrays = [x for x in paths if is_array(x)]
    photographs = [x for x in paths if x.suffix.lower() in endings]
    if arrays and photographs:
        raise FirebrickError(
            f"folder {str(folder)!r}: {photographs[0].name!r} is no {SUFFIX} file, as "
            f"{arrays[0].name!r} is: give either arrays or photographs"
        )
    if not arrays and not photographs:
        raise FirebrickError(
            f"folder {str(folder)!r}: none of its files, as {paths[0].name!r}, ends in {SUFFIX} or "
            f"as photographs do: {', '.join(sorted(endings))}"
        )
    return arrays or photographs


def draw(items: Sequence[Item], most: int, rng: np.random.Generator) -> list[Item]:
    """All of them, or one of each of `most` stretches of equal length, in order."""
    if len(items) <= most:
        return list(items)
    bounds = np.arange(most + 1) * len(items) // most
    return [items[place] for place in rng.integers(bounds[:-1], bounds[1:])]


def photograph(path: Path) -> Drawn:
    """A photograph, not yet decoded.

    Raises:
        FirebrickError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return Drawn(path, hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise FirebrickError(f"image {str(path)!r}: cannot be read: {error.strerror}") from None


def _endings() -> set[str]:
    """Endings of the formats that photographs are read from."""
    known = Image.registered_extensions().items()
    return {ending for ending, name in known if name in images.FORMATS}
