# SPDX-License-Identifier: Apache-2.0
"""The two ways a Firebrick command can fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 2000
"""Most characters of a message."""


class FirebrickError(Exception):
    """Bad input or usage: exit status 2, one line naming file, layer, field, value and rule."""

    exit_status = 2

    def __init__(self, message: str) -> None:
        """Shorten a message that quotes more of a file than anybody reads."""
        if len(message) > LONGEST:
            message = f"{message[: LONGEST - 500]} ... {message[-400:]}"
        super().__init__(message)


class CheckFailed(FirebrickError):
    """A check that ran and failed (values differ, a design does not fit): exit status 1."""

    exit_status = 1


@contextmanager
def naming(source: str | Path) -> Iterator[None]:
    """Put the name of a file before messages of the block that do not begin with it.

    Raises:
        FirebrickError: of the same class as the one caught.
    """
    try:
        yield
    except FirebrickError as error:
        if str(error).startswith(f"{source}:"):
            raise
        raise type(error)(f"{source}: {error}") from None
