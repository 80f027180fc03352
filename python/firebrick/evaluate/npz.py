# SPDX-License-Identifier: Apache-2.0
"""Labelled images in an .npz file that nobody vouches for."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from firebrick.arrays import MAX_BYTES, TYPES, array_of
from firebrick.errors import FirebrickError
from firebrick.ir.limits import MAX_LABELS

IMAGES, LABELS = "images", "labels"
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TEXT = "str"
MAX_MEMBERS = 100
"""Most arrays of a file; those with other names are not read."""
MAX_LIST = 1 << 16
"""Most bytes of the archive's list of them."""
END = struct.Struct("<4s6xHIIH")
END_MAGIC, LONGER_MAGIC = b"PK\5\6", b"PK\6\7"
LONGER = 20
"""Bytes of what points to the longer record."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression of `numpy.savez` and `numpy.savez_compressed`."""


def read_npz(path: Path) -> tuple[NDArray[Any], NDArray[np.int64] | list[str]]:
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
        with path.open("rb") as data:
            _check_directory(path, data)
            with zipfile.ZipFile(data) as file:
                images = _member(path, file, IMAGES, TYPES)
                labels = _member(path, file, LABELS, (*WHOLE, TEXT))
    except FirebrickError:
        raise
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Exception as error:  # archives can be damaged in any way
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
    if labels.dtype.kind == "U":
        return images, labels.tolist()
    if labels.max() > MAX_LABELS:  # of unsigned ones, some are more than int64 holds
        raise FirebrickError(f"{path}: {LABELS}: {labels.max()} exceeds {MAX_LABELS}")
    return images, labels.astype(np.int64)


def _check_directory(path: Path, file: IO[bytes]) -> None:
    """Bound the list of arrays before it is read: an archive's may be as long as the file.

    It ends with a record of 22 bytes, as NumPy writes it without a comment; before that is another
    where there are too many arrays for its fields. Source: PKWARE's APPNOTE.TXT, 4.3.14 to 4.3.16.
    """
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - END.size - LONGER)
    file.seek(start)
    tail = file.read()
    if not tail[-END.size :].startswith(END_MAGIC) or len(tail) < END.size:
        raise FirebrickError(f"{path}: is no .npz file as numpy.savez writes it")
    _, members, length, _, comment = END.unpack_from(tail, len(tail) - END.size)
    longer = comment > 0 or tail.startswith(LONGER_MAGIC)
    if longer or members > MAX_MEMBERS or length > MAX_LIST:
        raise FirebrickError(
            f"{path}: its list of arrays exceeds {MAX_MEMBERS} arrays or {MAX_LIST} bytes"
        )


def _member(path: Path, file: zipfile.ZipFile, name: str, types: tuple[str, ...]) -> NDArray[Any]:
    """One array, read up to the size that is taken, whatever the archive says of it."""
    member = f"{name}.npy"
    if member not in file.namelist():
        raise FirebrickError(f"{path}: has no array {name!r}: give {IMAGES!r} and {LABELS!r}")
    if file.getinfo(member).compress_type not in METHODS:
        raise FirebrickError(f"{path}: {name}: is not as numpy.savez or savez_compressed writes it")
    with file.open(member) as data:
        return array_of(data.read(MAX_BYTES + 1), f"{path}: {name}", types)
