# SPDX-License-Identifier: Apache-2.0
"""Tables of boards: speed, resources, counts, beside published figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firebrick.report.figures import TITLES, binding, gap
from firebrick.report.measure import Planned
from firebrick.report.published import PUBLISHED, Published
from firebrick.report.rows import BoardRow
from firebrick.report.tables import difference, failures, figure, number, share, table, yes

AHEAD = 3
"""How many times as fast as others' we want to be."""
TITLES_IN_ORDER = tuple(TITLES[x] for x in ("dsp", "lut", "ff", "bram36", "uram", "lutram"))
"""In the order of `Resources.fields()`."""


def _planned(rows: Sequence[BoardRow]) -> Iterator[tuple[BoardRow, Planned]]:
    return ((x, x.planned) for x in rows if x.planned)


def boards_table(rows: Sequence[BoardRow]) -> list[str]:
    """Speed on each board."""
    heads = (
        *("model", "board", "MHz, assumed", "predicted", "simulated", "frames/s, assumed clock"),
        *("multipliers", "busy, predicted", "busy, simulated", "of DSP peak", "binds"),
        *("gap, proven", "planning, s", "differing"),
    )
    cells = []
    for row, planned in _planned(rows):
        plan, run = planned.plan, row.simulation
        found = binding(plan)
        name = found["resource"]
        cells.append(
            [
                *(row.model, row.board.name, number(row.board.clock_mhz)),
                number(plan.cycles_per_frame),
                figure(run, "cycles_per_frame"),
                *(number(row.frames_per_second, 1), number(plan.multipliers)),
                *(share(plan.mac_efficiency), share(row.busy), share(row.of_peak)),
                TITLES[str(name)] if name else f"engine {found['slowest_engine']}",
                *(share(gap(plan)), number(planned.seconds, 1)),
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
        *failures(rows, [f"{x.model} on {x.board.name}" for x in rows]),
    ]


def resources_table(rows: Sequence[BoardRow]) -> list[str]:
    """What plans take of each board's budget."""
    cells = []
    for row, planned in _planned(rows):
        plan = planned.plan
        budget = row.board.budget().fields()
        taken = [
            number(x) if not budget[n] else f"{x:,} ({x / budget[n]:.0%})"
            for n, x in plan.resources.fields().items()
        ]
        cells.append([row.model, row.board.name, *taken, share(plan.memory_use)])
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
    for row, planned in _planned(rows):
        if not row.counted:
            continue
        predicted = planned.plan.resources.fields()
        counted = row.counted.resources.fields()
        pairs = [(predicted[n], counted[n]) for n in counted]
        # One resource that is predicted and not there is beyond every percentage.
        errors = [abs(p / c - 1) if c else float(p > 0) for p, c in pairs]
        excess = row.counted.resources.excess(row.board.budget())
        texts = [f"{c:,} ({difference(p, c)})" for p, c in pairs]
        cells.append([row.model, row.board.name, *texts, share(max(errors)), yes(not excess)])
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
            *(row.model, row.board.name, x.layer, number(x.multipliers)),
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


def published_table(rows: Sequence[BoardRow]) -> list[str]:
    """Our frames per second beside others'."""
    cells = []
    sources: dict[str, Published] = {}
    for other in PUBLISHED:
        for row, _ in _planned(rows):
            speed, cycles = row.frames_per_second, row.cycles
            same = (row.board.name, row.model) == (other.board, other.model)
            if not same or speed is None or cycles is None:
                continue
            sources[other.source] = other
            wanted = AHEAD * other.frames_per_second
            cells.append(
                [
                    *(f"{other.who}, {other.model}", other.board, other.note),
                    number(other.frames_per_second, 1),
                    *(row.model, number(cycles), "simulated" if row.simulation else "predicted"),
                    *(number(row.board.clock_mhz), number(speed, 1)),
                    number(speed / other.frames_per_second, 2),
                    number(wanted * cycles / 1e6, 1),
                ]
            )
    if not cells:
        return []
    heads = (
        *("published", "board", "how", "frames/s, published", "ours", "cycles", "cycles are"),
        *("MHz, assumed", "frames/s, assumed clock", "ratio", f"MHz for {AHEAD} times"),
    )
    return [
        f"*MHz for {AHEAD} times*: the clock with which our cycles would be {AHEAD} times as fast "
        "as the published figure.",
        "",
        *table(heads, cells),
        "",
        *(f"- {x.who} on {x.board}: {name}." for name, x in sources.items()),
    ]
