# SPDX-License-Identifier: Apache-2.0
"""Outputs appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firebrick.errors import FirebrickError


def check_file(path: Path) -> None:
    """Refuse a path that `whole_file` would refuse, before work is done for it.

    Raises:
        FirebrickError: when the folder does not exist or `path` is a folder.
    """
    _check_parent(path)
    if path.is_dir():
        raise FirebrickError(f"{path}: is a folder, a file is to be written")


def _check_parent(path: Path) -> None:
    if not path.parent.is_dir():
        raise FirebrickError(f"{path}: folder {path.parent} does not exist")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block succeeds.

    Raises:
        FirebrickError: when the folder does not exist or `path` is a folder.
    """
    check_file(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, marker: str) -> Iterator[Path]:
    """Give a temporary folder that takes the place of `path` when the block succeeds.

    Args:
        path: folder to make; one that exists is replaced only if it holds the file `marker`.
        marker: name of a file that says the folder is one of ours.

    Raises:
        FirebrickError: when `path` exists and is not ours, or its parent does not exist.
    """
    _check_parent(path)
    if path.exists() and not (path / marker).is_file():
        is_empty = path.is_dir() and not any(path.iterdir())
        if not is_empty:
            raise FirebrickError(f"{path}: exists and is not a generated folder (no {marker})")
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    temporary, old = scratch / "new", scratch / "old"
    try:
        temporary.mkdir()
        yield temporary
        if path.exists():
            path.rename(old)  # removing it first could fail half-way
        temporary.rename(path)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        shutil.rmtree(scratch, ignore_errors=True)
