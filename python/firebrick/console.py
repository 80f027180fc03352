# SPDX-License-Identifier: Apache-2.0
"""What commands print: tables and progress for people, one JSON object for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

# Names of files, layers and classes are printed as they are, whatever markup they look like.
OUT = Console(highlight=False, markup=False, emoji=False)
ERR = Console(stderr=True, highlight=False, markup=False, emoji=False)


@contextmanager
def progress_bars() -> Iterator[Callable[[str, float], None]]:
    """Give a function (task, share done) that draws one bar per task, on stderr."""
    columns = (TextColumn("{task.description:<34}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=ERR) as bars:
        tasks: dict[str, TaskID] = {}

        def update(task: str, share: float) -> None:
            if task not in tasks:
                tasks[task] = bars.add_task(task, total=None)  # pulses until a share is known
            bars.update(tasks[task], total=1.0 if share > 0 else None, completed=share)

        yield update


def emit_json(fields: Mapping[str, object]) -> None:
    """Print one JSON object on stdout."""
    print(json.dumps(fields))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers align right."""
    grid = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        grid.add_column(column, justify="right" if numeric else "left")
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
        return "\n".join(f"{name} {cell(x)}" for name, x in value.items())
    return str(value)
