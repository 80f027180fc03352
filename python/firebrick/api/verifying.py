# SPDX-License-Identifier: Apache-2.0
"""Engines against the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from firebrick.api.models import QuantizedModel, as_network
from firebrick.errors import FirebrickError
from firebrick.plan.plan import Plan
from firebrick.progress import Progress, silent
from firebrick.verify.classes import Guess, classify
from firebrick.verify.compare import LayerDifference, compare
from firebrick.verify.engine import EngineRun
from firebrick.verify.engines import ENGINES
from firebrick.verify.jobs import make_job

REFERENCE = "numpy"
"""Every operator's `golden()`."""
USUAL = ("onnxruntime", "rtl")


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """What engines gave, beside the reference.

    Attributes:
        images: a name of each image.
        classes: the best classes of each image, by the reference.
        runs: what each engine gave, and how long it took; simulated hardware with its cycles.
        differences: by engine, how many values of each layer are not those of the reference.
    """

    images: Sequence[str]
    classes: Sequence[Sequence[Guess]]
    runs: Mapping[str, EngineRun]
    differences: Mapping[str, Sequence[LayerDifference]]

    def __repr__(self) -> str:
        """What was compared, without the tensors."""
        return f"Verification({len(self.images)} images, differing: {self.differing})"

    @property
    def differing(self) -> dict[str, int]:
        """Values that differ, by engine; all are 0 if the engines are right."""
        return {name: sum(x.differing for x in rows) for name, rows in self.differences.items()}


def verify(
    model: QuantizedModel | str | Path,
    images: str | Path | Sequence[str | Path],
    *,
    engines: str | Sequence[str] = USUAL,
    plan: Plan | str | Path | None = None,
    waves: str | Path | None = None,
    progress: Progress = silent,
) -> Verification:
    """Compare engines with the NumPy reference: every value of every layer, tolerance zero.

    `firebrick verify` in a program; a difference is found in the result, it is no error.

    Args:
        model: quantized, or its file.
        images: image files, ``.npy`` arrays, or names of samples; or one of them.
        engines: of ``onnxruntime``, ``rtl``, ``csim``, ``hls4ml``, ``numpy``.
        plan: of the hardware that is simulated, or its file; None for one that simulates fast.
        waves: FST file to write every signal's waveform to, of ``rtl``.
        progress: told what is being done and the share done, 0 to 1.

    Raises:
        CheckFailed: a simulation fails.
        FirebrickError: naming file, field, value and rule.
    """
    engines = engines.split(",") if isinstance(engines, str) else engines
    images = [images] if isinstance(images, str | Path) else images
    for name in engines:
        if name not in ENGINES:
            raise FirebrickError(f"engines: {name!r} is none of {', '.join(ENGINES)}")
    network = as_network(model)
    given = Path(plan) if isinstance(plan, str) else plan
    trace = None if waves is None else Path(waves)
    job, names = make_job(network, images, engines, given, trace, progress)
    reference = ENGINES[REFERENCE](job)
    runs = {name: ENGINES[name](job) for name in engines}
    differences = {name: compare(reference.tensors, run.tensors) for name, run in runs.items()}
    return Verification(names, classify(network, reference.tensors), runs, differences)
