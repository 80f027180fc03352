# SPDX-License-Identifier: Apache-2.0
"""Netlists of ECP5 cells in simulation: Yosys's models, and ours where it has none."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from pathlib import Path

from uart_host import HERE

from firebrick.verify.simulation import verilator

OPTIONS = ("-DNO_INCLUDES", "-Wno-fatal", "--x-initial", "fast")
"""What Yosys writes is not written to be linted; its models come one file each."""
ESCAPED = re.compile(r"\\\S+")


def cell_models() -> list[Path]:
    """Files with a module for every cell that a netlist may hold."""
    spec = importlib.util.find_spec("pyosys")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "share" / "lattice"
    return [folder / "common_sim.vh", folder / "ccu2c_sim.vh", HERE / "cells.v"]


def short_names(netlist: str) -> str:
    """The same netlist; names that Yosys made up, of hundreds of letters, take long to compile."""
    names: dict[str, str] = {}
    return ESCAPED.sub(lambda match: names.setdefault(match[0], f"n{len(names)}"), netlist)


def build(
    netlist: Path, sources: list[Path], top: str, build_root: Path, optimize: str = "-O0"
) -> Path:
    """Compile a bench with a netlist in it."""
    with tempfile.TemporaryDirectory() as folder:
        short = Path(folder) / netlist.name
        short.write_text(short_names(netlist.read_text()))
        files = [*cell_models(), short, *sources]
        return verilator.build(files, top, build_root, extra=OPTIONS, optimize=optimize)
