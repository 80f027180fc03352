# SPDX-License-Identifier: Apache-2.0
"""Tables of boards: speed, resources, counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firebrick.report.figures import TITLES
from firebrick.report.rows import BoardRow, Figures
from firebrick.report.tables import difference, failures, figure, number, share, table, yes

NAMES = ("dsp", "lut", "ff", "bram36", "uram", "lutram")
"""Resources, as columns."""
TITLES_IN_ORDER = tuple(TITLES[x] for x in NAMES)


def _planned(rows: Sequence[BoardRow]) -> Iterator[tuple[BoardRow, Figures]]:
    return ((x, x.planned) for x in rows if x.planned)


def boards_table(rows: Sequence[BoardRow]) -> list[str]:
    """Speed on each board."""
    heads = (
        *("model", "board", "MHz, assumed", "predicted", "simulated", "frames/s, assumed clock"),
        *("multipliers", "busy, predicted", "busy, simulated", "of DSP peak", "binds"),
        *("gap, proven", "planning, s", "differing"),
    )
    cells = []
    for row, plan in _planned(rows):
        run, found = row.simulation, row.binds or {}
        name = found.get("resource")
        cells.append(
            [
                *(row.model, row.board, number(row.clock_mhz)),
                number(plan.cycles_per_frame),
                figure(run, "cycles_per_frame"),
                *(number(row.frames_per_second, 1), number(plan.multipliers)),
                *(share(row.predicted_busy), share(row.busy), share(row.of_peak)),
                TITLES[str(name)] if name else f"engine {found.get('slowest_engine')}",
                *(share(row.gap), number(plan.planning_seconds, 1)),
                figure(run, "differing"),
            ]
        )
    return [
        "The fastest plan within each board's budget. *Predicted* and *simulated* are cycles a "
        "frame; frames per second are simulated cycles at the assumed clock, predicted ones where "
        "nothing was simulated. *Of DSP peak*: nonzero MAC / (2 x the device's DSP x cycles). "
        "*Binds*: the fullest resource, or the engine that cannot be made faster. *Gap*: how much "
        "faster the best plan may be, at most, by the solver's proof. Below the table, one line "
        "for each board that a model does not fit, and for whatever else went wrong.",
        "",
        *table(heads, cells),
        *failures(rows, [f"{x.model} on {x.board}" for x in rows]),
    ]


def resources_table(rows: Sequence[BoardRow]) -> list[str]:
    """What plans take of each board's budget."""
    cells = []
    for row, plan in _planned(rows):
        budget = plan.budget or {}
        taken = [
            f"{x:,} ({x / budget[n]:.0%})" if budget.get(n) else number(x)
            for n, x in ((n, plan.resources[n]) for n in NAMES)
        ]
        cells.append([row.model, row.board, *taken, share(plan.memory_use)])
    heads = ("model", "board", *TITLES_IN_ORDER, "memory bits used")
    return [
        "Predicted, and as a share of the board's budget (80 % of the LUTs unless the board's file "
        "says otherwise, all of the rest). *Memory bits used*: bits that block RAM and UltraRAM "
        "are to hold over the bits of the blocks they occupy.",
        "",
        *table(heads, cells),
    ]


def counted_table(rows: Sequence[BoardRow]) -> list[str]:
    """Predicted against counted resources."""
    cells = []
    tools = sorted({x.counted.tool for x in rows if x.counted})
    for row, plan in _planned(rows):
        if not row.counted:
            continue
        counted = row.counted.resources.fields()
        pairs = [(plan.resources[n], counted[n]) for n in NAMES]
        # One resource that is predicted and not there is beyond every percentage.
        errors = [abs(p / c - 1) if c else float(p > 0) for p, c in pairs]
        fits = all(counted[n] <= most for n, most in (plan.budget or {}).items())
        texts = [f"{c:,} ({difference(p, c)})" for p, c in pairs]
        cells.append([row.model, row.board, *texts, share(max(errors)), yes(fits)])
    if not cells:
        return []
    heads = ("model", "board", *TITLES_IN_ORDER, "all within", "fits")
    return [
        f"Whole networks counted by {', '.join(tools)}; in brackets by how much the prediction is "
        "above (+) or below (-) the count. *Fits*: the counts are within the board's budget.",
        "",
        *table(heads, cells),
    ]


def engines_table(rows: Sequence[BoardRow]) -> list[str]:
    """Engines simulated alone."""
    cells = [
        [
            *(row.model, row.board, x.layer, number(x.multipliers)),
            *(number(x.planned_cycles), number(x.simulated_cycles)),
            difference(x.planned_cycles, x.simulated_cycles),
        ]
        for row in rows
        for x in row.engines
    ]
    if not cells:
        return []
    heads = ("model", "board", "engine", "multipliers", "predicted", "simulated", "difference")
    return [
        "Of plans too large to simulate whole, the engines with most multipliers, each alone and "
        "fed random pixels; cycles a frame, every value compared with the reference.",
        "",
        *table(heads, cells),
    ]
