# SPDX-License-Identifier: Apache-2.0
"""Scratch files and folders, which are gone at the end, whatever ends the command."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

_actions: dict[object, Callable[[], None]] = {}


@contextmanager
def at_end(action: Callable[[], None]) -> Iterator[None]:
    """Do something after a block; where a signal interrupts even that, `sweep` does it once more.

    Args:
        action: may be repeated.
    """
    key = object()
    _actions[key] = action
    try:
        yield
    finally:
        try:
            action()
        except Exception:
            _actions.pop(key, None)
            raise
        _actions.pop(key, None)


def sweep() -> None:
    """Do what blocks that were interrupted have left to do; for the very end of a command."""
    while _actions:
        _, action = _actions.popitem()
        action()


def hidden_name(folder: Path) -> Path:
    """A new name in a folder."""
    return folder / f".firebrick-{secrets.token_hex(8)}"


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """Give a folder that nobody else can enter, and that is gone afterwards.

    Args:
        parent: where to make it; by default where the system has temporary files.
    """
    path = hidden_name(Path(tempfile.gettempdir()) if parent is None else parent)
    with at_end(partial(shutil.rmtree, path, ignore_errors=True)):
        path.mkdir(0o700)
        yield path
