# SPDX-License-Identifier: Apache-2.0
"""Whether a tool is there: for whoever wants to know before minutes are spent on a plan."""

from __future__ import annotations

import sys
from collections.abc import Callable

from firebrick.errors import FirebrickError, printable


def tell(find: Callable[[], object]) -> None:
    """Print what a search for a tool finds, or end the process with its one line of why not."""
    try:
        found = find()
    except FirebrickError as error:
        print(f"firebrick: {error.shown()}", file=sys.stderr)
        sys.exit(error.exit_status)
    if found is not None:
        print(printable(str(found)))
