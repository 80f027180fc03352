# SPDX-License-Identifier: Apache-2.0
"""Training, pruning, tuning; what needs PyTorch is imported when it is called."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firebrick.api.models import FloatModel, as_float
from firebrick.errors import FirebrickError, naming
from firebrick.evaluate import labelled
from firebrick.frontend.labels import read_labels
from firebrick.passes import prepare
from firebrick.progress import Progress, silent
from firebrick.training.settings import Settings

if TYPE_CHECKING:
    from firebrick.training.train import Trained

NEEDED = ("torch", "matplotlib")


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
        FirebrickError: naming file, field, value and rule; or PyTorch is not installed.
    """
    missing = [x for x in NEEDED if find_spec(x) is None]
    if missing:
        raise FirebrickError(
            f"train: needs {' and '.join(missing)}, which are not installed: pip install "
            "'firebrick[train]'"
        )
    # These import PyTorch, which is an extra: whoever does not train need not have it.
    from firebrick.training.data import load  # noqa: PLC0415
    from firebrick.training.resume import resume  # noqa: PLC0415
    from firebrick.training.stage import Run  # noqa: PLC0415
    from firebrick.training.train import train as run_stages  # noqa: PLC0415
    from firebrick.training.workers import workers  # noqa: PLC0415

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
