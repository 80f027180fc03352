# SPDX-License-Identifier: Apache-2.0
"""What the flows of vendors' tools share: values that nothing interprets, runs that leave a log."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from firebrick.checked.documents import read_json
from firebrick.checked.fields import Fields
from firebrick.data import data_folder
from firebrick.emit.folder import MOST_FILES, inner_path
from firebrick.emit.rtl.generate import MANIFEST
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.files.output import whole_folder
from firebrick.files.ownership import Marker, write_marker
from firebrick.processes import run
from firebrick.progress import Progress, silent
from firebrick.synth.folder import refusing
from firebrick.synth.log import reason

PATH = re.compile(r"/[\w./+=@~-]*", re.ASCII)
"""Absolute paths that mean the same to a shell, to Tcl between braces, and in a config file."""
VALUE = re.compile(r"(?:[\w./+=@:*][\w./+=@~:* -]*)?", re.ASCII)
"""The same of values that are no paths; none is an option."""
OPTIONS = re.compile(r"[\w./+=@~: -]*", re.ASCII)
"""The same of a compiler's options."""
NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
LOG, SETTINGS = "build.log", "settings.tcl"
WORK = Marker("firebrick.json", {"kind": "work"})
"""Of folders where tools work."""
LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"
WRONG = re.compile(r"^ERROR\b|\berror: ")


def read_fields(folder: Path) -> tuple[Fields, str]:
    """Fields of the manifest of a generated folder, and its target.

    Raises:
        FirebrickError: when there is none that can be read.
    """
    path = folder / MANIFEST
    if path.exists():  # else reading says why not
        inner_path(folder, MANIFEST)
    fields = Fields(read_json(path), str(path))
    return fields, str(fields.left.get("target", "rtl"))


def paths(fields: Fields, field: str, root: Path, *, are_folders: bool = False) -> tuple[Path, ...]:
    """A list of paths inside of a folder, absolute; at least one.

    Raises:
        FirebrickError: when it is something else.
    """
    names = fields.values(field, MOST_FILES, "paths")
    fields.require(bool(names), field, names, "is not a list of paths")
    return tuple(inside(fields, field, x, root, is_folder=are_folders) for x in names)


def inside(
    fields: Fields, field: str, name: object, root: Path, *, is_folder: bool = False
) -> Path:
    """A file or folder inside of a folder, absolute: the tools run elsewhere."""
    with refusing(fields, field, name):
        path = inner_path(root, name, is_folder=is_folder)
    # They split lists of files and options at blanks, however they are quoted.
    fields.require(
        PATH.fullmatch(str(path)) is not None,
        field,
        str(path),
        "has a blank or a character that vendors' tools do not take in a path",
    )
    return path


def joined(paths: Iterable[Path]) -> str:
    """A list for Tcl: paths have no blanks."""
    return " ".join(map(str, paths))


def plain(name: str, value: str) -> str:
    """A value that nothing interprets.

    Raises:
        FirebrickError: when it might be.
    """
    pattern = OPTIONS if name.endswith("cflags") else VALUE
    if not pattern.fullmatch(value):
        raise FirebrickError(f"{name}: {value!r} does not match {pattern.pattern}")
    return value


def settings(values: Mapping[str, str]) -> str:
    """`settings.tcl`: one `set` a line, which the hand-written scripts read."""
    lines = [f"set {name} {{{plain(name, value)}}}" for name, value in values.items()]
    return LICENCE + "\n".join(lines) + "\n"


def write_work(work: Path, scripts: Sequence[str], texts: Mapping[str, str]) -> None:
    """Write what the tools need into their work folder; replaces that of an earlier run.

    Args:
        work: folder to make.
        scripts: hand-written ones to copy, below the installation's data folders.
        texts: of further files by name, `settings.tcl` among them.

    Raises:
        FirebrickError: when the folder is not of an earlier run.
    """
    with whole_folder(work, WORK) as temporary:
        for script in scripts:
            kind, _, rest = script.partition("/")
            source = data_folder(kind) / rest
            shutil.copyfile(source, temporary / source.name)
        for name, text in texts.items():
            (temporary / name).write_text(text)
        write_marker(temporary, WORK)


def run_commands(
    work: Path, commands: Sequence[tuple[str, Sequence[str]]], progress: Progress = silent
) -> None:
    """Run commands in a folder, one after the other; what they say is appended to its log.

    However it ends, what is in the folder then is noted in its marker, as made by them.

    Args:
        work: the folder.
        commands: a title and a command each.
        progress: told before and after each.

    Raises:
        CheckFailed: when one fails: names the log, and the line of it that says why.
    """
    try:
        for title, command in commands:
            progress(title, 0.0)
            _run(work, command)
            progress(title, 1.0)
    finally:
        write_marker(work, WORK)


def _run(work: Path, command: Sequence[str]) -> None:
    with (work / LOG).open("a") as log:
        start = log.tell()
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        status = run(command, work, log)
    if status:
        why = _reason(work / LOG, start)
        raise CheckFailed(f"{work / LOG}: {command[0]} failed ({status}): {why}")


def _reason(log: Path, start: int) -> str:
    """Line of the log, from a place in it on, that says what went wrong."""
    with log.open("rb") as file:
        file.seek(start)
        text = file.read().decode(errors="replace")
    return reason(text, WRONG)
