# SPDX-License-Identifier: Apache-2.0
"""The report of C synthesis, `<top>_csynth.xml`: estimates of resources, clock and cycles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources

RESOURCES = "AreaEstimates/Resources"
LATENCY = "PerformanceEstimates/SummaryOfOverallLatency"
CLOCK = "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod"
TAGS = {"dsp": ("DSP", "DSP48E"), "lut": ("LUT",), "ff": ("FF",), "bram18": ("BRAM_18K",)}
"""Tags of what every report counts; releases before 2020.1 say DSP48E."""


@dataclass(frozen=True, slots=True)
class CsynthReport:
    """What C synthesis estimates. LUTs used as memory are not told apart: `lutram` is 0.

    Attributes:
        version: release of the tool.
        part: device, package and speed grade.
        resources: of the whole design.
        period_ns: estimated clock period, without the tool's margin for routing.
        interval: cycles from one frame to the next, (best, worst), where the tool knows them.
        latency: cycles of a frame, likewise.
    """

    version: str
    part: str
    resources: Resources
    period_ns: float
    interval: tuple[int, int] | None
    latency: tuple[int, int] | None


def read_report(path: Path) -> CsynthReport:
    """Read a report.

    Raises:
        FirebrickError: when it is none; names the file and what is missing or wrong.
    """
    try:
        # Of a tool that the user runs, on the user's machine.
        root = ElementTree.parse(path).getroot()  # noqa: S314
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    except ElementTree.ParseError as error:
        raise FirebrickError(f"{path}: is not XML: {error}") from None
    report = _Report(root, path)
    counts = {name: report.count(RESOURCES, *tags) for name, tags in TAGS.items()}
    # 7 series have none, and older releases do not list it for them.
    uram = report.count(RESOURCES, "URAM") if report.has(f"{RESOURCES}/URAM") else 0
    return CsynthReport(
        version=report.text("ReportVersion/Version"),
        part=report.text("UserAssignments/Part"),
        resources=Resources(uram=uram, **counts),
        period_ns=report.number(CLOCK),
        interval=report.range("Interval-min", "Interval-max"),
        latency=report.range("Best-caseLatency", "Worst-caseLatency"),
    )


class _Report:
    """The parsed file, and its name for messages."""

    def __init__(self, root: ElementTree.Element, path: Path) -> None:
        self.root, self.path = root, path

    def has(self, tag: str) -> bool:
        """Whether there is an element."""
        return self.root.find(tag) is not None

    def text(self, tag: str) -> str:
        """Text of an element.

        Raises:
            FirebrickError: when there is none.
        """
        text = self.root.findtext(tag)
        if text is None or not text.strip():
            raise FirebrickError(f"{self.path}: {tag} is missing: not a report of C synthesis")
        return text.strip()

    def number(self, tag: str) -> float:
        """A positive number.

        Raises:
            FirebrickError: when it is none.
        """
        text = self.text(tag)
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0.0 < value < float("inf"):
            raise FirebrickError(f"{self.path}: {tag}={text[:40]!r} is not a positive number")
        return value

    def count(self, parent: str, *tags: str) -> int:
        """A whole number under the first of some tags that is there.

        Raises:
            FirebrickError: when it is none.
        """
        tag = next((x for x in tags if self.has(f"{parent}/{x}")), tags[0])
        text = self.text(f"{parent}/{tag}")
        if not (text.isascii() and text.isdigit()):
            raise FirebrickError(f"{self.path}: {parent}/{tag}={text[:40]!r} is not a whole number")
        return int(text)

    def range(self, low: str, high: str) -> tuple[int, int] | None:
        """Cycles; None where the tool says `undef` or nothing: it knows no bound of some loop."""
        texts = [self.root.findtext(f"{LATENCY}/{tag}", "").strip() for tag in (low, high)]
        if not all(x.isascii() and x.isdigit() for x in texts):
            return None
        return int(texts[0]), int(texts[1])
