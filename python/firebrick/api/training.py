# SPDX-License-Identifier: Apache-2.0
"""Training, pruning, tuning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from firebrick.api.models import FloatModel, as_float
from firebrick.errors import naming
from firebrick.evaluate import labelled
from firebrick.frontend.labels import read_labels
from firebrick.passes import prepare
from firebrick.progress import Progress, silent
from firebrick.training.data import load
from firebrick.training.resume import resume
from firebrick.training.settings import Settings
from firebrick.training.stage import Run
from firebrick.training.train import Trained
from firebrick.training.train import train as run_stages
from firebrick.training.workers import workers


def train(
    model: FloatModel | str | Path,
    data: str | Path,
    folder: str | Path,
    *,
    labels: str | Path | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> Trained:
    """Train a network and make integers of it; `firebrick train` in a program. Needs PyTorch.

    Args:
        model: of floats, built or imported, or its file.
        data: images of known classes, as `evaluate` takes them.
        folder: for what is made; a run that was interrupted there goes on.
        labels: file of the classes' names, one a line, in the order of the logits.
        progress: told what is being done and the share done, 0 to 1.
        settings: fields of `training.settings.Settings`.

    Raises:
        FirebrickError: naming file, field, value and rule.
    """
    chosen = Settings(**settings)
    graph = as_float(model).graph
    with naming(graph.name if isinstance(model, FloatModel) else model):
        prepare(graph)  # what quantizing would refuse is said before hours are spent
    names = graph.labels if labels is None else read_labels(Path(labels))
    images = labelled.read(Path(data))
    examples, found = load(images, graph, names, None if labels is None else str(labels), progress)
    graph = replace(graph, labels=graph.labels or found)
    with workers() as group:
        training, held_out = examples.split(chosen.held_out, chosen.seed)
        run = Run(chosen, training, held_out, Path(folder), group, progress)
        resume(run, graph)
        return run_stages(graph, run)
