# SPDX-License-Identifier: Apache-2.0
"""Models over labelled images: the loop, and what comes of it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firebrick.errors import FirebrickError
from firebrick.evaluate.candidate import Candidate
from firebrick.evaluate.classes import Truth, truth
from firebrick.evaluate.labelled import Labelled
from firebrick.evaluate.logits import CORES, SHARE, SHARES, SIMULATED, side_by_side
from firebrick.evaluate.result import Confusion, Evaluation
from firebrick.evaluate.scores import Scores, wilson
from firebrick.progress import Progress

WORST = 10
"""Confusions that are told."""
MAX_LOGITS = 1 << 28
"""Most logits of a reference, which are kept."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of the logits that a user gives.

    Attributes:
        names: of all logits, in order.
        source: where they come from.
    """

    names: tuple[str, ...]
    source: str


def run(
    candidate: Candidate,
    data: Labelled,
    labels: Labels | None,
    reference: NDArray[np.float32] | None,
    kept: NDArray[np.float32] | None,
    progress: Progress,
) -> Evaluation:
    """Evaluate one model.

    Args:
        candidate: the model.
        data: images of known classes.
        labels: in place of the model's own.
        reference: real logits of the same images, (images, classes), to hold these against.
        kept: place for its logits, (images, classes).
        progress: told the share of images done.

    Raises:
        CheckFailed: a simulation fails.
        FirebrickError: images cannot be read, or classes are not the model's.
    """
    names, source = (candidate.labels, None) if labels is None else (labels.names, labels.source)
    true = truth(data, candidate.count, names, source)
    if reference is not None and reference.shape[1] != candidate.count:
        raise FirebrickError(
            f"{candidate.name}: logits={candidate.count} are not the {reference.shape[1]} of the "
            "float model that it is held against"
        )
    scores, task = Scores(), f"{candidate.name}, {candidate.engine}"
    progress(task, 0.0)
    if candidate.engine in SIMULATED:
        candidate.logits(np.zeros((1, *candidate.shape), np.uint8))  # builds what all parts share
    start = time.perf_counter()
    for logits in _all_logits(candidate, data):
        at = scores.images
        part = slice(at, at + len(logits))
        wanted = None if reference is None else reference[part]
        if kept is not None:
            kept[part] = logits
        scores.add(logits, candidate.scale, true.indices[part], wanted)
        progress(task, scores.images / len(data))
    seconds = time.perf_counter() - start
    return _evaluation(candidate, scores, true, seconds, compared=reference is not None)


def room_for_logits(candidate: Candidate, data: Labelled) -> NDArray[np.float32]:
    """Place for the logits of a model that others are held against: (images, classes).

    Raises:
        FirebrickError: they are too many to be kept.
    """
    count = len(data) * candidate.count
    if count > MAX_LOGITS:
        raise FirebrickError(
            f"{data.place}: logits={count} of {len(data)} images exceed {MAX_LOGITS}: give --limit"
        )
    return np.empty((len(data), candidate.count), np.float32)


def _all_logits(candidate: Candidate, data: Labelled) -> Iterator[NDArray[Any]]:
    share = SHARES.get(candidate.engine, SHARE)
    chunk = share.chunk(candidate.values, len(data))
    parts = data.pixels(candidate.how, *candidate.shape[1:], chunk, CORES)
    return side_by_side(candidate.logits, parts, share.workers)


def _evaluation(
    candidate: Candidate, scores: Scores, true: Truth, seconds: float, *, compared: bool
) -> Evaluation:
    images = scores.images
    confused = [(pair, n) for pair, n in scores.pairs.items() if pair[0] != pair[1]]
    worst = sorted(confused, key=lambda x: (-x[1], x[0]))[:WORST]
    return Evaluation(
        candidate.name,
        candidate.engine,
        images,
        scores.right / images,
        scores.right_of_top / images,
        wilson(scores.right, images),
        scores.agreeing / images if compared else None,
        scores.sqnr_db if compared else None,
        images / seconds if seconds else math.inf,
        true.how,
        candidate.preprocessing_from,
        tuple(Confusion(true.names[a], true.names[b], n) for (a, b), n in worst),
        scores.sha.hexdigest(),
        true.names,
        dict(scores.pairs),
    )
