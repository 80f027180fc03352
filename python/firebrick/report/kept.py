# SPDX-License-Identifier: Apache-2.0
"""What was measured is kept by its content, so that an interrupted report continues."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.files.cache import cache_folder, kept_text
from firebrick.files.key import code_key, content_key, data_key

RTL = ("hw",)
"""Sources that synthesizers read."""
SIMULATION = (*RTL, "sim/lib")
"""Those that simulators read."""


def kept(
    kind: str,
    modules: tuple[str, ...],
    data: tuple[str, ...],
    parts: tuple[str, ...],
    make: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """A measurement as JSON: from the cache, else made and put there.

    Args:
        kind: of measurement.
        modules: that make what is measured.
        data: folders of sources that they read.
        parts: everything that decides the result but the program.
        make: measures.
    """
    key = content_key(code_key(*modules), data_key(*data), *parts)
    path = cache_folder("measurements") / f"{kind}-{key}.json"
    return kept_text(
        path,
        lambda text: Fields(parse_json(text, str(path)), str(path)).left,
        lambda: json.dumps(make()),
    )
