# SPDX-License-Identifier: Apache-2.0
"""Reports of Vivado and `v++`: read from files that were written by hand, refused when damaged."""

from pathlib import Path

import pytest

from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth.vitis.report import read_clock, read_kernel_utilization
from firebrick.synth.vivado.report import Timing, read_timing, read_utilization
from vivado_tools import BY_HAND, INFO, KERNEL_UTILIZATION, TIMING, UTILIZATION

COUNTED = Resources(dsp=34, lut=9101, lutram=700, ff=5678, bram18=21, uram=2)
KERNEL = "firebrick_kernel"


@pytest.mark.parametrize("path", BY_HAND, ids=lambda x: x.name)
def test_reports_say_that_no_tool_wrote_them(path: Path) -> None:
    assert path.read_text().startswith("Written by hand in the format of ")


def changed(path: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """A report with some places changed."""
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    other = folder / path.name
    other.write_text(text)
    return other


def test_utilization_is_read() -> None:
    report = read_utilization(UTILIZATION)
    assert report.resources == COUNTED
    assert report.version == "Vivado v.0.0"


def test_utilization_of_7_series_and_earlier_releases(tmp_path: Path) -> None:
    series7 = changed(
        UTILIZATION,
        tmp_path,
        ("CLB LUTs*                 ", "Slice LUTs                "),
        ("CLB Registers  ", "Slice Registers"),
        ("| URAM              |    2 |     0 |          0 |        96 |  2.08 |\n", ""),
        (" Prohibited |", ""),
        ("     0 |          0 |", "     0 |"),
    )
    counted = read_utilization(series7).resources
    assert counted == Resources(dsp=34, lut=9101, lutram=700, ff=5678, bram18=21)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("| Tool Version", "| Version", "is no report of Vivado: Tool Version is missing"),
        ("CLB LUTs", "CLB", "CLB LUTs is missing: no report of utilization"),
        ("| DSPs ", "| DSP48 ", "DSPs is missing"),
        (
            "|   LUT as Memory            |   700",
            "|   LUT as Memory | many",
            "LUT as Memory is missing",
        ),
        (
            "| Block RAM Tile    | 10.5",
            "| Block RAM Tile    | 10.4",
            "Block RAM Tile=20.8 is not a",
        ),
        ("|  9101 |", "| 9101.5 |", "lut=9101.5 is not a whole number"),
        (
            "| CLB Registers              |  5678",
            "| CLB Registers |   ",
            "CLB Registers is missing",
        ),
    ],
)
def test_damaged_utilization_is_refused(
    before: str, after: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(FirebrickError, match=message):
        read_utilization(changed(UTILIZATION, tmp_path, (before, after)))


def test_timing_is_read() -> None:
    timing = read_timing(TIMING)
    assert timing == Timing(period_ns=3.333, setup_ns=0.412, hold_ns=0.031)
    assert timing.met
    assert timing.fmax_mhz == 342.3


def test_lines_may_end_as_on_dos(tmp_path: Path) -> None:
    path = tmp_path / "timing.rpt"
    path.write_bytes(TIMING.read_bytes().replace(b"\n", b"\r\n"))
    assert read_timing(path) == read_timing(TIMING)


def test_missed_clocks(tmp_path: Path) -> None:
    late = read_timing(changed(TIMING, tmp_path, ("0.412", "-0.667")))
    assert (late.met, late.fmax_mhz) == (False, 250.0)
    racing = read_timing(changed(TIMING, tmp_path, ("0.031", "-0.001")))
    assert (racing.met, racing.fmax_mhz) == (False, 342.3)


def test_fastest_of_several_clocks(tmp_path: Path) -> None:
    row = "ap_clk  {0.000 1.667}        3.333           300.030         \n"
    slow = row.replace("ap_clk", "  slow").replace("3.333", "10.00")
    path = changed(TIMING, tmp_path, (row, slow + row))
    assert read_timing(path).period_ns == 3.333


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("Design Timing Summary", "Design", "Design Timing Summary is missing"),
        ("Period(ns) ", "Period ", "Clock Summary is missing"),
        ("ap_clk  {0.000 1.667}", "none", "no path is timed: is the clock constrained"),
        ("      0.412        0.000        ", "      NA  NA  ", "no path is timed"),
        ("      0.412 ", "      fast  ", "WNS='fast' is not a number"),
    ],
)
def test_damaged_timing_is_refused(before: str, after: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=message):
        read_timing(changed(TIMING, tmp_path, (before, after)))


def test_report_that_is_not_there(tmp_path: Path) -> None:
    for read in (read_timing, read_utilization, read_clock):
        with pytest.raises(FirebrickError, match=r"none\.rpt: cannot be read"):
            read(tmp_path / "none.rpt")


# --- v++ ------------------------------------------------------------------------------------------


def test_kernel_is_found_among_the_rest() -> None:
    assert read_kernel_utilization(KERNEL_UTILIZATION, KERNEL) == COUNTED
    used = read_kernel_utilization(KERNEL_UTILIZATION, "Platform")
    assert used.lut == 96960


def test_kernel_with_its_number_of_units(tmp_path: Path) -> None:
    path = changed(KERNEL_UTILIZATION, tmp_path, (f"{KERNEL}    ", f"{KERNEL} (1)"))
    assert read_kernel_utilization(path, KERNEL) == COUNTED


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("| Name ", "| Kernel ", "no report of kernels"),
        ("LUTAsMem", "LUTs", "no report of kernels"),
        (f"| {KERNEL} ", "| other_kernel     ", f"kernel '{KERNEL}' is missing"),
        ("   9101 [", "   many [", "LUT='many "),
        ("10.5 [", "10.4 [", "BRAM='10.4 "),
    ],
)
def test_damaged_kernel_report_is_refused(
    before: str, after: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(FirebrickError, match=message):
        read_kernel_utilization(changed(KERNEL_UTILIZATION, tmp_path, (before, after)), KERNEL)


def test_clock_that_a_kernel_got(tmp_path: Path) -> None:
    assert read_clock(INFO) == 287
    with pytest.raises(FirebrickError, match="DATA_CLK is missing"):
        read_clock(changed(INFO, tmp_path, ("DATA_CLK", "OTHER")))
    # A frequency further down belongs to another clock.
    with pytest.raises(FirebrickError, match="DATA_CLK is missing"):
        read_clock(changed(INFO, tmp_path, ("   Frequency: 287 MHz\n", "")))
