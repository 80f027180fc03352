# SPDX-License-Identifier: Apache-2.0
"""What the log of a tool that failed says went wrong."""

from __future__ import annotations

import re

WRONG = re.compile(r"\berror:", re.IGNORECASE)
"""How Yosys begins what it says of an error."""


def reason(text: str, wrong: re.Pattern[str] = WRONG) -> str:
    """The first line that says so; without one the last line.

    Args:
        text: of the log.
        wrong: what a line has that says so.
    """
    lines = [x.strip() for x in text.splitlines() if x.strip()]
    return ([x for x in lines if wrong.search(x)] + lines[-1:] + ["it said nothing"])[0]
