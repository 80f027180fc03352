# SPDX-License-Identifier: Apache-2.0
"""Text reports of Vivado: `report_utilization`, `report_timing_summary`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from firebrick.checked import documents
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources

LARGEST = 64 << 20
SITES = {
    "lut": ("CLB LUTs", "Slice LUTs"),
    "lutram": ("LUT as Memory",),
    "ff": ("CLB Registers", "Slice Registers"),
    "dsp": ("DSPs",),
    "bram": ("Block RAM Tile",),
    "uram": ("URAM",),
}
"""Site types by resource, UltraScale+ first; 7 series devices list no URAM."""
ROW = re.compile(r"^\|\s*([A-Za-z][^|]*?)\*?\s*\|\s*(\d+(?:\.\d+)?)\s*\|", re.MULTILINE)
"""A row of a table of site types: its type and how many are used."""
VERSION = re.compile(r"^\| Tool Version : (Vivado v\.\S+)", re.MULTILINE)
SUMMARY = re.compile(
    r"^\| Design Timing Summary\s*$(.*?)^ *WNS\(ns\).*?$\s*^[ -]+$\s*^([^\n]*)$", re.M | re.S
)
CLOCKS = re.compile(
    r"^Clock +Waveform\(ns\) +Period\(ns\).*?$\s*^[ -]+$\s*^(.*?)^\s*$", re.M | re.S
)
CLOCK = re.compile(r"^\s*(\S+)\s+\{[\d. ]+\}\s+(\d+\.\d+)\s", re.MULTILINE)
UNKNOWN = "NA"


@dataclass(frozen=True, slots=True)
class Utilization:
    """What a design takes.

    Attributes:
        version: of the tool.
        resources: used; `lutram` are LUTs used as memory or shift register, which `lut` includes.
    """

    version: str
    resources: Resources


@dataclass(frozen=True, slots=True)
class Timing:
    """How a design's paths compare with its clock.

    Attributes:
        period_ns: of its fastest clock.
        setup_ns: worst setup slack; negative where a path is too long.
        hold_ns: worst hold slack.
    """

    period_ns: float
    setup_ns: float
    hold_ns: float

    @property
    def met(self) -> bool:
        """Whether every path keeps the clock."""
        return self.setup_ns >= 0 and self.hold_ns >= 0

    @property
    def fmax_mhz(self) -> float:
        """Frequency at which the longest path would just do."""
        return round(1e3 / (self.period_ns - self.setup_ns), 1)


def read_utilization(path: Path) -> Utilization:
    """Read what `report_utilization` wrote.

    Raises:
        FirebrickError: when it is no such report; names the file and what is missing.
    """
    text = read_text(path)
    version = VERSION.search(text)
    if version is None:
        raise FirebrickError(f"{path}: is no report of Vivado: Tool Version is missing")
    rows: dict[str, str] = {}
    for site, used in ROW.findall(text):
        rows.setdefault(site, used)  # later tables repeat some
    counts = {name: _used(rows, sites, path) for name, sites in SITES.items()}
    tiles = counts.pop("bram")
    return Utilization(
        version=version[1],
        resources=Resources(
            bram18=_whole(2 * tiles, "Block RAM Tile", path),
            **{name: _whole(count, name, path) for name, count in counts.items()},
        ),
    )


def _used(rows: dict[str, str], sites: tuple[str, ...], path: Path) -> float:
    for site in sites:
        if site in rows:
            return float(rows[site])
    if sites == SITES["uram"]:
        return 0.0
    raise FirebrickError(f"{path}: {sites[0]} is missing: no report of utilization")


def _whole(count: float, name: str, path: Path) -> int:
    if count != int(count):
        raise FirebrickError(f"{path}: {name}={count} is not a whole number")
    return int(count)


def read_timing(path: Path) -> Timing:
    """Read what `report_timing_summary` wrote.

    Raises:
        FirebrickError: when it is no such report, or has no clock: names file and what is missing.
    """
    text = read_text(path)
    summary, clocks = SUMMARY.search(text), CLOCKS.search(text)
    if summary is None or clocks is None:
        missing = "Clock Summary" if summary else "Design Timing Summary"
        raise FirebrickError(f"{path}: {missing} is missing: no report of timing, or no clock")
    periods = [float(period) for _, period in CLOCK.findall(clocks[1])]
    values = summary[2].split()
    if not periods or len(values) < 5 or UNKNOWN in values[:5]:
        raise FirebrickError(f"{path}: no path is timed: is the clock constrained?")
    try:
        setup, hold = float(values[0]), float(values[4])
    except ValueError:
        raise FirebrickError(f"{path}: WNS={values[0][:40]!r} is not a number") from None
    return Timing(min(periods), setup, hold)


def read_text(path: Path) -> str:
    """Text of a report of a sensible size.

    Raises:
        FirebrickError: when it cannot be read.
    """
    return documents.read_text(path, LARGEST, errors="replace")
