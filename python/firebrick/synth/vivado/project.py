# SPDX-License-Identifier: Apache-2.0
"""What Vivado has to know of a generated folder: settings of the hand-written `hw/vivado/*.tcl`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from firebrick.boards import Board
from firebrick.checked.documents import read_text
from firebrick.checked.fields import Fields
from firebrick.emit.folder import MOST_FILES, read_all
from firebrick.emit.rtl.own import require_own
from firebrick.errors import FirebrickError
from firebrick.synth.folder import LARGEST_TOP
from firebrick.synth.vendor import NAME, inside, joined, paths, read_fields, settings

RTL = "rtl"
"""Target of the folders that these flows take."""
WIDTHS = ("32", "64", "128", "256", "512")
NOT_VERILOG = re.compile(r"'[01x{]|\b(always_\w+|import|interface|typedef|struct|unsigned)\b")
"""What a generated top may not have, to be Verilog with other words for its nets."""


class Step(StrEnum):
    """What may be left out; synthesis is always run."""

    ROUTE = "route"
    IP = "ip"
    BITSTREAM = "bitstream"


@dataclass(frozen=True, slots=True)
class KernelFolder:
    """A generated folder for a board.

    Attributes:
        top: name of the kernel's module.
        data_bits: of its memory port.
        registers: byte offsets by name.
        root: the folder.
        sources: SystemVerilog files, in the order of compilation.
        memories: files that `$readmemh` reads.
    """

    top: str
    data_bits: int
    registers: dict[str, int]
    root: Path
    sources: tuple[Path, ...]
    memories: tuple[Path, ...]

    @property
    def verilog(self) -> str:
        """Name of the file of its top in Verilog."""
        return f"{self.top}.v"

    def settings(self, board: Board, work: str, steps: Sequence[str], xo: str = "") -> str:
        """`settings.tcl`, which the scripts read.

        Args:
            board: to build for.
            work: name of the work folder.
            steps: to run.
            xo: kernel of a card to write; empty for an IP core only.
        """
        own = self.root / work / self.verilog
        packaged = [own if x.stem == self.top else x for x in self.sources]
        return settings(
            {
                "top": self.top,
                "part": board.part,
                "clock": str(board.clock_mhz),
                "sources": joined(self.sources),
                "packaged": joined(packaged),
                "memories": joined(self.memories),
                "format": "xo" if xo else "ip",
                "xo": xo,
                "board_part": board.board_part or "",
                "processing_system": board.processing_system or "",
                "steps": " ".join(steps),
            }
        )

    def top_in_verilog(self) -> str:
        """Text of its top in Verilog: the IP packager takes no SystemVerilog top (AMD UG1118).

        A generated top only has ports, nets and instances, which differ in one word.

        Raises:
            FirebrickError: when it has anything else.
        """
        (path,) = (x for x in self.sources if x.stem == self.top)
        text = read_text(path, LARGEST_TOP)
        code = re.sub(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"", "", text, flags=re.DOTALL)
        wrong = NOT_VERILOG.search(code)
        if wrong:
            raise FirebrickError(f"{path}: is not as generated: {wrong[0]} is no Verilog")
        return re.sub(r"^( +(?:input |output )?)logic\b", r"\1wire", text, flags=re.MULTILINE)


def read_kernel(folder: Path, *, trusted: bool = False) -> KernelFolder:
    """The kernel of a folder that `firebrick generate --target rtl` wrote.

    Args:
        folder: the folder.
        trusted: its sources may be other than Firebrick's.

    Raises:
        FirebrickError: when it is no such folder; names file, field, value and rule.
    """
    fields, target = read_fields(folder)
    fields.require(target == RTL, "target", target, f"is not {RTL!r}: generate --target {RTL}")
    root = folder.resolve()
    sources = paths(fields, "sources", root)
    if not trusted:
        for name, data in read_all(root, [x.relative_to(root).as_posix() for x in sources]):
            require_own(folder, name, data)
    memories = fields.values("memories", MOST_FILES, "paths")
    kernel = fields.inner("kernel")
    top = kernel.matching("top", NAME)
    kernel.require([x.stem for x in sources].count(top) == 1, "top", top, "has no file in sources")
    return KernelFolder(
        top=top,
        data_bits=_width(kernel),
        registers=kernel.wholes("registers", 0, 4092),
        root=root,
        sources=sources,
        memories=tuple(inside(fields, "memories", x, root) for x in memories),
    )


def _width(kernel: Fields) -> int:
    bits = kernel.whole("data_bits", 32, 512)
    kernel.require(str(bits) in WIDTHS, "data_bits", bits, f"is none of {', '.join(WIDTHS)}")
    return bits


def possible_steps(board: Board, skip: Sequence[str]) -> tuple[Step, ...]:
    """Steps for a board, in order.

    Raises:
        FirebrickError: when one is wanted without what it needs.
    """
    steps = [x for x in Step if x not in skip]
    if board.processing_system is None:
        steps = [x for x in steps if x is not Step.BITSTREAM]
    if Step.BITSTREAM in steps and Step.IP not in steps:
        raise FirebrickError("--skip: bitstream needs ip: skip both or neither")
    return tuple(steps)
