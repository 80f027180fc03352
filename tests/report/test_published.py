# SPDX-License-Identifier: Apache-2.0
"""Others' figures beside ours: which are compared, at which clocks, and what is said of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from report_rows import BOARD, LARGE, REFUSED

from firebrick.boards import all_boards
from firebrick.report.figures import speed
from firebrick.report.published import PUBLISHED
from firebrick.report.published_table import HEADS, beside_published, published_table
from firebrick.report.read import read_rows
from firebrick.report.rows import BoardRow

ROOT = Path(__file__).parents[2]


def cells(rows: Sequence[BoardRow]) -> list[list[str]]:
    """Of each row of the table."""
    lines = [x for x in published_table(rows) if x.startswith("|")]
    return [[y.strip() for y in x.strip("|").split("|")] for x in lines[2:]]


def notes(rows: Sequence[BoardRow]) -> list[str]:
    """Where ours is said not to be better."""
    text = published_table(rows)
    return [x for x in text if x.startswith("- squeezenet")]


@pytest.mark.parametrize(
    ("on", "figure"),
    [
        ("xc7z020clg484-1", 14.18),
        ("KV260", 762.62),
        ("ZCU104", 1315.93),
        ("ZCU102", 1499.60),
        ("U50LV", 4127.72),
        ("VCK5000", 7536.39),
    ],
)
def test_figures_as_they_were_read(on: str, figure: float) -> None:
    """Each was read in the file that is named; none that is known is left out for a smaller one."""
    theirs = [x.frames_per_second for x in PUBLISHED if x.on == on]
    assert figure in theirs
    assert max(theirs) >= figure


def test_each_names_a_file_a_version_and_a_board_of_ours() -> None:
    ours = {x.name for x in all_boards()}
    for other in PUBLISHED:
        assert other.board in ours
        assert any(x in other.source for x in (" v1.4,", " v2.0,", " v2.5,", " at 58bba55,"))
        assert "MHz" in other.how


def test_ratios_at_both_clocks() -> None:
    (found,) = cells([replace(BOARD, clock_mhz=300)])
    row = dict(zip(HEADS[:9], found[:9], strict=True))
    assert row["frames/s, published"] == "762.6"
    assert (row["cycles"], row["cycles are"]) == ("492,000", "simulated")
    assert found[9:12] == [f"{3e8 / 492_000:.1f}", f"{3e8 / 492_000 / 762.62:.2f}", "200"]
    assert found[12:14] == [f"{2e8 / 492_000:.1f}", f"{2e8 / 492_000 / 762.62:.2f}"]
    assert found[14] == f"{762.62 * 492_000 / 1e6:.1f}"


def test_the_cautious_clock_is_never_above_the_assumed_one() -> None:
    (found,) = cells([replace(BOARD, clock_mhz=100)])
    assert (found[8], found[11]) == ("100", "100")
    assert found[9:11] == found[12:14]


@pytest.mark.parametrize(
    ("cycles", "said"),
    [
        (262_000, []),
        (300_000, ["0.87 of its speed at 200 MHz"]),
        (500_000, ["0.79 of its speed at 300 MHz, 0.52 of its speed at 200 MHz"]),
    ],
)
def test_where_ours_is_not_better_is_said(cycles: int, said: list[str]) -> None:
    assert BOARD.simulation
    simulation = replace(BOARD.simulation, cycles_per_frame=cycles)
    rows = [replace(BOARD, clock_mhz=300, simulation=simulation)]
    assert [x.partition("KV260: ")[2] for x in notes(rows)] == [f"{x}." for x in said]
    assert ("Ours is faster in every row." in published_table(rows)) == (not said)


def test_a_network_that_does_not_fit_and_another_that_does() -> None:
    other = replace(BOARD, model="squeezenet1.0", board="pynq-z2")
    refused, beside = beside_published([REFUSED, other])
    assert refused.ratio(100) is None
    assert not beside.same_model
    first, second = cells([REFUSED, other])
    assert (first[3], first[6]) == ("squeezenet1.1", "does not fit")
    assert second[3] == "squeezenet1.0, another network"
    said = notes([REFUSED, other])
    assert "ours does not fit the board" in said[0]
    assert "another network than its squeezenet1.1" in said[1]


def test_another_network_stands_beside_nothing_where_ours_fits() -> None:
    other = replace(BOARD, model="squeezenet1.0")
    assert [x.row.model for x in beside_published([BOARD, other])] == ["squeezenet1.1"]


def test_boards_like_none_of_ours_stand_beside_our_largest_card() -> None:
    rows = [replace(LARGE, board=x.name) for x in all_boards()]
    found = {x.row.board for x in beside_published(rows) if x.other.on in ("U55C", "VCK5000")}
    assert found == {max(all_boards(), key=lambda x: x.device.dsp).name}


def test_the_readme_says_the_same() -> None:
    """Ratios of the README are those of the measurements in docs/results.json."""
    _, _, boards = read_rows(ROOT / "docs" / "results.json")
    lines = (ROOT / "README.md").read_text().splitlines()
    found = [x for x in beside_published(boards) if x.row.cycles and x.same_model]
    assert len({x.other.on for x in found}) > 5
    for on in {x.other.on for x in found}:
        it = max((x for x in found if x.other.on == on), key=lambda x: x.other.frames_per_second)
        speeds = " | ".join(f"{speed(it.row.cycles or 0, x):,.1f}" for x in it.clocks)
        ratios = " | ".join(f"{it.ratio(x):.2f}" for x in it.clocks)
        first = f"| {on}, {it.other.frames_per_second:,.1f}"
        words = (it.row.board, f"| {speeds} | {ratios} |")
        (line,) = (x for x in lines if x.startswith(first))
        assert all(x in line for x in words), words
