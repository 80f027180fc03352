# SPDX-License-Identifier: Apache-2.0
"""How often models are right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from firebrick.api.models import FloatModel, QuantizedModel, load
from firebrick.errors import FirebrickError
from firebrick.evaluate import labelled
from firebrick.evaluate.candidate import Candidate, of_floats, of_integers
from firebrick.evaluate.logits import ENGINE_NAMES
from firebrick.evaluate.result import Evaluation
from firebrick.evaluate.run import Labels, room_for_logits, run
from firebrick.frontend.labels import read_labels
from firebrick.plan.claims import read_plan
from firebrick.plan.plan import Plan
from firebrick.progress import Progress, silent

Model = FloatModel | QuantizedModel | str | Path


def evaluate(
    models: Model | Sequence[Model],
    data: str | Path,
    *,
    engine: str = "onnxruntime",
    float_model: FloatModel | str | Path | None = None,
    labels: str | Path | None = None,
    limit: int | None = None,
    plan: Plan | str | Path | None = None,
    progress: Progress = silent,
) -> list[Evaluation]:
    """Classify images of known classes, and count; `firebrick evaluate` in a program.

    Args:
        models: quantized or of floats, or their files; several are shown the same images.
        data: a folder with a folder a class; a ``.csv`` file with the columns file and class; or an
            ``.npz`` file with the arrays images and labels.
        engine: who computes the quantized ones: ``onnxruntime``, ``numpy``, ``rtl`` or ``csim``.
        float_model: to hold the others against: agreement and SQNR; it is evaluated as well. None
            for the first model of floats, if there is one.
        labels: file of the classes' names, one a line, in the order of the logits; None for those
            of the models.
        limit: images at most, drawn evenly from all classes, always the same ones.
        plan: of the hardware that is simulated, or its file; None for one that simulates fast.
        progress: told what is being done and the share done, 0 to 1.

    Returns:
        One a model, in their order, `float_model` first.

    Raises:
        CheckFailed: a simulation fails.
        FirebrickError: naming file, field, value and rule.
    """
    given = [models] if isinstance(models, Model) else list(models)
    if not given:
        raise FirebrickError("evaluate: models=0 is less than 1")
    if limit is not None and limit < 1:
        raise FirebrickError(f"evaluate: limit={limit} is less than 1")
    if engine not in ENGINE_NAMES:
        raise FirebrickError(f"evaluate: engine={engine!r} is none of {', '.join(ENGINE_NAMES)}")
    if isinstance(plan, str | Path) and not Path(plan).is_file():
        raise FirebrickError(f"{plan}: cannot be read: there is no such file")
    names = None if labels is None else Labels(read_labels(Path(labels)), str(labels))
    images = labelled.read(Path(data)).drawn(limit)
    if float_model is not None:
        others = [x for x in given if not _same(x, float_model)]
        given = [float_model, *others]
    candidates = [_candidate(x, engine, plan, len(images), progress) for x in given]
    reference = next((x for x in candidates if x.is_float), None)
    if float_model is not None and candidates[0] is not reference:
        raise FirebrickError(
            f"{candidates[0].name}: is quantized: give a float model to compare to"
        )
    kept = room_for_logits(reference, images) if reference and len(candidates) > 1 else None
    found: dict[int, Evaluation] = {}
    order = sorted(range(len(candidates)), key=lambda x: candidates[x] is not reference)
    for index in order:  # what others are held against comes first
        one = candidates[index]
        if one is reference:
            found[index] = run(one, images, names, None, kept, progress)
        else:
            found[index] = run(one, images, names, kept, None, progress)
    return [found[x] for x in range(len(candidates))]


def _same(one: Model, other: Model) -> bool:
    """Whether both are one model, or files of one name."""
    if isinstance(one, str | Path) and isinstance(other, str | Path):
        return Path(one) == Path(other)
    return one is other


def _candidate(
    model: Model, engine: str, plan: Plan | str | Path | None, images: int, progress: Progress
) -> Candidate:
    name = str(model) if isinstance(model, str | Path) else ""
    found = load(model) if isinstance(model, str | Path) else model
    if isinstance(found, FloatModel):
        return of_floats(name or found.graph.name, found.graph, found.preprocessing_from)
    network = found.network
    chosen = read_plan(Path(plan), network) if isinstance(plan, str | Path) else plan
    return of_integers(name or network.name, network, engine, chosen, images, progress)
