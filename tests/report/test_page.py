# SPDX-License-Identifier: Apache-2.0
"""The page of results, rendered from rows made by hand."""

from dataclasses import replace

import pytest
from report_rows import BOARD, KV260, LARGE, PLAN, REFUSED, SIMULATION, TARGET

from firebrick.hardware.resources import Resources
from firebrick.report.measure import Counted
from firebrick.report.page import page_text
from firebrick.report.published import FINN_SHARES, FINN_SOURCE
from firebrick.report.rows import BoardRow, TargetRow
from firebrick.report.write import Report

MODELS = [{"model": "squeezenet1.1", "weights": 1_231_552, "nonzero": 1_206_227}]


def section(text: str, title: str) -> list[dict[str, str]]:
    """Rows of the table below a heading, by column."""
    part = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [x.strip("|").split("|") for x in part.splitlines() if x.startswith("|")]
    heads, _, *rows = ([x.strip() for x in line] for line in lines)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_targets() -> None:
    (row,) = section(page_text(MODELS, [TARGET], []), "Targets")
    assert row["multipliers"] == "790"
    assert (row["predicted"], row["simulated"]) == ("491,000", "492,000")
    assert row["busy"] == f"{380e6 / (790 * 492_000):.1%}"
    assert (row["met"], row["differing"]) == ("yes", "0")


@pytest.mark.parametrize(("cycles", "met"), [(500_000, "yes"), (500_001, "**no**")])
def test_a_target_is_met_by_simulation_alone(cycles: int, met: str) -> None:
    row = replace(TARGET, simulation=replace(SIMULATION, cycles_per_frame=cycles))
    assert section(page_text(MODELS, [row], []), "Targets")[0]["met"] == met


def test_dense_dataflows() -> None:
    other = replace(TARGET, model="squeezenet1.0")
    ours, rest = section(page_text(MODELS, [TARGET, other], []), "Beside dense dataflows")
    assert ours["dense / ours"] == f"{600 / 492:.2f}"
    assert ours["dense busy"] == f"{380e6 / (780 * 600_000):.1%}"
    assert (ours["finn-plus busy"], ours["finn-plus tuned, busy"]) == ("69%", "76%")
    assert (rest["finn-plus busy"], rest["finn-plus tuned, busy"]) == ("-", "-")
    assert FINN_SOURCE in page_text(MODELS, [TARGET], [])


def test_measured_shares_of_finn_plus() -> None:
    assert sorted(FINN_SHARES) == [50_000, 100_000, 200_000, 500_000, 1_000_000]
    defaults, tuned = zip(*(FINN_SHARES[x] for x in sorted(FINN_SHARES, reverse=True)), strict=True)
    assert defaults == (0.69, 0.69, 0.79, 0.74, 0.74)
    assert tuned == (0.78, 0.76, 0.88, 0.87, 0.86)


def test_zeros_stand_below_the_row_with_as_many_multipliers() -> None:
    zeros = replace(TARGET, target=None, store_zeros=True)
    text = page_text(MODELS, [TARGET, zeros], [])
    assert [x["zeros"] for x in section(text, "Zeros stored")] == ["skipped", "stored"]
    assert len(section(text, "Targets")) == 1
    assert "Zeros stored" not in page_text(MODELS, [TARGET], [])


def test_boards() -> None:
    text = page_text(MODELS, [], [BOARD, REFUSED, LARGE])
    fits, large = section(text, "Boards")
    assert fits["frames/s, assumed clock"] == f"{KV260.clock_mhz * 1e6 / 492_000:,.1f}"
    assert fits["of DSP peak"] == f"{380e6 / (2 * KV260.device.dsp * 492_000):.1%}"
    assert fits["gap, proven"] == f"{491 / 490 - 1:.1%}"
    assert large["simulated"] == large["busy, simulated"] == "-"
    assert large["busy, predicted"] == f"{380e6 / (790 * 491_000):.1%}"
    assert f"- squeezenet1.1 on pynq-z2: {REFUSED.failures[0]}" in text.splitlines()
    taken = section(text, "Resources")[0]
    assert taken["DSP"] == f"500 ({500 / KV260.budget().dsp:.0%})"
    assert taken["BRAM36"].startswith("141 (")
    assert taken["memory bits used"] == f"{6e6 / (281 * 18_432):.1%}"


def test_counts_stand_beside_predictions() -> None:
    (row,) = section(page_text(MODELS, [], [BOARD, LARGE]), "Predicted against counted")
    assert row["DSP"] == "500 (+0.00%)"
    assert row["LUT"] == f"42,000 ({40 / 42 - 1:+.2%})"
    assert row["BRAM36"] == f"140 ({141 / 140 - 1:+.2%})"
    assert row["UltraRAM"] == "0 (-)"
    assert row["all within"] == f"{1 - 70 / 77:.1%}"
    assert row["fits"] == "yes"


def test_counts_that_exceed_the_budget_do_not_fit() -> None:
    counted = Counted("Yosys 0.0", Resources(dsp=KV260.budget().dsp + 1), 1.0)
    row = replace(BOARD, counted=counted)
    (cells,) = section(page_text(MODELS, [], [row]), "Predicted against counted")
    assert cells["fits"] == "**no**"
    assert cells["LUT"] == "0 (none there)"


def test_engines_alone() -> None:
    (row,) = section(page_text(MODELS, [], [LARGE]), "Busiest engines alone")
    assert (row["predicted"], row["simulated"]) == ("480,000", "480,480")
    assert row["difference"] == f"{480_000 / 480_480 - 1:+.2%}"


def test_what_was_not_asked_for_has_no_section() -> None:
    heads = [x for x in page_text(MODELS, [], []).splitlines() if x.startswith("## ")]
    assert heads == ["## Quantization"]


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (TARGET, 0),
        (BOARD, 0),
        (REFUSED, 0),  # that a plan does not fit is a result
        (replace(TARGET, simulation=replace(SIMULATION, differing=1)), 1),
        (replace(TARGET, simulation=None, failures=("conv1: too few\nbeats | or many",)), 1),
    ],
)
def test_failures_are_text_and_counted(row: TargetRow | BoardRow, broken: int) -> None:
    made = Report([], [row], []) if isinstance(row, TargetRow) else Report([], [], [row])
    assert made.broken == broken
    for line in row.failures:
        assert " ".join(line.split()).replace("|", "\\|") in made.text()


def test_json_says_where_each_figure_comes_from() -> None:
    fields = Report([], [TARGET], [BOARD, REFUSED]).fields()
    (target,), (fits, refused) = fields["targets"], fields["boards"]  # type: ignore[misc, attr-defined]
    assert target["predicted"]["cycles_per_frame"] == PLAN.cycles_per_frame
    assert target["simulated"]["cycles_per_frame"] == 492_000
    assert target["finn_plus"] == {"defaults": 0.69, "tuned": 0.76}
    assert fits["assumed"]["clock_mhz"] == KV260.clock_mhz
    assert fits["counted"]["resources"]["lut"] == 42_000
    assert (refused["fits"], refused["predicted"]) == (False, None)
