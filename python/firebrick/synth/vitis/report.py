# SPDX-License-Identifier: Apache-2.0
"""What `v++ --link` leaves: the kernel's share of the device, the clock that it was given."""

from __future__ import annotations

import re
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth.vivado.report import read_text

COLUMNS = {"LUT": "lut", "LUTAsMem": "lutram", "REG": "ff", "URAM": "uram", "DSP": "dsp"}
TILES = "BRAM"
COUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:\[[^]]*\])?")
CLOCK = re.compile(
    r"^\s*Name:\s+DATA_CLK\s*$(?:(?!^\s*Name:).)*?^\s*Frequency:\s+(\d+)\s+MHz", re.M | re.S
)
UNIT = re.compile(r"(\w+)(?:\s+\(\d+\))?")


def read_kernel_utilization(path: Path, kernel: str) -> Resources:
    """What a kernel takes: its row of `kernel_util_routed.rpt`.

    Args:
        path: the report.
        kernel: name of the kernel.

    Raises:
        FirebrickError: when it is no such report, or the kernel is not in it.
    """
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in read_text(path).splitlines()
        if line.strip().startswith("|")
    ]
    heads = next((x for x in rows if x[0] == "Name"), None)
    if heads is None or not {*COLUMNS, TILES} <= set(heads):
        raise FirebrickError(f"{path}: Name, LUT ... are missing: no report of kernels")
    for row in rows:
        unit = UNIT.fullmatch(row[0])
        if unit and unit[1] == kernel and len(row) == len(heads):
            cells = dict(zip(heads, row, strict=True))
            counts = {name: _count(cells[head], head, path) for head, name in COLUMNS.items()}
            tiles = _count(cells[TILES], TILES, path, 2)
            return Resources(bram18=tiles, **counts)
    raise FirebrickError(f"{path}: kernel {kernel!r} is missing")


def _count(text: str, head: str, path: Path, factor: int = 1) -> int:
    found = COUNT.fullmatch(text)
    value = factor * float(found[1]) if found else 0.5
    if value != int(value):
        raise FirebrickError(f"{path}: {head}={text[:40]!r} is not a count")
    return int(value)


def read_clock(path: Path) -> int:
    """Frequency in MHz that the kernel got: of `DATA_CLK` in `<name>.xclbin.info`.

    Lower than what was asked for where the tool could not place and route it as fast.

    Raises:
        FirebrickError: when it is not there.
    """
    found = CLOCK.search(read_text(path))
    if found is None:
        raise FirebrickError(f"{path}: DATA_CLK is missing")
    return int(found[1])
