# SPDX-License-Identifier: Apache-2.0
"""Run Vivado on a generated folder: out-of-context synthesis, IP core, bitstream of a Zynq board.

``python -m firebrick.synth.vivado.tool`` says whether it is there, or fails in one line: for
whoever wants to know before minutes are spent on a plan.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from firebrick.boards import Board
from firebrick.emit.rtl.fusesoc_core import CLOCK, clock_constraint
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.progress import Progress, silent
from firebrick.synth import vendor
from firebrick.synth.found import tell
from firebrick.synth.vivado.project import KernelFolder, Step
from firebrick.synth.vivado.report import Timing, Utilization, read_timing, read_utilization

PROGRAM = "vivado"
WORK = "vivado"
"""Folder in the generated one where the tool works."""
SCRIPTS = ("vivado/common.tcl", "vivado/synth.tcl", "vivado/package.tcl", "vivado/design.tcl")
"""Hand-written, in the folder of hardware."""
BITSTREAM, HANDOFF, CORE = "firebrick.bit", "firebrick.hwh", "ip"
LOGS = ("*.log", "*.runs/*/runme.log")
EMPTY_MEMORY = re.compile(r"^.*\[Synth 8-4445\].*$", re.MULTILINE)
"""A memory file that was not found: a warning to Vivado, a network of zeros to us."""


@dataclass(frozen=True, slots=True)
class Implemented:
    """Reports of one stage.

    Attributes:
        name: `synth` or `route` of the kernel alone; `design` with the board's processing system.
        utilization: what it takes.
        timing: how it compares with its clock.
    """

    name: str
    utilization: Utilization
    timing: Timing


@dataclass(frozen=True, slots=True)
class VivadoRun:
    """A finished run.

    Attributes:
        stages: those that ran, in order.
        core: folder of the IP core; None if it was left out.
        bitstream: None if it was left out, or the design missed its clock.
        handoff: description of the design that goes with the bitstream.
        seconds: it took.
    """

    stages: tuple[Implemented, ...]
    core: Path | None
    bitstream: Path | None
    handoff: Path | None
    seconds: float


def find_vivado() -> None:
    """Check that there is a Vivado.

    Raises:
        FirebrickError: when there is none.
    """
    if not shutil.which(PROGRAM):
        raise FirebrickError(f"{PROGRAM}: Vivado is not on PATH: source its settings64.sh")


def batch(script: str) -> tuple[str, list[str]]:
    """A title and a command that runs a script, with a log of its own."""
    options = ["-mode", "batch", "-notrace", "-log", f"{script}.log", "-journal", f"{script}.jou"]
    return script, [PROGRAM, *options, "-source", f"{script}.tcl"]


def commands(steps: Sequence[Step]) -> list[tuple[str, list[str]]]:
    """What to run in the work folder, in this order."""
    scripts = {Step.IP: "package", Step.BITSTREAM: "design"}
    return [batch("synth"), *(batch(name) for step, name in scripts.items() if step in steps)]


def run(
    kernel: KernelFolder, board: Board, steps: Sequence[Step], progress: Progress = silent
) -> VivadoRun:
    """Synthesize; what the tool leaves stays in the folder `WORK`, whatever comes of it.

    Args:
        kernel: of a generated folder.
        board: to build for.
        steps: to run beside synthesis.
        progress: told before and after each command.

    Raises:
        CheckFailed: when the tool fails, or did not find a memory file.
        FirebrickError: when there is no tool, and nothing is written then; or no report.
    """
    find_vivado()
    start, work = time.monotonic(), kernel.root / WORK
    texts = {
        vendor.SETTINGS: kernel.settings(board, WORK, steps),
        CLOCK: clock_constraint(board.clock_mhz),
        kernel.verilog: kernel.top_in_verilog(),
    }
    vendor.write_work(work, [f"hw/{x}" for x in SCRIPTS], texts)
    vendor.run_commands(work, commands(steps), progress)
    check_memories(work, LOGS)
    names = ["synth"]
    names += ["route"] if Step.ROUTE in steps else []
    names += ["design"] if Step.BITSTREAM in steps else []
    stages = tuple(_stage(work / "reports", name) for name in names)
    written = Step.BITSTREAM in steps and stages[-1].timing.met
    files = [work / x for x in (BITSTREAM, HANDOFF)] if written else [None, None]
    for file in files:
        if file and not file.is_file():
            raise CheckFailed(f"{work / vendor.LOG}: {PROGRAM} wrote no {file.name}")
    return VivadoRun(
        stages=stages,
        core=work / CORE if Step.IP in steps else None,
        bitstream=files[0],
        handoff=files[1],
        seconds=round(time.monotonic() - start, 1),
    )


def _stage(reports: Path, name: str) -> Implemented:
    return Implemented(
        name,
        read_utilization(reports / f"{name}_utilization.rpt"),
        read_timing(reports / f"{name}_timing.rpt"),
    )


def check_memories(work: Path, patterns: Sequence[str]) -> None:
    """Refuse a design whose memories were not all found.

    Raises:
        CheckFailed: naming log and message.
    """
    for path in _logs(work, patterns):
        found = EMPTY_MEMORY.search(path.read_text(errors="replace"))
        if found:
            raise CheckFailed(f"{path}: {found[0].strip()[:400]}")


def _logs(work: Path, patterns: Sequence[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(x for x in work.rglob(pattern) if x.is_file())


if __name__ == "__main__":
    tell(find_vivado)
