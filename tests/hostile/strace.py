# SPDX-License-Identifier: Apache-2.0
"""What a process and its children did to the machine, as strace saw it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MARK = "/nowhere/trial-"
"""Paths that the traced program looks for to say which trial begins."""
CHANGES = (
    *("creat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat"),
    *("rmdir", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat", "chown", "fchownat"),
    *("lchown", "truncate", "mknod", "mknodat"),
)
"""System calls that change what a path names."""
OPENS = ("open", "openat")
BIRTHS = ("clone", "clone3", "fork", "vfork")
MOVES = ("chdir", "fchdir")
CALLS = (*CHANGES, *OPENS, *BIRTHS, *MOVES, "execve", "execveat", "connect")
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)", re.DOTALL)
BEGUN = re.compile(r"^(\d+) +(\w+)\((.*?) *<unfinished \.\.\.>$")
OPEN_FOLDER = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>$")
ENDED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
TEXT = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:\\x[0-9a-f]{2})*)"')


NOISE = "/sys/devices/system/cpu/online"
"""Yosys reads it 100,000 times a module."""


def command(log: Path) -> list[str]:
    """How to start a program that is to be seen; the path of `log` is a plain one."""
    calls = ",".join(f"?{x}" for x in CALLS)
    options = ["-f", "-y", "-xx", "-s", "4096", "--seccomp-bpf", "-e", f"trace={calls}"]
    noise = "".join(f"\\x{ord(x):02x}" for x in NOISE)
    return ["strace", *options, "-e", "signal=none", "-o", f"|grep -vF '{noise}' > {log}"]


@dataclass
class Deeds:
    """What a trial did.

    Attributes:
        changed: absolute paths written, made, renamed or removed.
        ran: programs started.
        reached: addresses connected to, as strace prints them.
    """

    changed: set[str] = field(default_factory=set)
    ran: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)


def read(log: Path, start: Path) -> dict[int, Deeds]:
    """Deeds by trial; trial -1 is what came before the first.

    Args:
        log: what strace wrote.
        start: folder in which it began.
    """
    trials, now = {-1: Deeds()}, -1
    folders = _Folders(str(start))
    for process, call, arguments, result in _calls(log, folders):
        here = folders.of(process)
        paths = [_absolute(here, *x) for x in TEXT.findall(arguments)]
        if paths and paths[0].startswith(MARK):
            now = int(paths[0].removeprefix(MARK))
            trials.setdefault(now, Deeds())
        elif call.startswith("exec"):
            if result == "0":
                trials[now].ran.add(paths[0])
        elif call == "connect":
            if "AF_INET" in arguments:
                trials[now].reached.add(arguments)
        elif result.startswith("-"):
            continue
        elif call in MOVES:
            opened = OPEN_FOLDER.match(arguments)
            folders.known[process] = _plain(opened[1]) if opened else paths[0]
        elif call in BIRTHS:
            folders.known.setdefault(result, here)
        elif call in CHANGES or WRITING.search(arguments):
            trials[now].changed |= set(paths)
    return trials


class _Folders:
    """Where each process works; one that has just been born works where its parent does."""

    def __init__(self, start: str) -> None:
        self.start = start
        self.known: dict[str, str] = {}
        self.parents: list[str] = []

    def of(self, process: str) -> str:
        if process not in self.known:
            parent = self.parents[-1] if self.parents else ""
            self.known[process] = self.known.get(parent, self.start)
        return self.known[process]


def _calls(log: Path, folders: _Folders) -> Iterator[tuple[str, str, str, str]]:
    """Process, name, arguments and result of each finished call."""
    begun_calls: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        whole = line
        if begun := BEGUN.match(line):
            begun_calls[begun[1]] = f"{begun[1]} {begun[2]}({begun[3]}"
            if begun[2] in BIRTHS:
                folders.parents.append(begun[1])
            continue
        if ended := ENDED.match(line):
            whole = begun_calls.pop(ended[1], "") + ended[3]
            if ended[2] in BIRTHS:
                folders.parents.remove(ended[1])
        if found := LINE.match(whole):
            yield found[1], found[2], found[3], found[4]


def _absolute(here: str, folder: str, name: str) -> str:
    """A path as printed, hexadecimal, relative to the folder printed before it or to `here`."""
    return os.path.normpath(Path(here, _plain(folder), _plain(name)))


def _plain(text: str) -> str:
    """What strace printed in hexadecimal."""
    return bytes.fromhex(text.replace("\\x", "")).decode(errors="replace")
