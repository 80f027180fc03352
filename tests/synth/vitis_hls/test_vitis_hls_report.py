# SPDX-License-Identifier: Apache-2.0
"""The report of C synthesis: read from a file that was written by hand, refused when damaged."""

from dataclasses import replace
from pathlib import Path

import pytest

from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth.vitis_hls.report import read_report
from vitis_tools import REPORT


def test_report_says_that_no_tool_wrote_it() -> None:
    assert "Written by hand" in REPORT.read_text()


def changed(tmp_path: Path, before: str, after: str) -> Path:
    """The report with one place changed."""
    text = REPORT.read_text()
    assert text.count(before) >= 1
    path = tmp_path / "csynth.xml"
    path.write_text(text.replace(before, after, 1))
    return path


def test_report_is_read() -> None:
    report = read_report(REPORT)
    assert report.resources == Resources(dsp=34, lut=9101, ff=5678, bram18=21, uram=2)
    assert report.resources.bram36 == 11
    assert (report.version, report.part) == ("0.0-by-hand", "xczu7ev-ffvc1156-2-e")
    assert (report.period_ns, report.interval, report.latency) == (2.5, (1200, 1700), (2100, 2900))


def test_report_of_earlier_releases_and_devices(tmp_path: Path) -> None:
    report = read_report(REPORT)
    old = read_report(changed(tmp_path, "<DSP>34</DSP>", "<DSP48E>34</DSP48E>"))
    assert old == report
    series7 = read_report(changed(tmp_path, "<URAM>2</URAM>", ""))
    assert series7.resources == replace(report.resources, uram=0)


@pytest.mark.parametrize("text", ["undef", "?", "", "-1"])
def test_cycles_that_the_tool_does_not_know(text: str, tmp_path: Path) -> None:
    path = changed(tmp_path, ">2900<", f">{text}<")
    assert read_report(path).latency is None
    assert read_report(path).interval == (1200, 1700)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("<LUT>9101</LUT>", "", "AreaEstimates/Resources/LUT is missing"),
        ("<LUT>9101</LUT>", "<LUT>many</LUT>", "Resources/LUT='many' is not a whole number"),
        ("<LUT>9101</LUT>", "<LUT>-1</LUT>", "Resources/LUT='-1' is not a whole number"),
        ("<DSP>34</DSP>", "", "Resources/DSP is missing"),
        (">2.500<", ">soon<", "EstimatedClockPeriod='soon' is not a positive number"),
        (">2.500<", ">0<", "EstimatedClockPeriod='0' is not a positive number"),
        (">2.500<", ">nan<", "EstimatedClockPeriod='nan' is not a positive number"),
        ("</profile>", "", "is not XML"),
        ("ReportVersion", "Version", "is not XML"),
    ],
)
def test_damaged_report_is_refused(before: str, after: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=message):
        read_report(changed(tmp_path, before, after))


def test_report_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=r"none\.xml: cannot be read"):
        read_report(tmp_path / "none.xml")
