# SPDX-License-Identifier: Apache-2.0
"""Fields of an object that nobody vouches for: each is checked, each error says its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Never

from firebrick.errors import FirebrickError

LONGEST_TEXT = 256
LONGEST_SHOWN = 40
"""Characters of a value, or of a name that is none, in a message."""
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Fields:
    """Fields of one JSON object or TOML table, taken one by one.

    `close` says that no other may be left.

    Args:
        data: as parsed.
        where: file and object, for error messages.
        kind: what such an object is called.

    Raises:
        FirebrickError: it is no such object.
    """

    def __init__(self, data: object, where: str, kind: str = "JSON object") -> None:
        self.where, self.kind = where, kind
        if not isinstance(data, dict):
            raise FirebrickError(f"{where}: is not a {kind}")
        self.left: dict[str, object] = dict(data)

    def require(self, rule: bool, field: str, value: object, text: str) -> None:
        """Raise unless `rule` holds.

        Raises:
            FirebrickError: naming file, object, field, value and rule.
        """
        if not rule:
            self._refuse(field, value, text)

    def take(self, field: str) -> object:
        """The raw value of a field that must be there."""
        if field not in self.left:
            raise FirebrickError(f"{self.where}: {field} is missing")
        return self.left.pop(field)

    def absent(self, field: str) -> bool:
        """Whether a field is null; it is taken if so."""
        if self.left.get(field, ...) is not None:
            return False
        self.take(field)
        return True

    def only(self, known: Sequence[str]) -> None:
        """Refuse fields that are none of some: for files of people, whose slips it names."""
        for field, value in self.left.items():
            rule = f"is not a known field: those are {', '.join(known)}"
            self.require(field in known, field, value, rule)

    def close(self) -> None:
        """Refuse fields that nobody took."""
        for field, value in self.left.items():
            self._refuse(field, value, "is not a known field")

    # --- one value ---

    def whole(self, field: str, low: int, high: int) -> int:
        """An integer in low..high; true, 3.0 and "3" are none."""
        return self._whole(field, self.take(field), low, high)

    def number(self, field: str) -> float:
        """A finite number."""
        return self._number(field, self.take(field))

    def flag(self, field: str) -> bool:
        """True or false; 0 and 1 are neither."""
        value = self.take(field)
        self.require(isinstance(value, bool), field, value, "is neither true nor false")
        return bool(value)

    def text(self, field: str) -> str:
        """A short text."""
        value = self.take(field)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            self._refuse(field, value, f"is not a text of up to {LONGEST_TEXT} characters")
        return value

    def text_or_none(self, field: str) -> str | None:
        """A short text, or null."""
        if self.absent(field):
            return None
        return self.text(field)

    def line(self, field: str, most: int = LONGEST_TEXT, least: int = 0) -> str:
        """One printable line of `least` to `most` characters."""
        return self._line(field, self.take(field), most, least)

    def choice(self, field: str, known: Sequence[str]) -> str:
        """One of some texts."""
        value = self.text(field)
        self.require(value in known, field, value, f"is not one of {', '.join(known)}")
        return value

    def matching(self, field: str, pattern: re.Pattern[str]) -> str:
        """A short text that matches a pattern as a whole."""
        value = self.text(field)
        good = pattern.fullmatch(value) is not None
        self.require(good, field, value, f"does not match {pattern.pattern}")
        return value

    def identifier(self, field: str, most: int = LONGEST_TEXT) -> str:
        """A name that is safe as a file name and in source code."""
        value = self.line(field, most)
        good = IDENTIFIER.fullmatch(value) is not None
        self.require(good, field, value, "is not of letters, digits and _")
        return value

    # --- several values ---

    def values(self, field: str, most: int, what: str) -> list[object]:
        """A list of raw values.

        Args:
            field: that holds it.
            most: values that it may have.
            what: they are, for error messages.
        """
        value = self.take(field)
        if not isinstance(value, list):
            self._refuse(field, value, f"is not a list of {what}")
        self.require(len(value) <= most, field, len(value), f"exceeds {most} {what}")
        return value

    def lines(self, field: str, most: int, longest: int = LONGEST_TEXT) -> tuple[str, ...]:
        """A list of at most `most` printable lines."""
        found = enumerate(self.values(field, most, "texts"))
        return tuple(self._line(f"{field}[{n}]", x, longest) for n, x in found)

    def numbers(self, field: str, most: int) -> tuple[float, ...]:
        """A list of at most `most` finite numbers."""
        found = enumerate(self.values(field, most, "numbers"))
        return tuple(self._number(f"{field}[{n}]", x) for n, x in found)

    def integers(self, field: str, most: int, low: int, high: int) -> tuple[int, ...]:
        """A list of at most `most` integers in low..high."""
        found = enumerate(self.values(field, most, "integers"))
        return tuple(self._whole(f"{field}[{n}]", x, low, high) for n, x in found)

    def objects(self, field: str, title: str, most: int) -> Iterator[Fields]:
        """A list of at most `most` objects.

        Their text `title` (or number) names them in error messages. Each is closed when the next is
        asked for.
        """
        for number, data in enumerate(self.values(field, most, "objects")):
            name = data.get(title) if isinstance(data, dict) else None
            label = repr(name[:LONGEST_TEXT]) if isinstance(name, str) else str(number)
            inner = Fields(data, f"{self.where}: {field} {label}", self.kind)
            yield inner
            inner.close()

    # --- an object inside ---

    def inner(self, field: str) -> Fields:
        """An object inside; the caller closes it."""
        return Fields(self.take(field), f"{self.where}: {field}", self.kind)

    def wholes(self, field: str, low: int, high: int) -> dict[str, int]:
        """An object of integers."""
        inner = self.inner(field)
        return {k: inner._whole(k, v, low, high) for k, v in inner.left.items()}

    def objects_by_name(self, field: str) -> Iterator[tuple[str, Fields]]:
        """An object of objects, which the caller closes."""
        for name, data in self.inner(field).left.items():
            yield name, Fields(data, f"{self.where}: {field} {name[:LONGEST_TEXT]!r}", self.kind)

    # --- rules ---

    def _whole(self, field: str, value: object, low: int, high: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self._refuse(field, value, "is not an integer")
        self.require(low <= value <= high, field, value, f"is not in {low}..{high}")
        return value

    def _number(self, field: str, value: object) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            self._refuse(field, value, "is not a number")
        try:
            real = float(value)
        except OverflowError:
            real = math.inf
        self.require(math.isfinite(real), field, value, "is not finite")
        return real

    def _line(self, field: str, value: object, most: int, least: int = 0) -> str:
        if not isinstance(value, str) or not value.isprintable() or not least <= len(value) <= most:
            some = f"{least} to {most}" if least else f"up to {most}"
            self._refuse(field, value, f"is not one line of {some} characters")
        return value

    def _refuse(self, field: str, value: object, rule: str) -> Never:
        shown = repr(value)
        shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 3]}..."
        raise FirebrickError(f"{self.where}: {_name(field)}={shown} {rule}")


def _name(field: str) -> str:
    """The name of a field, which may be the file's own, as it may be shown."""
    good = field.isprintable() and len(field) <= LONGEST_SHOWN
    return field if good else repr(field[:LONGEST_SHOWN])
