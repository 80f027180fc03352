# SPDX-License-Identifier: Apache-2.0
"""Folders that say of themselves what is theirs: a marker lists every file that was written.

What is not listed, or is not as listed, is somebody's work: such a folder is never removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from firebrick import __version__
from firebrick.checked.documents import parse_json
from firebrick.errors import FirebrickError

VERSION, FILES = "firebrick", "files"
"""Fields of every marker: who wrote it, and what, see `inventory`."""
LARGEST_MARKER = 16 << 20
FOLDER, SPECIAL, LINK = "folder", "special", "link to "
ADVICE = "move it away, or choose another folder"


@dataclass(frozen=True, slots=True)
class Marker:
    """A JSON file that tells folders of one kind.

    Attributes:
        name: of the file.
        identity: fields that it has.
    """

    name: str
    identity: Mapping[str, object] = field(default_factory=dict)


def write_marker(folder: Path, marker: Marker, fields: Mapping[str, object] | None = None) -> str:
    """Write the marker of a folder in which all else is written; returns its text."""
    own = {VERSION: __version__, **marker.identity, **(fields or {})}
    own[FILES] = inventory(folder, marker)
    text = json.dumps(own, indent=2) + "\n"
    (folder / marker.name).write_text(text)
    return text


def inventory(folder: Path, marker: Marker) -> dict[str, str]:
    """What is in a folder beside its marker, in order of name.

    Returns:
        By path: the SHA-256 of a file; where a link leads; that it is an empty folder, or such as
        a socket.
    """
    found = ((name, path) for name, path in _walk(folder) if name != marker.name)
    return {name: _seal(path) for name, path in found}


def check(folder: Path, marker: Marker, shown: Path) -> dict[str, str]:
    """Make sure that a folder holds nothing but what its marker lists; returns that.

    Args:
        folder: that exists; nothing in it is followed.
        marker: of its kind.
        shown: what messages call it.

    Raises:
        FirebrickError: naming the first entry that is not ours.
    """
    files = _read(folder, marker, shown)
    known = {str(x) for name in files for x in Path(name).parents}
    known |= {name for name, seal in files.items() if seal == FOLDER}
    for name, path in _walk(folder, known):
        if name == marker.name:
            continue
        if name not in files:
            raise FirebrickError(f"{shown}: holds {name!r}, which is not of firebrick: {ADVICE}")
        if _seal(path) != files[name]:
            raise FirebrickError(f"{shown}: {name!r} is not as firebrick wrote it: {ADVICE}")
    return files | {marker.name: ""}


def remove(folder: Path, files: Mapping[str, str]) -> None:
    """Remove what is listed, and folders that are empty then. No link is followed.

    Raises:
        FirebrickError: when something else is left.
    """
    for root, folders, names, handle in os.fwalk(folder, topdown=False, follow_symlinks=False):
        inside = Path(root).relative_to(folder)
        for name in [*names, *folders]:
            if str(inside / name) in files:
                with suppress(IsADirectoryError, PermissionError):
                    os.unlink(name, dir_fd=handle)
        for name in folders:
            with suppress(OSError):
                os.rmdir(name, dir_fd=handle)
    try:
        folder.rmdir()
    except OSError:
        raise FirebrickError(
            f"{folder}: is what was replaced: while it was, somebody put something in"
        ) from None


def _read(folder: Path, marker: Marker, shown: Path) -> dict[str, str]:
    """What the marker lists.

    Raises:
        FirebrickError: when it is missing or none of ours.
    """
    path = shown / marker.name
    try:
        data = _bytes(folder / marker.name, LARGEST_MARKER)
    except (FileNotFoundError, NotADirectoryError):
        raise FirebrickError(
            f"{shown}: exists and is not a generated folder (no {marker.name}): give another name"
        ) from None
    except OSError as error:
        raise FirebrickError(f"{path}: {error.strerror}: {ADVICE}") from None
    fields: object = None
    with suppress(UnicodeDecodeError, FirebrickError):
        fields = parse_json(data.decode(), str(path), LARGEST_MARKER)
    if (
        not isinstance(fields, dict)
        or not isinstance(fields.get(VERSION), str)
        or any(fields.get(k) != value for k, value in marker.identity.items())
    ):
        kind = "".join(f", {k} {value!r}" for k, value in marker.identity.items())
        raise FirebrickError(f"{path}: is not of firebrick{kind}: {ADVICE}")
    files = fields.get(FILES)
    if not isinstance(files, dict) or not all(isinstance(x, str) for x in files.values()):
        raise FirebrickError(f"{path}: {FILES}: does not say what is of firebrick: {ADVICE}")
    return files


def _bytes(path: Path, most: int) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise OSError(0, f"is no file of at most {most} bytes")
        return stream.read(most)


def _walk(
    folder: Path, known: set[str] | None = None, inside: str = ""
) -> Iterator[tuple[str, Path]]:
    """Files, links and empty folders, by name; of folders that are not known nothing else."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda x: x.name)
    for entry in found:
        name, path = inside + entry.name, Path(entry.path)
        empty = True
        if entry.is_dir(follow_symlinks=False) and (known is None or name in known):
            for one in _walk(path, known, f"{name}/"):
                empty = False
                yield one
            if not empty:
                continue
        yield name, path


def _seal(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return LINK + str(path.readlink())
    if stat.S_ISDIR(mode):
        return FOLDER
    if not stat.S_ISREG(mode):
        return SPECIAL
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
