# SPDX-License-Identifier: Apache-2.0
"""Boards: what a device has, and the share of it that a plan may take.

One TOML file a board, in ``hw/boards``; `docs/boards.md` explains the fields. Nothing in a file is
trusted: users bring their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from firebrick.checked.documents import read_toml
from firebrick.checked.fields import Fields
from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family, Resources

LUT_PERCENT = 80
"""Share of the LUTs in a budget: fuller devices seldom route at a useful clock."""
DSP_KINDS = {"DSP48E1": Family.XC7, "DSP48E2": Family.XCUP}
"""DSP slices the engines are written for; each belongs to one family."""
COUNTS = ("dsp", "lut", "lutram", "ff", "bram36", "uram")
"""Resources a file counts, each with a source."""
PROCESSORS = {"processing_system7": Family.XC7, "zynq_ultra_ps_e": Family.XCUP}
"""Vivado's IP of a processing system; each belongs to one family."""
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Names of parts reach Tcl and config files."""
VENDOR = {
    "board_part": re.compile(r"[\w.-]+:[\w.-]+:part0:(\*|[\w.-]+)", re.ASCII),
    "processing_system": re.compile("|".join(PROCESSORS)),
    "platform": re.compile(r"[A-Za-z]\w*", re.ASCII),
    "memory_bank": re.compile(r"(DDR|HBM|PLRAM)\[\d{1,2}(:\d{1,2})?\]", re.ASCII),
}
"""What vendors' tools must know to make a bitstream, and what it matches; each may be missing."""
PAIRS = (("board_part", "processing_system"), ("platform", "memory_bank"))
"""Of these both are there or neither: those of a Zynq, those of a card."""
TEXTS = ("title", "memory_interface")
FIELDS = (
    *(*TEXTS, "part", "dsp_kind", *VENDOR),
    *("assumed_clock_mhz", "device", "budget_percent", "sources"),
)
MOST_CHARACTERS = 400
MOST = 1 << 24
"""No device has more of anything."""
MOST_MHZ = 2_000
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Board:
    """A board.

    Attributes:
        name: the file's stem; what `--board` takes.
        title: name on the box.
        part: device, package and speed grade, as the vendor's tools write them.
        family: device family.
        dsp_kind: DSP slice, `DSP48E1` or `DSP48E2`.
        clock_mhz: clock ASSUMED for frames per second; no place and route has confirmed it.
        device: what the device has; `lutram` are the LUTs that can be memory.
        percent: share of each resource of the device that a plan may take, percent.
        memory_interface: how pixels reach the fabric.
        sources: per resource and vendor's name, where it was read.
        board_part: of a Zynq board: what Vivado knows it by, its version `*` for the newest there
            is; its preset sets up the processing system.
        processing_system: of a Zynq board: IP of its processing system.
        platform: of a card: Vitis platform to link with.
        memory_bank: of a card: where the kernel's data lie, as `v++ --connectivity.sp` says it.
    """

    name: str
    title: str
    part: str
    family: Family
    dsp_kind: str
    clock_mhz: int
    device: Resources
    percent: Resources
    memory_interface: str
    sources: tuple[tuple[str, str], ...]
    board_part: str | None = None
    processing_system: str | None = None
    platform: str | None = None
    memory_bank: str | None = None

    def budget(self) -> Resources:
        """What a plan may take, rounded down."""
        pairs = zip(astuple(self.device), astuple(self.percent), strict=True)
        return Resources(*(count * percent // 100 for count, percent in pairs))

    def fields(self) -> dict[str, object]:
        """As printed for machines."""
        return {
            "name": self.name,
            "title": self.title,
            "part": self.part,
            "family": str(self.family),
            "dsp_kind": self.dsp_kind,
            "assumed_clock_mhz": self.clock_mhz,
            "memory_interface": self.memory_interface,
            "board_part": self.board_part,
            "processing_system": self.processing_system,
            "platform": self.platform,
            "memory_bank": self.memory_bank,
            "device": self.device.fields(),
            "budget": self.budget().fields(),
        }


def load_board(name: str) -> Board:
    """Read a board.

    Args:
        name: one that `board_names` lists, or the path of a TOML file (ending in ``.toml``).

    Raises:
        FirebrickError: no such board, or a bad file; names file, field, value and rule.
    """
    return _read(Path(name)) if name.endswith(".toml") else named_board(name)


def named_board(name: str) -> Board:
    """Read a board that comes with Firebrick; what is written in a file may name no other.

    Raises:
        FirebrickError: no such board.
    """
    known = board_names()
    if name not in known:
        raise FirebrickError(
            f"board: {name!r} is none of {', '.join(known)}; "
            "to add one, give the path of a .toml file: see docs/boards.md"
        )
    return _read(_folder() / f"{name}.toml")


def all_boards() -> tuple[Board, ...]:
    """Every board that comes with Firebrick, from the smallest."""
    boards = (load_board(x) for x in board_names())
    return tuple(sorted(boards, key=lambda x: (x.device.lut, x.name)))


def board_names() -> list[str]:
    """Names that `load_board` knows."""
    return sorted(x.stem for x in _folder().glob("*.toml"))


def _folder() -> Path:
    return data_folder("hw") / "boards"


def _read(path: Path) -> Board:
    """Read a file.

    Raises:
        FirebrickError: when it cannot be read or breaks a rule.
    """
    return _board(Fields(read_toml(path), str(path), "table"), path.stem)


def _board(top: Fields, name: str) -> Board:
    """A board from the tables of its file."""
    top.require(
        NAME.fullmatch(name) is not None, "file name", name, f"does not match {NAME.pattern}"
    )
    top.only(FIELDS)
    title, memory_interface = (top.line(x, MOST_CHARACTERS, 1) for x in TEXTS)
    part = top.matching("part", PART)
    kind = top.choice("dsp_kind", tuple(DSP_KINDS))
    clock = top.whole("assumed_clock_mhz", 1, MOST_MHZ)
    vendor = _vendor(top, DSP_KINDS[kind])
    device = top.inner("device")
    device.only(COUNTS)
    counts = {x: device.whole(x, 0, MOST) for x in COUNTS}
    device.require(
        counts["lutram"] <= counts["lut"],
        "lutram",
        counts["lutram"],
        f"exceeds lut={counts['lut']}, of which it is a part",
    )
    device.close()
    shares = dict.fromkeys(COUNTS, 100) | {"lut": LUT_PERCENT}
    if "budget_percent" in top.left:
        percent = top.inner("budget_percent")
        percent.only(COUNTS)
        shares |= {x: percent.whole(x, 1, 100) for x in COUNTS if x in percent.left}
        percent.close()
    cited, facts = top.inner("sources"), (*COUNTS, *vendor)
    cited.only(facts)
    sources = tuple((x, cited.line(x, MOST_CHARACTERS, 1)) for x in facts)
    cited.close()
    top.close()
    return Board(
        name=name,
        title=title,
        part=part,
        family=DSP_KINDS[kind],
        dsp_kind=kind,
        clock_mhz=clock,
        device=_resources(counts, 2),
        percent=_resources(shares, 1),
        memory_interface=memory_interface,
        sources=sources,
        **vendor,
    )


def _vendor(top: Fields, family: Family) -> dict[str, str]:
    """Names for vendors' tools, those that are there."""
    given = {name: top.matching(name, x) for name, x in VENDOR.items() if name in top.left}
    for pair in PAIRS:
        for name, other in (pair, pair[::-1]):
            rule = f"is given without {other}"
            top.require((name in given) <= (other in given), name, given.get(name), rule)
    processor = given.get("processing_system")
    rule = f"is none of family {family}"
    good = processor is None or PROCESSORS[processor] == family
    top.require(good, "processing_system", processor, rule)
    return given


def _resources(counts: Mapping[str, int], halves: int) -> Resources:
    """Counts as `Resources`, which counts block RAMs in halves."""
    rest = {name: count for name, count in counts.items() if name != "bram36"}
    return Resources(bram18=halves * counts["bram36"], **rest)
