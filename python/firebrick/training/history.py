# SPDX-License-Identifier: Apache-2.0
"""What is measured of each epoch, kept in a file while training goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from firebrick.files.output import whole_file


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch.

    Attributes:
        stage: dense, prune, retrain or tune.
        epoch: within the stage, from 1.
        loss: mean over training images.
        held_out: share of the held-out images that are right after it.
        kept: share of the weights that are not pruned.
        seconds: it took.
    """

    stage: str
    epoch: int
    loss: float
    held_out: float
    kept: float
    seconds: float


def write(history: Sequence[Epoch], path: Path) -> None:
    """One JSON object a line."""
    with whole_file(path) as temporary:
        temporary.write_text("".join(json.dumps(asdict(x)) + "\n" for x in history))
