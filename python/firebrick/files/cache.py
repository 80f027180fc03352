# SPDX-License-Identifier: Apache-2.0
"""What is costly to make and keyed by its content is kept under the user's cache folder.

Programs are run from there: nothing is taken that others own, can write, or have put a link to.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from firebrick.errors import FirebrickError
from firebrick.files.output import whole_file
from firebrick.files.scratch import scratch_folder

T = TypeVar("T")
CACHE = (".cache", "firebrick")
"""Folder in the user's home."""
OTHERS = 0o077
OTHERS_WRITE = 0o022
ANEW = "remove it, it is made anew when it is needed"


def cache_folder(name: str) -> Path:
    """Folder for one kind of thing, made when missing, for this user alone.

    Raises:
        FirebrickError: when there is no home, the folder cannot be made, or is not ours alone.
    """
    try:
        home = Path.home()
    except RuntimeError:
        raise FirebrickError("HOME: is not set: what is compiled is kept in .cache there") from None
    if not home.is_absolute() or not home.is_dir():
        raise FirebrickError(f"{home}: HOME is no folder: what is compiled is kept in .cache there")
    folder = home
    for part in (*CACHE, name):
        folder /= part
        try:
            folder.mkdir(0o700, exist_ok=True)
        except OSError as error:
            raise FirebrickError(f"{folder}: cannot be made: {error.strerror}") from None
        if part != CACHE[0]:  # that is the user's own
            _check(folder)
    return folder


def kept_folder(folder: Path, make: Callable[[Path], Path], wanted: str) -> Path:
    """A folder that is made once, whoever wants it at the same time; returns it.

    Args:
        folder: its name holds the key of all that decides its content; what is around it is made.
        make: is given a scratch folder beside it, and returns the folder to be kept.
        wanted: pattern of files of which it has one at least; a folder without is made anew.

    Raises:
        FirebrickError: when what is there is not ours alone, or what was made lacks such a file.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not is_whole(folder, wanted):
        with locked(_lock(folder)):
            if not is_whole(folder, wanted):
                with scratch_folder(folder.parent) as scratch:
                    made = make(scratch)
                    if not any(made.glob(wanted)):
                        raise FirebrickError(f"{folder.name}: no {wanted} was made")
                    if folder.is_dir():
                        shutil.rmtree(folder)
                    keep(made, folder)
    return folder


def is_whole(folder: Path, wanted: str) -> bool:
    """Whether a folder is kept, and has a file that matches a pattern.

    Raises:
        FirebrickError: when something of it belongs to others, or is a link or no folder.
    """
    if not is_kept(folder):
        return False
    if not folder.is_dir():
        raise FirebrickError(f"{folder}: is no folder: {ANEW}")
    return any(x.is_file() for x in folder.glob(wanted))


def kept_text(path: Path, read: Callable[[str], T], make: Callable[[], str]) -> T:
    """What is read from a text that is made once; one that is damaged is made anew.

    What fails is not kept: it is tried anew.

    Args:
        path: its name holds the key of all that decides the text.
        read: gives what the text says, or raises `FirebrickError`.
        make: gives the text.

    Raises:
        FirebrickError: when what is there is not ours alone.
    """
    with locked(_lock(path)):
        if is_kept(path):
            if path.is_dir():
                raise FirebrickError(f"{path}: is a folder: {ANEW}")
            with suppress(FirebrickError, UnicodeDecodeError):
                return read(path.read_text())
        text = make()
        keep_text(path, text)
    return read(text)


def is_kept(path: Path) -> bool:
    """Whether a file, or a folder with all that is in it, is there and ours alone.

    Raises:
        FirebrickError: when something of it belongs to others, or is a link.
    """
    if not os.path.lexists(path):
        return False
    _check(path)
    if path.is_dir():
        with os.scandir(path) as entries:
            for entry in entries:
                is_kept(Path(entry.path))
    return True


def keep(made: Path, path: Path) -> None:
    """Put a file or folder in its place, for this user alone.

    Raises:
        OSError: when there is something already.
    """
    for part in (made, *made.rglob("*")):
        mode = stat.S_IMODE(part.lstat().st_mode)
        if mode & OTHERS and not part.is_symlink():
            part.chmod(mode & ~OTHERS)
    made.rename(path)


def keep_text(path: Path, text: str) -> None:
    """Write a file whole, for this user alone."""
    with whole_file(path) as temporary:
        temporary.chmod(0o600)
        temporary.write_text(text)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock: two processes that want the same thing make it once.

    Raises:
        FirebrickError: when the file is a link, or not ours alone.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be locked: {error.strerror}") from None
    try:
        _check_status(path, os.fstat(handle))
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _lock(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _check(path: Path) -> None:
    _check_status(path, path.lstat())


def _check_status(path: Path, status: os.stat_result) -> None:
    """Refuse what is not ours alone.

    Raises:
        FirebrickError: naming it, and what to do.
    """
    mode = stat.S_IMODE(status.st_mode)
    wrong = None
    if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
        wrong = "is a link or no file"
    elif status.st_uid != os.geteuid():
        wrong = f"belongs to user {status.st_uid}, not to {os.geteuid()}"
    elif mode & OTHERS_WRITE:
        wrong = f"mode={mode:o} lets others write"
    if wrong:
        raise FirebrickError(f"{path}: {wrong}: {ANEW}")
