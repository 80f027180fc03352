# SPDX-License-Identifier: Apache-2.0
"""Constants of generated C++ headers: tables of integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from firebrick.hardware.tensor import IntArray

WIDTH = 100
"""Characters of a line."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A constant array.

    Attributes:
        name: of the array, and of the function's argument.
        kind: C++ type of an element.
        values: literals, of one row or of several of equal length.
        note: comment before it.
        rows: comments before the rows, where there are several.
    """

    name: str
    kind: str
    values: Sequence[Sequence[str]]
    note: str
    rows: Sequence[str] = ()

    def lines(self) -> Iterator[str]:
        """The definition."""
        size = f"[{len(self.values[0])}]"
        yield f"// {self.note}"
        if not self.rows:
            yield f"static const {self.kind} {self.name}{size} = {{"
            yield from wrapped(self.values[0], "    ")
        else:
            yield f"static const {self.kind} {self.name}[{len(self.values)}]{size} = {{"
            for comment, row in zip(self.rows, self.values, strict=True):
                yield f"    {{  // {comment}"
                yield from wrapped(row, "     ")
                yield "    },"
        yield "};"


def wrapped(values: Sequence[str], indent: str) -> Iterator[str]:
    """Values in lines of one width each, so that columns stand below each other."""
    wide = max(map(len, values))
    count = max(1, (WIDTH - len(indent)) // (wide + 2))
    for start in range(0, len(values), count):
        yield indent + ", ".join(x.rjust(wide) for x in values[start : start + count]) + ","


def rows_of(rows: Sequence[IntArray], depth: int) -> list[list[str]]:
    """Rows as text, all as long as the longest, and `depth` at least."""
    length = max(depth, *(len(x) for x in rows)) if len(rows) > 1 else max(depth, len(rows[0]))
    padded = (np.pad(x, (0, length - len(x))).tolist() for x in rows)
    return [list(map(str, x)) for x in padded]
