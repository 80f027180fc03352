# SPDX-License-Identifier: Apache-2.0
"""Labelled images in an .npz file that nobody vouches for."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick.arrays import MAX_BYTES, TYPES, array_of
from firebrick.errors import FirebrickError

IMAGES, LABELS = "images", "labels"
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TEXT = "str"
MAX_MEMBERS = 100
"""Most arrays of a file; those with other names are not read."""


def read_npz(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Images, and what each shows.

    Args:
        path: of a file with the arrays ``images``, (N, H, W) or (N, H, W, C), and ``labels``, (N,),
            as `numpy.savez` and `numpy.savez_compressed` write it.

    Returns:
        images: uint8 or floats.
        labels: int64, indices of logits, or texts, names of classes.

    Raises:
        FirebrickError: naming the file, the array and the rule.
    """
    try:
        with zipfile.ZipFile(path) as file:
            if len(file.infolist()) > MAX_MEMBERS:
                raise FirebrickError(f"{path}: arrays={len(file.infolist())} exceed {MAX_MEMBERS}")
            images = _member(path, file, IMAGES, TYPES)
            labels = _member(path, file, LABELS, (*WHOLE, TEXT))
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise FirebrickError(f"{path}: is no .npz file: {error}") from None
    if images.ndim not in (3, 4):
        raise FirebrickError(
            f"{path}: {IMAGES}: shape={images.shape} is not (images, rows, columns), with channels "
            "behind or without"
        )
    if labels.shape != images.shape[:1]:
        raise FirebrickError(
            f"{path}: {LABELS}: shape={labels.shape} is not ({len(images)},): one of each image"
        )
    return images, labels if labels.dtype.kind == "U" else labels.astype(np.int64)


def _member(path: Path, file: zipfile.ZipFile, name: str, types: tuple[str, ...]) -> NDArray[Any]:
    """One array, read up to the size that is taken, whatever the archive says of it."""
    member = f"{name}.npy"
    if member not in file.namelist():
        raise FirebrickError(f"{path}: has no array {name!r}: give {IMAGES!r} and {LABELS!r}")
    with file.open(member) as data:
        return array_of(data.read(MAX_BYTES + 1), f"{path}: {name}", types)
