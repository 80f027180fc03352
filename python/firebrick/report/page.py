# SPDX-License-Identifier: Apache-2.0
"""The page of results: tables of rows, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from firebrick import __version__
from firebrick.report.board_tables import (
    boards_table,
    counted_table,
    engines_table,
    resources_table,
)
from firebrick.report.measure import PHOTOGRAPHS
from firebrick.report.published_table import published_table
from firebrick.report.rows import BoardRow, TargetRow
from firebrick.report.tables import number, table
from firebrick.report.target_tables import dense_table, targets_table, zeros_table

LEGEND = (
    "Where figures come from. *Simulated*: the generated SystemVerilog in Verilator, "
    f"{len(PHOTOGRAPHS)} photographs ({', '.join(PHOTOGRAPHS)}) back to back without stalls; "
    "cycles a frame are those between the last logits of the last two. *Counted*: Yosys, every "
    "instance, neither placed nor routed. *Predicted*: by the planner, before any hardware exists. "
    "*Computed*: by the rule given beside the table. *Published*: others' figures, not ours. "
    "*Assumed*: clocks, since no vendor tool has confirmed one; frames per second are cycles at "
    "that clock. *Busy* is the share of multiplier cycles that do nonzero work: nonzero MAC / "
    "(multipliers x cycles). *Differing* values are compared with the NumPy reference, every value "
    "of every layer."
)


def page_text(
    models: Sequence[Mapping[str, str | int]],
    targets: Sequence[TargetRow],
    boards: Sequence[BoardRow],
) -> str:
    """The page.

    Args:
        models: per model its name, weights, nonzero weights, and what `quantize` noted in the file.
        targets: rows of targets and of stored zeros.
        boards: rows of boards.
    """
    asked = [x for x in targets if x.target is not None]
    parts: list[tuple[str, list[str]]] = [
        ("Targets", targets_table(asked) if asked else []),
        ("Beside dense dataflows", dense_table(asked) if asked else []),
        ("Zeros stored", zeros_table(targets)),
        ("Boards", boards_table(boards) if boards else []),
        ("Resources", resources_table(boards) if boards else []),
        ("Predicted against counted", counted_table(boards)),
        ("Busiest engines alone", engines_table(boards)),
        ("Beside published figures", published_table(boards)),
        ("Quantization", _quantization(models)),
    ]
    lines = [
        "# Results",
        "",
        f"Written by `make bench` (`firebrick report`, version {__version__}); do not edit.",
        "",
        LEGEND,
    ]
    for title, text in parts:
        if text:
            lines += ["", f"## {title}", "", *text]
    return "\n".join(lines) + "\n"


def _quantization(models: Sequence[Mapping[str, str | int]]) -> list[str]:
    heads = ("model", "weights", "nonzero", "SQNR of the logits, dB", "photographs")
    cells = [
        [
            *(str(x["model"]), number(int(x["weights"])), number(int(x["nonzero"]))),
            *(str(x.get("sqnr_db", "")), str(x.get("sqnr_photographs", ""))),
        ]
        for x in models
    ]
    return [
        *table(heads, cells),
        "",
        "Integers against floats, as `firebrick quantize` measured it over photographs that were "
        "never used for calibration.",
    ]
