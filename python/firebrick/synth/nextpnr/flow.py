# SPDX-License-Identifier: Apache-2.0
"""From a generated folder to a bitstream with open tools: Yosys, nextpnr-ecp5, ecppack."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from firebrick.emit.folder import read_all
from firebrick.emit.rtl.network_top import TOP
from firebrick.errors import FirebrickError
from firebrick.files.output import whole_folder
from firebrick.files.ownership import write_marker
from firebrick.progress import Progress, silent
from firebrick.synth import vendor
from firebrick.synth.folder import copy_sources, read_memories
from firebrick.synth.log import reason
from firebrick.synth.nextpnr import report
from firebrick.synth.nextpnr.board import Ecp5Board
from firebrick.synth.nextpnr.report import Timing, Watch
from firebrick.synth.nextpnr.tool import find_tool, run_tool, version_of
from firebrick.synth.nextpnr.top import UART_TOP, Geometry, read_geometry, uart_sources, uart_top
from firebrick.synth.nextpnr.worker import CELLS, JOB, NETLIST, VERILOG
from firebrick.synth.yosys.scratch import yosys_scratch

WORK = "nextpnr"
"""Folder in the generated one for what is made."""
PINS, CONFIG, BITSTREAM = "pins.lpf", f"{UART_TOP}.config", f"{UART_TOP}.bit"
REPORT, YOSYS_LOG, LOG, PACK_LOG = "report.json", "yosys.log", "nextpnr.log", "ecppack.log"
KEPT = (f"{UART_TOP}.sv", NETLIST, VERILOG, CELLS, PINS, YOSYS_LOG, LOG, REPORT, CONFIG, BITSTREAM)
SEED = 1
"""Of placement: the same design gives the same bitstream."""


@dataclass(frozen=True, slots=True)
class Routed:
    """A design that has been through nextpnr.

    Attributes:
        geometry: of images and logits.
        version: of Yosys and nextpnr.
        cells: of the netlist, by type.
        resources: used and available, by name.
        timing: after routing; None if the design does not fit.
        bitstream: None if the design does not fit or is slower than the board's clock.
        seconds: it all took.
    """

    geometry: Geometry
    version: str
    cells: Mapping[str, int]
    resources: Mapping[str, tuple[int, int]]
    timing: Timing | None
    bitstream: Path | None
    seconds: float

    @property
    def excess(self) -> dict[str, tuple[int, int]]:
        """Resources of which the device has too few: needed and available."""
        return report.excess(self.resources)


def implement(
    folder: Path, board: Ecp5Board, progress: Progress = silent, *, trusted: bool = False
) -> Routed:
    """Synthesize, place, route and pack; what is made appears in `folder` / `WORK`, all or none.

    Args:
        folder: made by `generate`.
        board: with an ECP5.
        progress: told what is being done.
        trusted: its sources may be other than Firebrick's.

    Raises:
        FirebrickError: when a tool is missing or fails, or the folder is none that it can take.
    """
    start = time.monotonic()
    router, packer = find_tool("nextpnr-ecp5"), find_tool("ecppack")
    geometry = read_geometry(folder)
    version = f"Yosys {metadata.version('pyosys')}, {version_of(router)}"
    bitstream = None
    with yosys_scratch() as scratch:
        sources = copy_design(folder, scratch, trusted=trusted)
        (scratch / f"{UART_TOP}.sv").write_text(uart_top(geometry, board.clocks))
        (scratch / PINS).write_text(board.constraints)
        progress("Yosys", 0.0)
        cells = synthesize(UART_TOP, [*sources, f"{UART_TOP}.sv"], scratch)
        progress("Yosys", 1.0)
        resources, timing = _route(router, scratch, board, progress)
        if timing is not None and timing.met:
            _pack(packer, scratch)
            with whole_folder(folder / WORK, vendor.WORK) as temporary:
                for file in KEPT:
                    shutil.copyfile(scratch / file, temporary / file)
                write_marker(temporary, vendor.WORK)
            bitstream = folder / WORK / BITSTREAM
    seconds = round(time.monotonic() - start, 1)
    return Routed(geometry, version, cells, resources, timing, bitstream, seconds)


def copy_design(folder: Path, scratch: Path, *, trusted: bool = False) -> list[str]:
    """Copy what Yosys reads into a folder; returns the names of sources.

    Raises:
        FirebrickError: when a file is missing, or none that may be read.
    """
    sources = copy_sources(folder, [f"{TOP}.sv"], scratch, trusted=trusted)
    for name, data in read_all(folder, read_memories(folder)):
        (scratch / name).write_bytes(data)
    for path in uart_sources():
        shutil.copyfile(path, scratch / path.name)
        sources.append(path.name)
    return sources


def synthesize(top: str, sources: Sequence[str], scratch: Path) -> dict[str, int]:
    """Run the worker in a folder with all sources and memory images; returns cells by type.

    Raises:
        FirebrickError: when Yosys fails.
    """
    (scratch / JOB).write_text(json.dumps({"top": top, "sources": list(sources)}))
    log = scratch / YOSYS_LOG
    status = run_tool([sys.executable, "-m", "firebrick.synth.nextpnr.worker"], scratch, log)
    if status or not (scratch / CELLS).is_file():
        raise FirebrickError(f"{top}: Yosys failed ({status}): {reason(log.read_text())}")
    return dict(json.loads((scratch / CELLS).read_text()))


def _route(
    tool: str, scratch: Path, board: Ecp5Board, progress: Progress
) -> tuple[dict[str, tuple[int, int]], Timing | None]:
    """Place and route; no timing if the design does not fit."""
    watch = Watch(progress)
    options = {
        "package": board.package,
        "speed": board.speed,
        "json": NETLIST,
        "top": UART_TOP,
        "lpf": PINS,
        "textcfg": CONFIG,
        "report": REPORT,
        "seed": SEED,
    }
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    # A clock that is missed is reported with its frequency, as all else.
    command = [tool, f"--{board.device}", *arguments, "--timing-allow-fail"]
    status = run_tool(command, scratch, scratch / LOG, watch.line)
    log = (scratch / LOG).read_text()
    resources = report.used(log)
    if report.excess(resources):
        return resources, None
    if status or not (scratch / CONFIG).is_file():
        raise FirebrickError(f"{UART_TOP}: nextpnr failed ({status}): {report.reason(log)}")
    watch.end()
    return resources, report.timing((scratch / REPORT).read_text(), REPORT)


def _pack(tool: str, scratch: Path) -> None:
    log = scratch / PACK_LOG
    status = run_tool([tool, "--compress", CONFIG, BITSTREAM], scratch, log)
    if status or not (scratch / BITSTREAM).is_file():
        reason = report.reason(log.read_text())
        raise FirebrickError(f"{UART_TOP}: ecppack failed ({status}): {reason}")
