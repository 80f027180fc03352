# SPDX-License-Identifier: Apache-2.0
"""Where SystemVerilog, C++ and benches lie: beside the package in a wheel, else in the clone."""

import operator
from pathlib import Path

PACKAGE = Path(__file__).parent
HARDWARE = ("memory", "stream", "ops", "shell")
"""Folders of ``hw`` that hold modules, those in folders of theirs included."""


def data_folder(name: str) -> Path:
    """Folder ``hw``, ``hls`` or ``sim``.

    Raises:
        FileNotFoundError: when the installation is incomplete.
    """
    for folder in (PACKAGE / "_data" / name, PACKAGE.parents[1] / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"firebrick's {name}/ folder is missing from the installation")


def hardware_sources() -> list[Path]:
    """Every SystemVerilog file of operators, memories, streams and shells, in a fixed order."""
    root = data_folder("hw")
    by_name = operator.attrgetter("name")
    return [path for part in HARDWARE for path in sorted((root / part).rglob("*.sv"), key=by_name)]
