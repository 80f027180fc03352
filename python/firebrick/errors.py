# SPDX-License-Identifier: Apache-2.0
"""The two ways a Firebrick command can fail, and how text is shown in a terminal."""

from __future__ import annotations

import os
import reprlib
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST = 2000
"""Most characters of a message."""


def printable(text: str) -> str:
    """For a terminal: one line, in which nothing moves the cursor, changes colours or turns around.

    Controls (newlines and escape sequences among them), marks of direction, blanks other than the
    ordinary one and halves of characters become their escapes in Python. What is printable stays as
    it is, so that text escaped before is not escaped twice.
    """
    if text.isprintable():
        return text
    return "".join(x if x.isprintable() else _escape(x) for x in text)


def printable_lines(text: str) -> str:
    """The same of text of several lines, such as the end of a log."""
    return "\n".join(printable(x.expandtabs()) for x in text.split("\n"))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class FirebrickError(Exception):
    """Bad input or usage: exit status 2, one line naming file, layer, field, value and rule.

    Args:
        message: the line.
        log: what a tool said, which may have more.
    """

    exit_status = 2

    def __init__(self, message: str = "", *, log: str = "") -> None:
        """Shorten a message that quotes more of a file than anybody reads."""
        if len(message) > LONGEST:
            message = f"{message[: LONGEST - 500]} ... {message[-400:]}"
        super().__init__(message)
        self.message, self.log = message, log

    def __str__(self) -> str:
        """Line and log, as they are."""
        return f"{self.message}:\n{self.log}" if self.log else self.message

    def shown(self) -> str:
        """For a terminal: whatever files and tools say, one line, and the log's as they are."""
        end = f":\n{printable_lines(self.log)}" if self.log else ""
        return printable(self.message) + end


class CheckFailed(FirebrickError):
    """A check that ran and failed (values differ, a design does not fit): exit status 1."""

    exit_status = 1


_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2
_BRIEF.maxstring = _BRIEF.maxother = 60


def shown(value: object) -> str:
    """What to print of a value out of a file, whatever it is: a small part of anything large.

    A list may hold itself or the same list a million times over, a number have a million digits.
    """
    try:
        return _BRIEF.repr(value)
    except (ValueError, RecursionError):
        return f"a large {type(value).__name__}"


def exhausted(error: MemoryError | RecursionError) -> str:
    """What to say when an input took more than there is, naming the limit."""
    if isinstance(error, RecursionError):
        return f"the input is nested more than {sys.getrecursionlimit()} levels deep"
    limits = [resource.getrlimit(x)[0] for x in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    most = min([machine, *(x for x in limits if x >= 0)])
    return f"the input takes more memory than the {most >> 20} MB that there are: use a smaller one"


@contextmanager
def naming(source: str | Path) -> Iterator[None]:
    """Put the name of a file before messages of the block that do not begin with it.

    Raises:
        FirebrickError: of the same class as the one caught.
    """
    try:
        yield
    except FirebrickError as error:
        if error.message.startswith(f"{source}:"):
            raise
        raise type(error)(f"{source}: {error.message}", log=error.log) from None
