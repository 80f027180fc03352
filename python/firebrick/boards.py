# SPDX-License-Identifier: Apache-2.0
"""Boards: what a device has, and the share of it that a plan may take.

One TOML file a board, in ``hw/boards``; `docs/boards.md` explains the fields. Nothing in a file is
trusted: users bring their own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from firebrick.data import data_folder
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family, Resources

LUT_PERCENT = 80
"""Share of the LUTs in a budget: fuller devices seldom route at a useful clock."""
DSP_KINDS = {"DSP48E1": Family.XC7, "DSP48E2": Family.XCUP}
"""DSP slices the engines are written for; each belongs to one family."""
COUNTS = ("dsp", "lut", "lutram", "ff", "bram36", "uram")
"""Resources a file counts, each with a source."""
TEXTS = ("title", "part", "dsp_kind", "memory_interface")
PROCESSORS = {"processing_system7": Family.XC7, "zynq_ultra_ps_e": Family.XCUP}
"""Vivado's IP of a processing system; each belongs to one family."""
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Names of parts reach Tcl and config files."""
VENDOR = {
    "board_part": r"[\w.-]+:[\w.-]+:part0:(\*|[\w.-]+)",
    "processing_system": "|".join(PROCESSORS),
    "platform": r"[A-Za-z]\w*",
    "memory_bank": r"(DDR|HBM|PLRAM)\[\d{1,2}(:\d{1,2})?\]",
}
"""What vendors' tools must know to make a bitstream, and what it matches; each may be missing."""
PAIRS = (("board_part", "processing_system"), ("platform", "memory_bank"))
"""Of these both are there or neither: those of a Zynq, those of a card."""
FIELDS = (*TEXTS, *VENDOR, "assumed_clock_mhz", "device", "budget_percent", "sources")
MOST = 1 << 24
"""No device has more of anything."""
MOST_MHZ = 2_000
MOST_CHARACTERS = 400
MOST_BYTES = 1 << 16
MOST_DOTS = 200
"""Most dots of a line: the parts of a dotted name take the square of their number to read."""
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
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise FirebrickError(f"{path}: exceeds {MOST_BYTES} bytes")
    check_dots(data, path)
    try:
        table = tomllib.loads(data.decode())
    except RecursionError:
        raise FirebrickError(f"{path}: not TOML: nested too deeply") from None
    except ValueError as error:  # not UTF-8, not TOML, or a number of thousands of digits
        text = " ".join(str(error).split())[:MOST_CHARACTERS]
        raise FirebrickError(f"{path}: not TOML: {text}") from None
    return _board(_Table(str(path), "", table), path.stem)


def check_dots(data: bytes, path: Path) -> None:
    """Refuse a TOML file that would take long to read.

    Raises:
        FirebrickError: naming the file.
    """
    if any(x.count(b".") > MOST_DOTS for x in data.splitlines()):
        raise FirebrickError(f"{path}: a line has more than {MOST_DOTS} dots")


def _board(top: _Table, name: str) -> Board:
    """A board from the tables of its file."""
    top.require(
        NAME.fullmatch(name) is not None, "file name", name, f"does not match {NAME.pattern}"
    )
    top.only(FIELDS)
    texts = {x: top.text(x) for x in TEXTS}
    kind = texts["dsp_kind"]
    top.require(kind in DSP_KINDS, "dsp_kind", kind, f"is none of {', '.join(DSP_KINDS)}")
    clock = top.whole("assumed_clock_mhz", 1, MOST_MHZ)
    part = texts["part"]
    top.require(PART.fullmatch(part) is not None, "part", part, f"does not match {PART.pattern}")
    device, percent, sources = (top.table(x) for x in ("device", "budget_percent", "sources"))
    vendor = _vendor(top, DSP_KINDS[kind])
    cited = (*COUNTS, *vendor)
    for table, known in ((device, COUNTS), (percent, COUNTS), (sources, cited)):
        table.only(known)
    counts = {x: device.whole(x, 0, MOST) for x in COUNTS}
    device.require(
        counts["lutram"] <= counts["lut"],
        "lutram",
        counts["lutram"],
        f"exceeds lut={counts['lut']}, of which it is a part",
    )
    shares = {
        x: percent.whole(x, 1, 100, default=LUT_PERCENT if x == "lut" else 100) for x in COUNTS
    }
    return Board(
        name=name,
        title=texts["title"],
        part=texts["part"],
        family=DSP_KINDS[kind],
        dsp_kind=kind,
        clock_mhz=clock,
        device=_resources(counts, 2),
        percent=_resources(shares, 1),
        memory_interface=texts["memory_interface"],
        sources=tuple((x, sources.text(x)) for x in cited),
        **vendor,
    )


def _vendor(top: _Table, family: Family) -> dict[str, str]:
    """Names for vendors' tools, those that are there."""
    given = {x: top.text(x) for x in VENDOR if x in top.fields}
    for name, value in given.items():
        rule = f"does not match {VENDOR[name]}"
        top.require(re.fullmatch(VENDOR[name], value, re.ASCII) is not None, name, value, rule)
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


class _Table:
    """A table of a file, whose fields are checked as they are read."""

    def __init__(self, source: str, path: str, fields: Mapping[str, object]) -> None:
        self.source, self.path, self.fields = source, path, fields

    def require(self, rule: bool, field: str, value: object, text: str) -> None:
        """Refuse a value that breaks a rule.

        Raises:
            FirebrickError: naming file, field, value and rule.
        """
        if not rule:
            shown = repr(value)
            shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
            raise FirebrickError(f"{self.source}: {self.path}{field}={shown} {text}")

    def only(self, known: tuple[str, ...]) -> None:
        """Refuse fields that mean nothing."""
        for field, value in self.fields.items():
            name = field if field.isidentifier() and len(field) <= 40 else repr(field[:40])
            self.require(field in known, name, value, f"is unknown: known are {', '.join(known)}")

    def given(self, field: str) -> object:
        """Value of a field that has to be there.

        Raises:
            FirebrickError: it is not.
        """
        if field not in self.fields:
            raise FirebrickError(f"{self.source}: {self.path}{field} is missing")
        return self.fields[field]

    def text(self, field: str) -> str:
        """One printable line."""
        value = self.given(field)
        good = isinstance(value, str) and value.isprintable() and 0 < len(value) <= MOST_CHARACTERS
        self.require(good, field, value, f"is not one line of 1 to {MOST_CHARACTERS} characters")
        return str(value)

    def whole(self, field: str, least: int, most: int, default: int | None = None) -> int:
        """Whole number within limits."""
        if default is not None and field not in self.fields:
            return default
        value = self.given(field)
        rule = f"is not a whole number from {least} to {most}"
        # true and false are whole numbers to Python, not here
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.require(False, field, value, rule)
            raise AssertionError
        return value

    def table(self, field: str) -> _Table:
        """Table inside; one that is missing is empty."""
        value = self.fields.get(field, {})
        if not isinstance(value, dict):
            self.require(False, field, value, "is not a table")
            raise AssertionError
        return _Table(self.source, f"{field}.", value)
