# SPDX-License-Identifier: Apache-2.0
"""What commands print: tables and progress for people, one JSON object for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from firebrick.errors import FirebrickError, printable, printable_lines


class PlainConsole(Console):
    """Prints names of files, layers and classes as they are, whatever they look like.

    Markup and emoji codes mean nothing to it; what a terminal would obey, such as an escape
    sequence, is shown as its escape.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as `rich` does; text may have several lines."""
        shown = (printable_lines(x) if isinstance(x, str) else x for x in objects)
        super().print(*shown, **options)


OUT = PlainConsole()
ERR = PlainConsole(stderr=True)


def print_error(error: FirebrickError | OSError) -> None:
    """One line on stderr; behind it, where a tool failed, the end of its log."""
    if isinstance(error, FirebrickError):
        text = error.shown()
    else:
        text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        text = printable(text)
    ERR.print(f"firebrick: {text}", soft_wrap=True)


@contextmanager
def progress_bars(*, time_left: bool = False) -> Iterator[Callable[[str, float], None]]:
    """Give a function (task, share done) that draws one bar per task, on stderr."""
    columns: list[ProgressColumn] = [TextColumn("{task.description:<34}", markup=False)]
    columns += [BarColumn(), TimeElapsedColumn()]
    if time_left:
        columns += [TextColumn("left"), TimeRemainingColumn()]
    with Progress(*columns, console=ERR) as bars:
        tasks: dict[str, TaskID] = {}

        def update(task: str, share: float) -> None:
            if task not in tasks:
                tasks[task] = bars.add_task(
                    printable(task), total=None
                )  # pulses until a share is known
            bars.update(tasks[task], total=1.0 if share > 0 else None, completed=share)

        yield update


def emit_json(fields: Mapping[str, object]) -> None:
    """Print one JSON object on stdout; infinity and NaN, which JSON does not have, are null."""
    print(json.dumps(_finite(fields), allow_nan=False), flush=True)  # the command may go on


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(x) for name, x in value.items()}
    return [_finite(x) for x in value] if isinstance(value, list | tuple) else value


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers align right."""
    grid = Table(title=printable(title), title_justify="left")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        grid.add_column(printable(column), justify="right" if numeric else "left")
    for row in rows:
        grid.add_row(*(cell(x) for x in row))
    OUT.print(grid)


def cell(value: object) -> str:
    """Text of a value: thousands separated, mappings as one item a line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return "\n".join(f"{printable(str(name))} {cell(x)}" for name, x in value.items())
    return printable(str(value))
