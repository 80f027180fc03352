# SPDX-License-Identifier: Apache-2.0
"""Markdown tables and the text of their cells."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Protocol

from firebrick.errors import printable


class Failing(Protocol):
    """What has failures to tell of."""

    @property
    def failures(self) -> tuple[str, ...]:
        """In words."""


NONE = "-"
"""Cell of what was not measured."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; text that would end a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(_safe(x) for x in line)} |" for line in lines]


def number(value: int | float | None, digits: int = 0) -> str:
    """With thousands separated."""
    return NONE if value is None else f"{value:,.{digits}f}"


def figure(owner: object | None, name: str) -> str:
    """A number that an object has, if there is one."""
    return number(None if owner is None else getattr(owner, name))


def share(value: float | None, digits: int = 1) -> str:
    """In percent."""
    return NONE if value is None else f"{value:.{digits}%}"


def difference(value: int, other: int) -> str:
    """A value over another, less one, in percent."""
    if not other:
        return "none there" if value else NONE
    return f"{value / other - 1:+.2%}"


def yes(value: bool | None) -> str:
    """Yes, no, or not asked."""
    return NONE if value is None else ("yes" if value else "**no**")


def failures(rows: Sequence[Failing], where: Sequence[str]) -> list[str]:
    """What went wrong, one line each, below a table."""
    lines = [f"- {a}: {_safe(x)}" for row, a in zip(rows, where, strict=True) for x in row.failures]
    return ["", *lines] if lines else []


def _safe(text: str) -> str:
    """Text in one line, in which nothing is HTML or ends a cell."""
    text = html.escape(printable(" ".join(text.split())), quote=False)
    return text.replace("|", "\\|")
