# SPDX-License-Identifier: Apache-2.0
"""What Python does while a command runs in this process: files opened, processes begun."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
BEGINNING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")
CHANGING = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod")


class Watch:
    """An audit hook, which nothing can remove: one a process.

    Attributes:
        changed: absolute paths opened to be written, made, renamed or removed.
        read: paths opened to be read.
        begun: processes.
    """

    def __init__(self) -> None:
        self.on = False
        self.changed: set[str] = set()
        self.read: set[str] = set()
        self.begun: list[str] = []
        sys.addaudithook(self._hook)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what the block does, and nothing else."""
        self.changed, self.read, self.begun = set(), set(), []
        self.on = True
        try:
            yield
        finally:
            self.on = False

    def _hook(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        if event in BEGINNING:
            self.begun.append(f"{event} {arguments!r:.200}")
        elif event in CHANGING:
            inside = [x for x in arguments[1:] if isinstance(x, int) and x >= 0]
            if not inside:  # of a folder that is open: named when that was made or renamed
                self.changed |= {_whole(x) for x in arguments if isinstance(x, str)}
        elif event == "open" and isinstance(arguments[0], str):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            found = self.changed if flags & WRITING else self.read
            found.add(_whole(arguments[0]))


def _whole(path: str) -> str:
    """Absolute; links stay as they are."""
    return os.path.normpath(Path.cwd() / path)
