# SPDX-License-Identifier: Apache-2.0
"""A scratch folder for Yosys, whose ABC reads commands with the folder's path in them."""

from __future__ import annotations

import re
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.scratch import scratch_folder

WRONG = re.compile(r"""[;'"\n\r]""")
"""Ends a path, or a command, to ABC."""


def yosys_scratch() -> AbstractContextManager[Path]:
    """Give a scratch folder.

    Raises:
        FirebrickError: when it would have a path that ABC misreads.
    """
    folder = tempfile.gettempdir()
    wrong = WRONG.search(folder)
    if wrong:
        raise FirebrickError(f"TMPDIR={folder!r}: Yosys takes no {wrong[0]!r} in it: set another")
    return scratch_folder()
