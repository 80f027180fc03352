# SPDX-License-Identifier: Apache-2.0
"""Our frames per second beside those that others published, at two clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from firebrick.report.figures import speed
from firebrick.report.published import PUBLISHED, Published
from firebrick.report.rows import BoardRow
from firebrick.report.tables import NONE, number, table

CAUTIOUS_MHZ = 200
"""Less than what is assumed of most boards, since no place and route has confirmed that."""
HEADS = (
    *("published", "on", "frames/s, published", "ours", "on", "alike", "cycles", "cycles are"),
    *("MHz, assumed", "frames/s", "ratio", "MHz, cautious", "frames/s", "ratio"),
    "MHz for a ratio of 1",
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A published figure and a row of ours.

    Attributes:
        other: published.
        row: of ours on the board that is like theirs; without a plan if ours does not fit it.
    """

    other: Published
    row: BoardRow

    @property
    def same_model(self) -> bool:
        """Whether both run the same network."""
        return self.row.model == self.other.model

    @property
    def clocks(self) -> tuple[int, int]:
        """Assumed, and cautious, in MHz."""
        return self.row.clock_mhz, min(CAUTIOUS_MHZ, self.row.clock_mhz)

    def ratio(self, clock_mhz: float) -> float | None:
        """How many times as fast as theirs ours is; None if it does not fit."""
        cycles = self.row.cycles
        return clock_mhz * 1e6 / cycles / self.other.frames_per_second if cycles else None


def beside_published(rows: Sequence[BoardRow]) -> list[Beside]:
    """Each published figure whose board, or one that is like it, is among our rows.

    Where our network does not fit the board, others of ours that fit it follow.
    """
    return [Beside(other, row) for other in PUBLISHED for row in _rows_like(other, rows)]


def _rows_like(other: Published, rows: Sequence[BoardRow]) -> Iterator[BoardRow]:
    there = [x for x in rows if x.board == other.board]
    same = [x for x in there if x.model == other.model]
    yield from same
    if same and not any(x.cycles for x in same):
        yield from (x for x in there if x.model != other.model and x.cycles)


def published_table(rows: Sequence[BoardRow]) -> list[str]:
    """The table, whether ours is faster, and where each figure was read."""
    found = beside_published(rows)
    if not found:
        return []
    sources = dict.fromkeys(x.other for x in found)
    return [
        "Theirs were measured on a board, from end to end and with 8-bit weights in DRAM, unless "
        "said otherwise. Ours are cycles at a clock, on no board; SqueezeNet as `import` and "
        "`quantize` give it takes images of 227x227 and keeps 6-bit weights on chip. Of its Caffe "
        "networks (cf_) the zoo of the DPU names no version: 0.76 G operations at 227x227 are "
        f"those of v1.1. *Cautious*: {CAUTIOUS_MHZ} MHz, or the assumed clock where that is less. "
        "*Ratio*: ours / theirs. *MHz for a ratio of 1*: the clock with which ours would be as "
        "fast.",
        "",
        *table(HEADS, [_cells(x) for x in found]),
        "",
        *_not_better(found),
        "",
        *(
            f"- {x.who} on {x.on}, {number(x.frames_per_second, 1)}: {x.how}. {x.source}."
            for x in sources
        ),
    ]


def _cells(it: Beside) -> list[str]:
    other, row = it.other, it.row
    ours = row.model if it.same_model else f"{row.model}, another network"
    cells = [f"{other.who}, {other.model}", other.on, number(other.frames_per_second, 1)]
    cells += [ours, row.board, other.alike]
    if not row.cycles:
        return [*cells, "does not fit", *[NONE] * (len(HEADS) - len(cells) - 1)]
    cells += [number(row.cycles), "simulated" if row.simulation else "predicted"]
    for clock in it.clocks:
        cells += [number(clock), number(speed(row.cycles, clock), 1), number(it.ratio(clock), 2)]
    return [*cells, number(other.frames_per_second * row.cycles / 1e6, 1)]


def _not_better(found: Sequence[Beside]) -> list[str]:
    """Where ours is not faster, in words."""
    lines = []
    for it in found:
        name = f"{it.row.model} on {it.row.board}, beside {it.other.who} on {it.other.on}"
        slower = [
            f"{ratio:.2f} of its speed at {clock} MHz"
            for clock in dict.fromkeys(it.clocks)
            if (ratio := it.ratio(clock)) is not None and ratio <= 1
        ]
        if not it.row.cycles:
            lines.append(f"- {name}: ours does not fit the board.")
        elif not it.same_model:
            lines.append(f"- {name}: another network than its {it.other.model}.")
        elif slower:
            lines.append(f"- {name}: {', '.join(slower)}.")
    if not lines:
        return ["Ours is faster in every row."]
    return ["Where ours is not better:", "", *lines]
