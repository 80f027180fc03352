# SPDX-License-Identifier: Apache-2.0
"""Texts that nobody vouches for, and the JSON or TOML in them: bounded before they are parsed."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from firebrick.errors import FirebrickError

LARGEST_JSON = 4 << 20
"""Characters of a JSON text, and bytes of its file."""
LARGEST_TOML = 1 << 16
"""Bytes of a TOML file, and of texts that belong to one."""
MOST_DOTS = 200
"""Most dots of a line of TOML: reading a dotted name takes the square of its parts."""
LONGEST_REASON = 400
"""Characters of what a parser says is wrong."""


def read_text(path: Path, most: int = LARGEST_JSON, errors: str = "strict") -> str:
    """Text of a file in UTF-8.

    Args:
        path: of the file.
        most: bytes that it may have.
        errors: what becomes of bytes that are no text, as `bytes.decode` takes it.

    Raises:
        FirebrickError: naming the file, when it cannot be read or is larger.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise FirebrickError(f"{path}: exceeds {most} bytes")
    try:
        # Some tools end lines as DOS did.
        return data.decode(errors=errors).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FirebrickError(f"{path}: cannot be read: {error}") from None


def parse_json(text: str, source: str, most: int = LARGEST_JSON) -> object:
    """Parse JSON of a sensible size.

    Args:
        text: to parse.
        source: what messages call it.
        most: characters that it may have.

    Raises:
        FirebrickError: naming the source and what is wrong.
    """
    if len(text) > most:
        raise FirebrickError(f"{source}: size={len(text)} exceeds {most} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FirebrickError(f"{source}: is not JSON: {_reason(error)}") from None


def read_json(path: Path) -> object:
    """Parse a JSON file.

    Raises:
        FirebrickError: naming the file and what is wrong.
    """
    return parse_json(read_text(path), str(path))


def read_toml(path: Path) -> object:
    """Parse a TOML file of a sensible size, which takes no long time to read.

    Raises:
        FirebrickError: naming the file and what is wrong.
    """
    text = read_text(path, LARGEST_TOML)
    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise FirebrickError(f"{path}: a line has more than {MOST_DOTS} dots")
    try:
        return tomllib.loads(text)
    # Not TOML, too deep, or a number of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise FirebrickError(f"{path}: is not TOML: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """What a parser says is wrong, in one line."""
    text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return " ".join(text.split())[:LONGEST_REASON]
