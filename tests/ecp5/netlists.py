# SPDX-License-Identifier: Apache-2.0
"""Netlists of ECP5 cells in simulation: Yosys's models, and ours where it has none."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from uart_host import HERE

from firebrick.verify import verilator

WAIVED = ("-DNO_INCLUDES", "-Wno-fatal")
"""What Yosys writes is not written to be linted; its models come one file each."""


def cell_models() -> list[Path]:
    """Files with a module for every cell that a netlist may hold."""
    spec = importlib.util.find_spec("pyosys")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "share" / "lattice"
    return [folder / "common_sim.vh", folder / "ccu2c_sim.vh", HERE / "cells.v"]


def build(sources: list[Path], top: str, build_root: Path, optimize: str = "-O0") -> Path:
    """Compile a bench with a netlist in it."""
    files = [*cell_models(), *sources]
    return verilator.build(files, top, build_root, extra=WAIVED, optimize=optimize)
