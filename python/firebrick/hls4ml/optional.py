# SPDX-License-Identifier: Apache-2.0
"""hls4ml as a package that may be missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from firebrick.errors import FirebrickError

BACKEND = "Vitis"
"""Backend of hls4ml that the layers belong to: its compiler takes C++17."""


def optional(module: str) -> Any:
    """A module of hls4ml, or one that imports it.

    Raises:
        FirebrickError: when hls4ml or a package that it needs is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise FirebrickError(f"hls4ml: {error}: install 'firebrick[hls4ml]'") from error
