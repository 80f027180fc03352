# SPDX-License-Identifier: Apache-2.0
"""Reading files of a folder that nobody vouches for: no links, no surprises, bounded sizes."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from firebrick.runtime.errors import BundleError

MAX_DOCUMENT_BYTES = 4 << 20
MAX_FILES = 20_000
MAX_FILE_BYTES = 1 << 30
MAX_TOTAL_BYTES = 4 << 30
MAX_PATH = 255
CHUNK = 1 << 20
_PART = re.compile(r"[A-Za-z0-9._+-]+\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def check_path(name: str) -> tuple[str, ...]:
    """The parts of a path that stays inside its folder.

    Raises:
        BundleError: for any other.
    """
    parts = tuple(name.split("/"))
    plain = all(_PART.match(x) and x not in (".", "..") for x in parts)
    if len(name) > MAX_PATH or not plain:
        raise BundleError(f"files: {name[:MAX_PATH]!r} is not a plain path inside the bundle")
    return parts


@contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open a regular file inside a folder without following a link anywhere below the folder.

    Raises:
        BundleError: naming the file, when it is missing, too large, a link or no file.
    """
    *folders, last = check_path(name)
    handle = -1
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = inner
        # Without O_NONBLOCK a pipe of that name would block for ever.
        file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
    except OSError as error:
        raise BundleError(f"{folder / name}: cannot be read: {error.strerror}") from None
    finally:
        if handle >= 0:
            os.close(handle)
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        os.close(file)
        raise BundleError(f"{folder / name}: is not a file")
    with os.fdopen(file, "rb") as stream:
        if status.st_size > MAX_FILE_BYTES:
            raise BundleError(f"{folder / name}: bytes={status.st_size} exceeds {MAX_FILE_BYTES}")
        yield stream


def read_file(folder: Path, name: str, most: int) -> bytes:
    """A whole file of at most `most` bytes; see `opened`."""
    with opened(folder, name) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise BundleError(f"{folder / name}: more than {most} bytes")
    return data


def file_list(document: object) -> dict[str, str]:
    """The checked list of files, path to SHA-256.

    Raises:
        BundleError: naming what is wrong with it.
    """
    if not isinstance(document, dict) or len(document) > MAX_FILES:
        raise BundleError(f"files: missing, not an object, or more than {MAX_FILES}")
    for name, sha in document.items():
        check_path(name)
        if not isinstance(sha, str) or not _SHA256.match(sha):
            raise BundleError(f"files: {name!r} has no SHA-256 of 64 hexadecimal digits")
    return dict(document)


def parse_object(data: bytes, source: str) -> dict[str, object]:
    """A JSON object, strictly: UTF-8, no key twice, no NaN.

    Raises:
        BundleError: naming the source.
    """

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(items)
        if len(found) != len(items):
            raise ValueError("a key stands there twice")
        return found

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    try:
        document = json.loads(data.decode(), object_pairs_hook=pairs, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{source}: not valid JSON: {str(error)[:100]}") from None
    if not isinstance(document, dict):
        raise BundleError(f"{source}: not a JSON object")
    return document
