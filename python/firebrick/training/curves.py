# SPDX-License-Identifier: Apache-2.0
"""How training went, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from firebrick.files.output import whole_file
from firebrick.training.history import Epoch


def draw(history: Sequence[Epoch], path: Path) -> None:
    """Loss and accuracy on held-out images by epoch, a colour a stage; a PNG file."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    stages = list(dict.fromkeys(x.stage for x in history))
    for stage in stages:
        places = [n for n, x in enumerate(history, 1) if x.stage == stage]
        of_stage = [x for x in history if x.stage == stage]
        loss.plot(places, [x.loss for x in of_stage], marker="o", label=stage)
        accuracy.plot(places, [100 * x.held_out for x in of_stage], marker="o", label=stage)
    loss.set(xlabel="epoch", ylabel="loss", title="on training images")
    accuracy.set(xlabel="epoch", ylabel="right, %", title="on held-out images")
    accuracy.legend()
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
