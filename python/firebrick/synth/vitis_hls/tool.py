# SPDX-License-Identifier: Apache-2.0
"""Run Vitis HLS on a generated folder: whichever of its command lines is on PATH.

``python -m firebrick.synth.vitis_hls.tool`` says which one that is, or fails in one line: for
whoever wants to know before minutes are spent on a plan.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.progress import Progress, silent
from firebrick.synth import vendor
from firebrick.synth.found import tell
from firebrick.synth.vendor import SETTINGS
from firebrick.synth.vitis_hls.project import WORK, Project, Step
from firebrick.synth.vitis_hls.report import CsynthReport, read_report

SCRIPT, CONFIG = "build.tcl", "hls_config.cfg"
COMPONENT = "component"
"""Folder that `v++` and `vitis-run` share."""


class Flow(StrEnum):
    """Command lines of Vitis HLS, by the program that compiles."""

    SCRIPT = "vitis_hls"
    CONFIG = "v++"


@dataclass(frozen=True, slots=True)
class VitisHlsRun:
    """A finished run.

    Attributes:
        flow: what ran.
        report: of C synthesis.
        exported: the IP core's archive or the kernel; None if the export was left out.
        seconds: it took.
    """

    flow: Flow
    report: CsynthReport
    exported: Path | None
    seconds: float


def find_flow() -> Flow:
    """The command line to use: `vitis_hls` where there is one, as in releases up to 2024.1.

    Raises:
        FirebrickError: when there is none.
    """
    if shutil.which("vitis_hls"):
        return Flow.SCRIPT
    if shutil.which("v++") and shutil.which("vitis-run"):
        return Flow.CONFIG
    raise FirebrickError(
        "vitis_hls: Vitis HLS is not on PATH (neither 'vitis_hls' nor, from 2024.2 on, 'v++' and "
        "'vitis-run')"
    )


def commands(flow: Flow, steps: Sequence[Step]) -> list[tuple[str, list[str]]]:
    """What to run in the work folder, in this order: a title and a command each.

    Args:
        flow: the command line.
        steps: to run beside C synthesis.
    """
    if flow is Flow.SCRIPT:
        return [("vitis_hls", ["vitis_hls", "-f", SCRIPT])]
    shared = ["--mode", "hls", "--config", CONFIG, "--work_dir", COMPONENT]
    options = {Step.CSIM: "--csim", Step.COSIM: "--cosim", Step.EXPORT: "--package"}
    runs = {step: (str(step), ["vitis-run", option, *shared]) for step, option in options.items()}
    before = [runs[Step.CSIM]] if Step.CSIM in steps else []
    after = [runs[x] for x in (Step.COSIM, Step.EXPORT) if x in steps]
    return [*before, ("csynth", ["v++", "-c", *shared]), *after]


def report_path(flow: Flow, top: str) -> Path:
    """Where the report of C synthesis lies in the work folder."""
    root = Path("project/solution") if flow is Flow.SCRIPT else Path(COMPONENT, "hls")
    return root / "syn" / "report" / f"{top}_csynth.xml"


def write_work(project: Project, steps: Sequence[Step], work: Path) -> None:
    """Write what either command line needs; replaces a folder of an earlier run.

    Raises:
        FirebrickError: when the folder is not of an earlier run, or a value may not be passed on.
    """
    texts = {SETTINGS: project.settings(steps), CONFIG: project.config()}
    vendor.write_work(work, [f"hls/vitis/{SCRIPT}"], texts)


def run(
    project: Project, folder: Path, steps: Sequence[Step], progress: Progress = silent
) -> VitisHlsRun:
    """Synthesize; what the tool leaves stays in the folder `WORK`, whatever comes of it.

    Args:
        project: of that folder.
        folder: made by `generate`.
        steps: to run beside C synthesis.
        progress: told before and after each command.

    Raises:
        CheckFailed: when the tool fails: a value differs, a rule is broken, the clock missed.
        FirebrickError: when there is no tool, and nothing is written then; or no report.
    """
    flow, start = find_flow(), time.monotonic()
    work = folder / WORK
    write_work(project, steps, work)
    vendor.run_commands(work, commands(flow, steps), progress)
    return VitisHlsRun(
        flow=flow,
        report=read_report(work / report_path(flow, project.top)),
        exported=project.export if Step.EXPORT in steps else None,
        seconds=round(time.monotonic() - start, 1),
    )


if __name__ == "__main__":
    tell(find_flow)
