# SPDX-License-Identifier: Apache-2.0
"""What Vitis HLS has to know of a generated folder: settings of its Tcl script, or a config file.

Releases up to 2024.1 have `vitis_hls`, which runs the hand-written `hls/vitis/build.tcl`; later
ones have `v++ --mode hls` and `vitis-run`, which read a config file of the same contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from firebrick.boards import Board
from firebrick.emit.hls.generate import TARGET
from firebrick.emit.hls.own import require_own_cpp
from firebrick.emit.hls.top import Border
from firebrick.synth.vendor import NAME, inside, joined, paths, plain, read_fields, settings

WORK = "vitis_hls"
"""Folder in the generated one where the tool works."""


class Step(StrEnum):
    """What may be left out; C synthesis is always run."""

    CSIM = "csim"
    COSIM = "cosim"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Project:
    """A generated folder for a board.

    Attributes:
        top: name of the top function.
        sources: C++ files of the design.
        bench: C++ files of the bench.
        include: folders of headers.
        part: device, package and speed grade.
        clock_mhz: clock that is asked for.
        flow: `vivado` for an IP core, `vitis` for a kernel.
        format: of what is exported: `ip_catalog` or `xo`.
        export: file to export to.
    """

    top: str
    sources: tuple[Path, ...]
    bench: tuple[Path, ...]
    include: tuple[Path, ...]
    part: str
    clock_mhz: int
    flow: str
    format: str
    export: Path

    @property
    def cflags(self) -> str:
        """Options of the compiler."""
        return " ".join(["-std=c++17", *(f"-I{x}" for x in self.include)])

    def settings(self, steps: Sequence[Step]) -> str:
        """`settings.tcl`, which `build.tcl` reads."""
        values = {
            "top": self.top,
            "sources": joined(self.sources),
            "bench": joined(self.bench),
            "cflags": self.cflags,
            "part": self.part,
            "clock": str(self.clock_mhz),
            "flow": self.flow,
            "format": self.format,
            "export": str(self.export),
            "steps": " ".join(steps),
        }
        return settings(values)

    def config(self) -> str:
        """`hls_config.cfg`, which `v++ --mode hls` and `vitis-run` read."""
        lines = [f"{key}={plain(key, value)}" for key, value in self._config()]
        return "\n".join([f"part={plain('part', self.part)}", "", "[hls]", *lines]) + "\n"

    def _config(self) -> Iterator[tuple[str, str]]:
        yield "flow_target", self.flow
        yield "clock", f"{self.clock_mhz}MHz"
        yield "syn.top", self.top
        yield from (("syn.file", str(x)) for x in self.sources)
        yield "syn.cflags", self.cflags
        yield from (("tb.file", str(x)) for x in self.bench)
        yield "tb.cflags", self.cflags
        # Compiled for debugging, a frame of a network takes hours.
        yield from (("csim.O", "true"), ("cosim.O", "true"), ("cosim.rtl", "verilog"))
        yield "package.output.format", self.format
        yield "package.output.file", str(self.export)


def read_project(folder: Path, board: Board, *, trusted: bool = False) -> Project:
    """The project of a folder that `firebrick generate --target hls` wrote.

    Args:
        folder: the folder.
        board: to build for.
        trusted: its sources may be other than Firebrick's.

    Raises:
        FirebrickError: when it is no such folder, or made for another kind of board; names file,
            field, value and rule.
    """
    fields, target = read_fields(folder)
    fields.require(target == TARGET, "target", target, "is not 'hls', which Vitis HLS takes")
    border = fields.choice("border", tuple(Border))
    card = "m_axi" in board.memory_interface
    fields.require(
        card == (border == Border.MEMORY),
        "border",
        border,
        f"is not that of board {board.name!r}: plan and generate for it",
    )
    top = fields.text("top")
    fields.require(NAME.fullmatch(top) is not None, "top", top, "is no name of a function")
    root = folder.resolve()
    if not trusted:
        require_own_cpp(root, WORK)
    include = paths(fields, "include", root, are_folders=True)
    bench = fields.text("testbench")
    return Project(
        top=top,
        sources=paths(fields, "sources", root),
        bench=(inside(fields, "testbench", bench, root),),
        include=include,
        part=board.part,
        clock_mhz=board.clock_mhz,
        flow="vitis" if card else "vivado",
        format="xo" if card else "ip_catalog",
        export=root / WORK / f"{top}.{'xo' if card else 'zip'}",
    )
