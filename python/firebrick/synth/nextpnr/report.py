# SPDX-License-Identifier: Apache-2.0
"""What nextpnr-ecp5 says of a design: its log, and the JSON report it leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError
from firebrick.progress import Progress

BELS: Mapping[str, str] = {
    "lut4": "TRELLIS_COMB",
    "ff": "TRELLIS_FF",
    "ramw": "TRELLIS_RAMW",
    "ebr": "DP16KD",
    "mult18": "MULT18X18D",
}
"""Resources by name: places for a LUT (as logic, carry or memory), flip-flops, write ports of LUT
memories, block RAMs of 18 kbit, multipliers of 18x18 bits."""
USED = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%\s*$", re.MULTILINE)
WRONG = re.compile(r"^ERROR: (.*)$", re.MULTILINE)
ARCS = re.compile(r"^Info: Routing (\d+) arcs\.")
LEFT = re.compile(r"^Info:\s+\d+ \|.*\|\s+(\d+)\|[^|]*\|\s*$")
PLACING = re.compile(r"^Info: Running (main analytical|simulated annealing)")
MOST = 1 << 24


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock after routing.

    Attributes:
        fmax_mhz: highest frequency that nextpnr's timing analysis admits.
        clock_mhz: frequency that was asked for.
    """

    fmax_mhz: float
    clock_mhz: float

    @property
    def met(self) -> bool:
        """Whether the clock that was asked for is admitted."""
        return self.fmax_mhz >= self.clock_mhz


def used(log: str) -> dict[str, tuple[int, int]]:
    """Resources used and available, by the names of `BELS`; empty before packing is done."""
    found = {match[1]: (int(match[2]), int(match[3])) for match in USED.finditer(log)}
    return {name: found[bel] for name, bel in BELS.items() if bel in found}


def excess(resources: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Those of which more is used than there is."""
    return {name: (x, most) for name, (x, most) in resources.items() if x > most}


def reason(log: str) -> str:
    """What a log says went wrong."""
    wrong = WRONG.search(log)
    lines = log.strip().splitlines()
    return wrong[1] if wrong else (lines or ["it said nothing"])[-1]


def timing(text: str, source: str) -> Timing:
    """The slowest clock of a JSON report.

    Raises:
        FirebrickError: when there is none; names file and field.
    """
    found = []
    for _, fields in Fields(parse_json(text, source), source).objects_by_name("fmax"):
        numbers = []
        for field in ("achieved", "constraint"):
            value = fields.number(field)
            fields.require(0 < value < MOST, field, value, "is no frequency")
            numbers.append(value)
        found.append(Timing(*numbers))
    if not found:
        raise FirebrickError(f"{source}: fmax names no clock")
    return min(found, key=lambda x: x.fmax_mhz / x.clock_mhz)


class Watch:
    """Tells from the lines of a running nextpnr what it does and how far it is.

    Args:
        progress: told; the share of placing is not known before it is done.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress, self._arcs, self._task = progress, 0, ""

    def line(self, text: str) -> None:
        """Look at a line of its log."""
        if PLACING.match(text):
            self._begin("nextpnr: place")
        elif arcs := ARCS.match(text):
            self._arcs = int(arcs[1])
            self._begin("nextpnr: route")
        elif self._arcs and (left := LEFT.match(text)):
            self._progress(self._task, max(0.0, 1 - int(left[1]) / self._arcs))

    def end(self) -> None:
        """It has finished."""
        if self._task:
            self._progress(self._task, 1.0)

    def _begin(self, task: str) -> None:
        if task != self._task:
            self.end()
            self._task = task
            self._progress(task, 0.0)
