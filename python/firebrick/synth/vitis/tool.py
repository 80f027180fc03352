# SPDX-License-Identifier: Apache-2.0
"""Run Vitis on a generated folder: a kernel for an Alveo card, linked with its platform.

``python -m firebrick.synth.vitis.tool`` says whether its programs are there, or fails in one line.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firebrick.boards import Board
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.progress import Progress, silent
from firebrick.synth import vendor
from firebrick.synth.found import tell
from firebrick.synth.vitis import project
from firebrick.synth.vitis.project import Step
from firebrick.synth.vitis.report import read_clock, read_kernel_utilization
from firebrick.synth.vivado.project import KernelFolder
from firebrick.synth.vivado.tool import PROGRAM, batch, check_memories

LINKER = "v++"
WORK = "vitis"
"""Folder in the generated one where the tools work."""
SCRIPTS = ("hw/vivado/common.tcl", "hw/vivado/package.tcl")
CONFIG, KERNEL_XML, XCLBIN = "link.cfg", "kernel.xml", "firebrick.xclbin"
REPORTS, LOGS, TEMPORARY = "reports", "logs", "_x"
LOG_FILES = ("*.log",)


@dataclass(frozen=True, slots=True)
class VitisRun:
    """A finished run.

    Attributes:
        kernel: the `.xo` file.
        xclbin: None if the link was left out; so are the next two.
        resources: of the kernel, placed and routed.
        clock_mhz: that the kernel was given.
        seconds: it took.
    """

    kernel: Path
    xclbin: Path | None
    resources: Resources | None
    clock_mhz: int | None
    seconds: float


def find_vitis() -> None:
    """Check that there are Vivado, which packages kernels, and `v++`, which links them.

    Raises:
        FirebrickError: when one is missing.
    """
    for program in (PROGRAM, LINKER):
        if not shutil.which(program):
            raise FirebrickError(
                f"{program}: is not on PATH: Vitis brings it, source its settings64.sh"
            )


def commands(
    kernel: KernelFolder, board: Board, steps: Sequence[Step]
) -> list[tuple[str, list[str]]]:
    """What to run in the work folder, in this order: a title and a command each."""
    link = [LINKER, "--link", "--target", "hw", "--config", CONFIG]
    link += ["--kernel_frequency", str(board.clock_mhz)]
    link += ["--temp_dir", TEMPORARY, "--report_dir", REPORTS, "--log_dir", LOGS]
    link += ["--output", XCLBIN, xo_name(kernel)]
    return [batch("package"), *([("link", link)] if Step.LINK in steps else [])]


def xo_name(kernel: KernelFolder) -> str:
    """File name of the packaged kernel."""
    return f"{kernel.top}.xo"


def run(
    kernel: KernelFolder, board: Board, steps: Sequence[Step], progress: Progress = silent
) -> VitisRun:
    """Package and link; what the tools leave stays in the folder `WORK`, whatever comes of it.

    Args:
        kernel: of a generated folder.
        board: a card.
        steps: to run beside packaging.
        progress: told before and after each command.

    Raises:
        CheckFailed: when a tool fails, or did not find a memory file.
        FirebrickError: when there is no tool or the board is no card, and nothing is written then.
    """
    find_vitis()
    start, work = time.monotonic(), kernel.root / WORK
    texts = {
        vendor.SETTINGS: kernel.settings(board, WORK, steps, xo=xo_name(kernel)),
        CONFIG: project.config(kernel, board),
        KERNEL_XML: project.kernel_xml(kernel),
        kernel.verilog: kernel.top_in_verilog(),
    }
    vendor.write_work(work, SCRIPTS, texts)
    vendor.run_commands(work, commands(kernel, board, steps), progress)
    check_memories(work, LOG_FILES)
    linked = Step.LINK in steps
    for name in (xo_name(kernel), *([XCLBIN] if linked else [])):
        if not (work / name).is_file():
            raise CheckFailed(f"{work / vendor.LOG}: no {name} was written")
    return VitisRun(
        kernel=work / xo_name(kernel),
        xclbin=work / XCLBIN if linked else None,
        resources=read_kernel_utilization(_report(work), kernel.top) if linked else None,
        clock_mhz=read_clock(work / f"{XCLBIN}.info") if linked else None,
        seconds=round(time.monotonic() - start, 1),
    )


def _report(work: Path) -> Path:
    """Report of the kernels, whose name begins with that of the implementation run."""
    folder = work / REPORTS / "link" / "imp"
    found = sorted(folder.glob("*kernel_util_routed.rpt"))
    return found[-1] if found else folder / "kernel_util_routed.rpt"


if __name__ == "__main__":
    tell(find_vitis)
