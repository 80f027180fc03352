# SPDX-License-Identifier: Apache-2.0
"""Boards with a Lattice ECP5: device, clock, serial line and pins, one TOML file each.

Those in ``hw/ecp5`` come with Firebrick. Nothing in a file is trusted: users bring their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from firebrick.checked.documents import LARGEST_TOML, read_text, read_toml
from firebrick.checked.fields import Fields
from firebrick.data import data_folder
from firebrick.errors import FirebrickError

DEFAULT = "ulx3s-85f"
DEVICES = (
    "12k",
    "25k",
    "45k",
    "85k",
    "um-25k",
    "um-45k",
    "um-85k",
    "um5g-25k",
    "um5g-45k",
    "um5g-85k",
)
"""Devices of nextpnr-ecp5."""
SPEEDS = (6, 8)
MOST_MHZ = 400
BAUDS = (1200, 12_000_000)
FEWEST_CLOCKS = 8
"""Cycles of a bit on the serial line, at least."""
TOLERANCE = 0.02
"""Relative error of the speed of a serial line that a receiver still follows."""
PACKAGE = re.compile(r"CABGA\d{3}|CSFBGA\d{3}")
PINS = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\.lpf")


@dataclass(frozen=True, slots=True)
class Ecp5Board:
    """A board.

    Attributes:
        name: the file's stem.
        title: name on the box.
        part: device, speed grade and package, as the vendor writes them.
        device: as nextpnr-ecp5 names it.
        package: as nextpnr-ecp5 names it.
        speed: grade, 6 (slowest) to 8.
        clock_mhz: oscillator, which the network runs on.
        clocks: cycles of a bit on the serial line.
        baud: bits a second on the serial line, as asked for.
        constraints: pins of the top's ports, text of an LPF file, and the clock.
    """

    name: str
    title: str
    part: str
    device: str
    package: str
    speed: int
    clock_mhz: int
    clocks: int
    baud: int
    constraints: str


def board_names() -> list[str]:
    """Boards that come with Firebrick."""
    return sorted(x.stem for x in _folder().glob("*.toml"))


def load_board(name: str | None) -> Ecp5Board:
    """Read a board.

    Args:
        name: one of `board_names`, or the path of a TOML file (ending in ``.toml``); None for
            `DEFAULT`.

    Raises:
        FirebrickError: no such board, or a bad file; names file, field, value and rule.
    """
    if name is not None and name.endswith(".toml"):
        return _read(Path(name))
    known = board_names()
    if name is not None and name not in known:
        raise FirebrickError(
            f"board: {name!r} has no ECP5 that is known: {', '.join(known)}, or the path of a "
            ".toml file: see docs/ecp5.md"
        )
    return _read(_folder() / f"{name or DEFAULT}.toml")


def _folder() -> Path:
    return data_folder("hw") / "ecp5"


def _read(path: Path) -> Ecp5Board:
    fields = Fields(read_toml(path), str(path), "table")
    title, part = fields.line("title"), fields.line("part")
    device = fields.choice("device", DEVICES)
    package = fields.matching("package", PACKAGE)
    speed = fields.whole("speed", *SPEEDS)
    mhz = fields.whole("clock_mhz", 1, MOST_MHZ)
    baud = fields.whole("baud", *BAUDS)
    clocks = round(mhz * 1_000_000 / baud)
    fields.require(
        clocks >= FEWEST_CLOCKS,
        "baud",
        baud,
        f"is {clocks} cycles a bit, fewer than {FEWEST_CLOCKS}",
    )
    off = abs(mhz * 1_000_000 / max(clocks, 1) / baud - 1)
    fields.require(off <= TOLERANCE, "baud", baud, f"is missed by {off:.1%} at {mhz} MHz")
    pins = fields.matching("pins", PINS)
    fields.close()
    clock = f'FREQUENCY PORT "clk" {mhz} MHZ;\n'
    constraints = f"{read_text(path.parent / pins, LARGEST_TOML).rstrip()}\n\n{clock}"
    return Ecp5Board(path.stem, title, part, device, package, speed, mhz, clocks, baud, constraints)
