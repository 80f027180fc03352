# SPDX-License-Identifier: Apache-2.0
"""Work folders of Vivado for tests of its scripts."""

from __future__ import annotations

from pathlib import Path

from firebrick.boards import Board
from firebrick.emit.rtl.fusesoc_core import clock_constraint
from firebrick.synth import vendor
from firebrick.synth.vitis import project
from firebrick.synth.vivado import tool as vivado_tool
from firebrick.synth.vivado.project import read_kernel
from stand_ins import need_tcl


def work_of(folder: Path, place: Path, board: Board, *steps: str, xo: str = "") -> Path:
    """A work folder for a board, somewhere else than the tool makes it."""
    need_tcl()
    kernel, work = read_kernel(folder), place / "work"
    texts = {
        vendor.SETTINGS: kernel.settings(board, vivado_tool.WORK, steps, xo),
        "clock.xdc": clock_constraint(board.clock_mhz),
        "kernel.xml": project.kernel_xml(kernel),
        kernel.verilog: kernel.top_in_verilog(),
    }
    vendor.write_work(work, [f"hw/{x}" for x in vivado_tool.SCRIPTS], texts)
    settings = work / vendor.SETTINGS
    settings.write_text(settings.read_text().replace(f"{folder}/{vivado_tool.WORK}/", f"{work}/"))
    return work
