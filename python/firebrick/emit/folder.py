# SPDX-License-Identifier: Apache-2.0
"""Reading a generated folder that nobody vouches for: names, kinds and sizes of its files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from firebrick.errors import FirebrickError

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,254}", re.ASCII)
"""Names of files and folders: they mean the same to every shell, tool and config file."""
MOST_BYTES = 64 << 20
"""Largest file that is read."""
MOST_TOTAL = 128 << 20
"""Bytes that are read of a folder."""
MOST_FILES = 1 << 14
"""Files of a folder that are read; SqueezeNet v1.1 on a ZCU104 has 600."""


def inner_path(folder: Path, name: object, *, is_folder: bool = False) -> Path:
    """A file inside of a folder, by its name there: not up, not out, not through a link.

    Args:
        folder: the folder.
        name: relative, its parts joined by ``/``; of a folder also ``.``, which is itself.
        is_folder: a folder is wanted, no file.

    Raises:
        FirebrickError: naming folder, name and rule.
    """

    def refuse(rule: str) -> FirebrickError:
        shown = f"{name!r:.80}"
        return FirebrickError(f"{folder}: file {shown} {rule}")

    if not isinstance(name, str):
        raise refuse("is no name of a file")
    if is_folder and name == ".":
        return folder
    path = folder
    for part in name.split("/"):
        if not NAME.fullmatch(part):
            raise refuse(f"has a part that does not match {NAME.pattern}")
        path /= part
        try:
            mode = path.lstat().st_mode
        except OSError as error:
            raise refuse(f"cannot be read: {error.strerror}") from None
        if stat.S_ISLNK(mode):
            raise refuse("is a link: copy what it means there")
    if not (stat.S_ISDIR(mode) if is_folder else stat.S_ISREG(mode)):
        raise refuse(f"is no {'folder' if is_folder else 'regular file'}")
    return path


def read_inner(folder: Path, name: object, most: int = MOST_BYTES) -> bytes:
    """Bytes of a file inside of a folder.

    Raises:
        FirebrickError: when `inner_path` refuses it, or it is too large.
    """
    path = inner_path(folder, name)
    # What is exchanged for a link or a FIFO in this moment is neither followed nor waited for.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FirebrickError(f"{path}: is no regular file")
            data = file.read(most + 1)
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise FirebrickError(f"{path}: exceeds {most} bytes")
    return data


def text_of(folder: Path, name: object, most: int = MOST_BYTES) -> str:
    """The same as text.

    Raises:
        FirebrickError: when it is none.
    """
    try:
        return read_inner(folder, name, most).decode()
    except UnicodeDecodeError as error:
        raise FirebrickError(f"{folder}: file {name!r:.80} is no text: {error}") from None


def names_of(folder: Path, part: str, ending: str) -> list[str]:
    """Names of the files of a folder inside that end so, in order; ``.`` is the folder itself.

    Raises:
        FirebrickError: when there are too many, or one has a name that is not safe.
    """
    place = inner_path(folder, part, is_folder=True)
    found = [x.name for x in islice(os.scandir(place), MOST_FILES + 1)]
    if len(found) > MOST_FILES:
        raise FirebrickError(f"{place}: has more than {MOST_FILES} files")
    prefix = "" if part == "." else f"{part}/"
    return sorted(f"{prefix}{x}" for x in found if x.endswith(ending))


def read_all(folder: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of files inside of a folder.

    Raises:
        FirebrickError: when one is refused, or all are too large together.
    """
    total = 0
    for name in names:
        data = read_inner(folder, name)
        total += len(data)
        if total > MOST_TOTAL:
            raise FirebrickError(f"{folder}: files up to {name!r:.80} exceed {MOST_TOTAL} bytes")
        yield name, data
