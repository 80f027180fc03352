# SPDX-License-Identifier: Apache-2.0
"""Memory images for `$readmemh`: one hexadecimal word a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from firebrick.hardware.memory import Memory


def memory_text(memory: Memory) -> str:
    """Text of one image."""
    digits = -(-memory.width // 4)
    return "".join(f"{word:0{digits}x}\n" for word in memory.words)


def write_memories(folder: Path, prefix: str, memories: Mapping[str, Memory]) -> list[str]:
    """Write ``<prefix>.<suffix>.mem`` for every memory of an instance; returns the file names."""
    names = []
    for suffix, memory in memories.items():
        names.append(f"{prefix}.{suffix}.mem")
        (folder / names[-1]).write_text(memory_text(memory))
    return names
