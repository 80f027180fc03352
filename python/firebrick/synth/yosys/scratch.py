# SPDX-License-Identifier: Apache-2.0
"""A scratch folder for Yosys, whose ABC reads commands with the folder's path in them."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.files.scratch import scratch_folder

WRONG = re.compile(r"""[;'"\n\r]""")
"""Ends a path, or a command, to ABC."""
UNQUOTED = re.compile(r"""[$`"\\]""")
"""Means something to the shell that starts ABC, between double quotes."""


def yosys_scratch() -> AbstractContextManager[Path]:
    """Give a scratch folder.

    Raises:
        FirebrickError: when it, or where Yosys is installed, has a path that would be misread.
    """
    spec = importlib.util.find_spec("pyosys")
    installed = str(spec.origin) if spec else ""
    for name, folder, pattern in (
        ("TMPDIR", tempfile.gettempdir(), WRONG),
        ("pyosys", installed, UNQUOTED),
    ):
        if wrong := pattern.search(folder):
            raise FirebrickError(
                f"{name}={folder!r}: Yosys takes no {wrong[0]!r} in this path: use another folder"
            )
    return scratch_folder()
