# SPDX-License-Identifier: Apache-2.0
"""Which SystemVerilog files a design is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from firebrick.data import data_folder, hardware_sources

_INSTANCE = re.compile(r"^\s*(\w+)\s+(?:#\s*\(|u_\w+\s*\()", re.MULTILINE)
_PACKAGE = re.compile(r"\b(\w+_pkg)::")


def closure(texts: Iterable[str], sources: Iterable[Path] | None = None) -> list[Path]:
    """Files that SystemVerilog texts need, directly or through instances and packages.

    Listing exactly these (and not whole folders) keeps a build valid while unrelated files change.

    Args:
        texts: SystemVerilog source texts.
        sources: files named `<module>.sv` to take them from; all of `hw` and of the simulation if
            None.

    Returns:
        Paths, packages first, each group in alphabetical order.
    """
    if sources is None:
        sources = [*hardware_sources(), *(data_folder("sim") / "lib").glob("*.sv")]
    known = {path.stem: path for path in sources}
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
