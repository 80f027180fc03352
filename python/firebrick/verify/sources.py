# SPDX-License-Identifier: Apache-2.0
"""Which SystemVerilog files a design is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from firebrick.resources import HARDWARE, data_folder

_INSTANCE = re.compile(r"^\s*(\w+)\s+(?:#\s*\(|u_\w+\s*\()", re.MULTILINE)
_PACKAGE = re.compile(r"\b(\w+_pkg)::")


def rtl_folders() -> tuple[Path, ...]:
    """Folders whose file stems are module names: memories, stream parts, operators, simulation."""
    return *(data_folder("hw") / part for part in HARDWARE), data_folder("sim") / "lib"


def closure(texts: Iterable[str], folders: Iterable[Path] | None = None) -> list[Path]:
    """Files that SystemVerilog texts need, directly or through instances and packages.

    Listing exactly these (and not whole folders) keeps a build valid while unrelated files change.

    Args:
        texts: SystemVerilog source texts.
        folders: where to look for `<module>.sv`; `rtl_folders()` if None.

    Returns:
        Paths, packages first, each group in alphabetical order.
    """
    known = {
        path.stem: path
        for folder in (rtl_folders() if folders is None else folders)
        for path in sorted(folder.glob("*.sv"))
    }
    found: set[Path] = set()
    todo = list(texts)
    while todo:
        text = todo.pop()
        for name in set(_INSTANCE.findall(text)) | set(_PACKAGE.findall(text)):
            path = known.get(name)
            if path is not None and path not in found:
                found.add(path)
                todo.append(path.read_text())
    return sorted(found, key=lambda path: (not path.stem.endswith("_pkg"), path.name))
