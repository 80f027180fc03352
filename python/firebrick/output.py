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


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block succeeds.

    Raises:
        FirebrickError: when the folder does not exist or `path` is a folder.
    """
    if not path.parent.is_dir():
        raise FirebrickError(f"{path}: folder {path.parent} does not exist")
    if path.is_dir():
        raise FirebrickError(f"{path}: is a folder, a file is to be written")
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
        FirebrickError: when `path` exists and is not ours.
    """
    if not path.parent.is_dir():
        raise FirebrickError(f"{path}: folder {path.parent} does not exist")
    if path.exists() and not (path / marker).is_file():
        is_empty = path.is_dir() and not any(path.iterdir())
        if not is_empty:
            raise FirebrickError(f"{path}: exists and is not a generated folder (no {marker})")
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
