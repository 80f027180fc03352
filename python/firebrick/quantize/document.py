# SPDX-License-Identifier: Apache-2.0
"""Typed, bounded access to an untrusted JSON document."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

from firebrick.errors import FirebrickError


class Field:
    """A value somewhere in a document, which knows its place for messages.

    Args:
        value: as parsed.
        place: file and path within the document.
    """

    def __init__(self, value: object, place: str) -> None:
        self._value = value
        self._place = place

    @classmethod
    def parse(cls, text: str, place: str) -> Field:
        """Parse JSON.

        Raises:
            FirebrickError: it is not JSON.
        """
        try:
            return cls(json.loads(text), place)
        except (ValueError, RecursionError) as error:
            raise FirebrickError(f"{place}: is not JSON: {error}") from None

    def __getitem__(self, key: str) -> Field:
        """A member of an object."""
        if not isinstance(self._value, dict) or key not in self._value:
            raise FirebrickError(f"{self._place}: has no {key!r}")
        return Field(self._value[key], f"{self._place}.{key}")

    def items(self) -> Iterator[tuple[str, Field]]:
        """Members of an object."""
        if not isinstance(self._value, dict):
            raise FirebrickError(f"{self._place}: is not an object")
        for key, value in self._value.items():
            yield key, Field(value, f"{self._place}.{key}")

    def elements(self, most: int) -> Iterator[Field]:
        """Elements of a list of at most `most`."""
        if not isinstance(self._value, list):
            raise FirebrickError(f"{self._place}: is not a list")
        if len(self._value) > most:
            raise FirebrickError(f"{self._place}: length={len(self._value)} exceeds {most}")
        for index, value in enumerate(self._value):
            yield Field(value, f"{self._place}[{index}]")

    def integer(self, low: int, high: int) -> int:
        """An integer in low..high."""
        value = self._value
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise FirebrickError(f"{self._place}={value!r:.40} is not an integer in {low}..{high}")
        return value

    def number(self) -> float:
        """A finite number."""
        value = self._value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise FirebrickError(f"{self._place}={value!r:.40} is not a number")
        try:
            real = float(value)
        except OverflowError:
            real = math.inf
        if not math.isfinite(real):
            raise FirebrickError(f"{self._place}={value!r:.40} is not finite")
        return real

    def identifier(self) -> str:
        """A name that is safe as a file name and in source code."""
        name = self.text()
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII):
            raise FirebrickError(f"{self._place}={name!r:.40} is not of letters, digits and _")
        return name

    def text(self, most: int = 200) -> str:
        """A printable string of at most `most` characters."""
        value = self._value
        if not isinstance(value, str) or len(value) > most or not value.isprintable():
            raise FirebrickError(f"{self._place}={value!r:.40} is not a text of {most} characters")
        return value
