# SPDX-License-Identifier: Apache-2.0
"""What was given in place of a folder that another command makes, and which command makes it."""

from __future__ import annotations

from pathlib import Path

from firebrick.emit.rtl.generate import MANIFEST
from firebrick.errors import FirebrickError
from firebrick.runtime.bundle import DOCUMENT

GENERATED, BUNDLE = MANIFEST, DOCUMENT
"""File by which a folder of a command is known."""
MADE_BY = {
    GENERATED: "`firebrick generate q.onnx plan.json -o rtl/`",
    BUNDLE: "`firebrick deploy q.onnx plan.json -o bundle/`",
}
"""What makes such a folder."""


def check_made(folder: Path, marker: str) -> None:
    """Refuse what is no folder of a command, before anything in it is read.

    Args:
        folder: given.
        marker: file that the command writes into its folders, `GENERATED` or `BUNDLE`.

    Raises:
        FirebrickError: saying what is there instead, and which command makes the folder.
    """
    if (folder / marker).exists():
        return
    raise FirebrickError(f"{folder}: {_found(folder, marker)}: give one of {MADE_BY[marker]}")


def check_target(folder: Path, target: str, wanted: str, tool: str) -> None:
    """Refuse a folder that was generated for another kind of tool.

    Raises:
        FirebrickError: saying which target the tool takes.
    """
    if target != wanted:
        raise FirebrickError(
            f"{folder / MANIFEST}: target={target!r:.40} is not {wanted!r}, which --tool {tool} "
            "takes: give a folder of "
            f"`firebrick generate q.onnx plan.json -o {wanted}/ --target {wanted}`"
        )


def _found(folder: Path, marker: str) -> str:
    if folder.is_dir():
        for other, command in MADE_BY.items():
            if (folder / other).is_file():
                return f"is a folder of {command}"
        return f"has no {marker}"
    return "is a file" if folder.exists() else "there is no such folder"
