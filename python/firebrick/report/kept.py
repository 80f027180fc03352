# SPDX-License-Identifier: Apache-2.0
"""What was measured is kept by its content, so that an interrupted report continues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from firebrick.data import data_folder
from firebrick.files.cache import cache_folder, code_key, is_kept, keep_text

PLANNING = ("hardware", "ops", "area", "ir", "plan", "search", "boards.py")
"""Code that decides what a plan is."""
BUILDING = ("hardware", "ops", "plan", "emit", "verify")
"""Code that, with the hardware's sources, decides what a simulation shows."""
COUNTING = ("hardware", "ops", "plan", "emit", "synth")
"""Code that, with the hardware's sources, decides what Yosys counts."""


def kept(kind: str, parts: tuple[str, ...], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A measurement as JSON: from the cache, else made and put there.

    What fails is not kept: it is tried anew.

    Args:
        kind: of measurement.
        parts: everything that decides the result.
        make: measures.
    """
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    path = cache_folder("measurements") / f"{kind}-{key}.json"
    if is_kept(path):
        try:
            found = json.loads(path.read_text())
            if isinstance(found, dict):
                return found
        except ValueError:  # damaged: made anew
            pass
    made = make()
    keep_text(path, json.dumps(made))
    return made


@cache
def planning_key() -> str:
    """Key of the planner."""
    return code_key(*PLANNING)


@cache
def building_key() -> str:
    """Key of everything between a plan and its simulation."""
    return code_key(*BUILDING) + _sources("hw") + _sources("sim/lib")


@cache
def counting_key() -> str:
    """Key of everything between a plan and its counts."""
    return code_key(*COUNTING) + _sources("hw")


def _sources(folder: str) -> str:
    """Key of the files that simulators and synthesizers read."""
    sha = hashlib.sha256()
    root = data_folder(folder)
    for path in sorted(root.rglob("*")):
        if path.suffix in {".sv", ".svh", ".vlt", ".py"}:
            sha.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:16]
