# SPDX-License-Identifier: Apache-2.0
"""Outputs appear whole or not at all: written beside their place, then renamed.

Only what is ours is replaced. Links are followed, as a shell follows them: the file or folder that
they lead to is written. Devices and pipes are written into.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.files.ownership import Marker, check, remove
from firebrick.files.scratch import at_end, hidden_name, scratch_folder

EXECUTABLE = 0o111


def check_file(path: Path) -> None:
    """Refuse a path that `whole_file` would refuse, before work is done for it.

    Raises:
        FirebrickError: when the folder does not exist, or `path` is a folder, a socket, a disk, or
            may not be written.
    """
    target = followed(path)
    if is_stream(path):
        return
    if target.is_dir():
        raise FirebrickError(f"{path}: is a folder, a file is to be written")
    if target.exists():
        if not target.is_file():
            raise FirebrickError(f"{path}: is neither a file nor a pipe, none can be written there")
        if not os.access(target, os.W_OK):
            raise FirebrickError(f"{path}: may not be written")
    _check_parent(path, target)


def check_no_stream(path: Path) -> None:
    """Refuse a path that is written into, where something is to lie beside it.

    Raises:
        FirebrickError: when it is a device or a pipe.
    """
    if is_stream(path):
        raise FirebrickError(f"{path}: is a device or a pipe, a file is to be written")


def followed(path: Path) -> Path:
    """Where a path leads.

    Raises:
        OSError: when a link leads round in circles, or the system keeps us from following it.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        path.stat()
    plain = not path.is_symlink() and path.name not in ("", "..")
    return path if plain else Path(os.path.realpath(path))


def is_stream(path: Path) -> bool:
    """Whether a path is a device, a pipe, or a file that is open as our output already."""
    try:
        status = path.stat()
    except OSError:
        return False
    if stat.S_ISCHR(status.st_mode) or stat.S_ISFIFO(status.st_mode):
        return True
    return stat.S_ISREG(status.st_mode) and _own_output(status) is not None


def _own_output(status: os.stat_result) -> int | None:
    """Which of standard output and error a file is."""
    for handle in (1, 2):
        with suppress(OSError):
            if os.path.samestat(status, os.fstat(handle)):
                return handle
    return None


def check_apart(output: Path, source: Path) -> None:
    """Refuse to write over what is read.

    Raises:
        FirebrickError: both are one file.
    """
    if output.exists() and source.exists() and output.samefile(source):
        raise FirebrickError(
            f"{output}: is the file that is read: give another name for the output"
        )


def _check_parent(path: Path, target: Path) -> None:
    if not target.parent.is_dir():
        raise FirebrickError(f"{path}: folder {target.parent} does not exist")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FirebrickError(f"{path}: folder {target.parent} may not be written")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block succeeds.

    A file that is replaced passes on its mode. What is no file is written into.

    Raises:
        FirebrickError: see `check_file`.
    """
    check_file(path)
    if is_stream(path):
        with scratch_folder() as folder:
            temporary = folder / "output"
            temporary.touch()
            yield temporary
            _pour(temporary, path)
        return
    target = followed(path)
    temporary = hidden_name(target.parent)
    with at_end(partial(temporary.unlink, missing_ok=True)):
        temporary.touch(exist_ok=False)
        yield temporary
        check_file(path)  # it may have become something else
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode) & 0o777)
        temporary.replace(target)


def _pour(source: Path, path: Path) -> None:
    """Write a file into a device or a pipe."""
    own = _own_output(path.stat())
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    handle = os.open(path, os.O_WRONLY | os.O_NOCTTY) if own is None else os.dup(own)
    with source.open("rb") as data, os.fdopen(handle, "wb") as stream:
        shutil.copyfileobj(data, stream)


@contextmanager
def whole_folder(path: Path, marker: Marker) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `path` when the block succeeds.

    Args:
        path: folder to make; one that exists is replaced only if it is empty, or holds exactly what
            its marker lists.
        marker: of this kind of folder; the block has to write it, see `write_marker`.

    Raises:
        FirebrickError: when `path` exists and is not ours, or its parent does not exist.
    """
    target = followed(path)
    _check_parent(path, target)
    if Path.cwd().is_relative_to(target.resolve()) or target.is_mount():
        raise FirebrickError(f"{path}: is in use, it cannot be replaced: choose another folder")
    if target.exists():
        _listed(target, marker, path)
    with scratch_folder(target.parent) as scratch:
        temporary = scratch / "new"
        temporary.mkdir()
        mode = temporary.stat().st_mode
        yield temporary
        _settle_modes(temporary, mode)
        _exchange(temporary, target, marker, path)


def _listed(folder: Path, marker: Marker, shown: Path) -> dict[str, str]:
    """What may be removed of a folder: all of it, or a `FirebrickError`."""
    if folder.is_dir() and not any(folder.iterdir()):
        return {}
    return check(folder, marker, shown)


def _exchange(new: Path, target: Path, marker: Marker, shown: Path) -> None:
    """Put a folder in another's place, which is kept until it stands."""
    old = hidden_name(target.parent)
    files: dict[str, str] = {}

    def settle() -> None:
        if os.path.lexists(old):
            if os.path.lexists(target):
                remove(old, files)
            else:
                old.rename(target)

    with at_end(settle):
        if target.exists():
            mode = target.stat().st_mode
            target.rename(old)  # removing it first could fail half-way
            files |= _listed(old, marker, shown)  # nobody has put anything in since it was checked
            new.chmod(stat.S_IMODE(mode))
        new.rename(target)


def _settle_modes(folder: Path, like: int) -> None:
    """Modes as the umask has them: copied files come with their own."""
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(root, name)
            mode = path.lstat().st_mode
            wanted = like & 0o777
            if stat.S_ISREG(mode) and not mode & EXECUTABLE:
                wanted &= ~EXECUTABLE
            if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != wanted:
                path.chmod(wanted)
