# SPDX-License-Identifier: Apache-2.0
"""Reading JSON that nobody vouches for: every field checked, every error with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from firebrick.errors import FirebrickError

LONGEST_TEXT = 256
LARGEST_FILE = 4 << 20


def read_text(path: Path) -> str:
    """Text of a file, no more than `parse` takes.

    Raises:
        FirebrickError: naming the file, when it cannot be read.
    """
    try:
        with path.open() as file:
            return file.read(LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise FirebrickError(f"{path}: cannot be read: {error}") from None


def parse(text: str, source: str) -> object:
    """Parse JSON of a sensible size.

    Raises:
        FirebrickError: naming the file and what is wrong.
    """
    if len(text) > LARGEST_FILE:
        raise FirebrickError(f"{source}: size={len(text)} exceeds {LARGEST_FILE} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FirebrickError(f"{source}: is not JSON: {error}") from None


class Fields:
    """Fields of one JSON object, taken one by one; `close` says that no other may be left.

    Args:
        data: parsed JSON.
        where: file and object, for error messages.
    """

    def __init__(self, data: object, where: str) -> None:
        self.where = where
        if not isinstance(data, dict):
            raise FirebrickError(f"{where}: is not a JSON object")
        self.left: dict[str, object] = dict(data)

    def require(self, rule: bool, field: str, value: object, text: str) -> None:
        """Raise unless `rule` holds.

        Raises:
            FirebrickError: naming file, object, field, value and rule.
        """
        if not rule:
            shown = repr(value)
            shown = shown if len(shown) <= 40 else shown[:37] + "..."
            raise FirebrickError(f"{self.where}: {field}={shown} {text}")

    def take(self, field: str) -> object:
        """The raw value of a field that must be there."""
        if field not in self.left:
            raise FirebrickError(f"{self.where}: {field} is missing")
        return self.left.pop(field)

    def whole(self, field: str, low: int, high: int) -> int:
        """An integer in low..high; true, 3.0 and "3" are none."""
        return self._whole(field, self.take(field), low, high)

    def text(self, field: str) -> str:
        """A short text."""
        value = self.take(field)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            self.require(False, field, value, f"is not a text of up to {LONGEST_TEXT} characters")
        return str(value)

    def text_or_none(self, field: str) -> str | None:
        """A short text, or null."""
        if self.absent(field):
            return None
        return self.text(field)

    def absent(self, field: str) -> bool:
        """Whether a field is null; it is taken if so."""
        if self.left.get(field, ...) is not None:
            return False
        self.take(field)
        return True

    def choice(self, field: str, known: Sequence[str]) -> str:
        """One of some texts."""
        value = self.text(field)
        self.require(value in known, field, value, f"is not one of {', '.join(known)}")
        return value

    def inner(self, field: str) -> Fields:
        """An object inside; the caller closes it."""
        return Fields(self.take(field), f"{self.where}: {field}")

    def flag(self, field: str) -> bool:
        """True or false; 0 and 1 are neither."""
        value = self.take(field)
        self.require(isinstance(value, bool), field, value, "is neither true nor false")
        return bool(value)

    def wholes(self, field: str, low: int, high: int) -> dict[str, int]:
        """An object of integers."""
        inner = Fields(self.take(field), f"{self.where}: {field}")
        return {k: inner._whole(k, v, low, high) for k, v in inner.left.items()}

    def objects(self, field: str, title: str) -> Iterator[Fields]:
        """A list of objects; their text `title` (or number) names them in error messages.

        Each is closed when the next is asked for.
        """
        value = self.take(field)
        if not isinstance(value, list):
            raise FirebrickError(f"{self.where}: {field} is not a list")
        for number, data in enumerate(value):
            name = data.get(title) if isinstance(data, dict) else None
            label = repr(name[:LONGEST_TEXT]) if isinstance(name, str) else str(number)
            inner = Fields(data, f"{self.where}: {field} {label}")
            yield inner
            inner.close()

    def close(self) -> None:
        """Refuse fields that nobody took."""
        for field, value in self.left.items():
            self.require(False, field[:LONGEST_TEXT], value, "is not a known field")

    def _whole(self, field: str, value: object, low: int, high: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self.require(False, field, value, "is not an integer")
            return 0
        self.require(low <= value <= high, field, value, f"is not in {low}..{high}")
        return value
