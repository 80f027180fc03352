# SPDX-License-Identifier: Apache-2.0
"""Pruning without labels and without training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from firebrick.api.models import FloatModel, QuantizedModel, as_float
from firebrick.errors import naming
from firebrick.ir.graph import ConvNode, Graph
from firebrick.passes import prepare
from firebrick.progress import Progress, silent
from firebrick.prune.run import prune as run
from firebrick.quantize.options import QuantizeOptions
from firebrick.samples.load import load_samples


@dataclass(frozen=True, slots=True, eq=False)
class Pruned:
    """A pruned model.

    Attributes:
        model: of floats, with zeros.
        quantized: the integers that were measured.
        sqnr_db: of their logits against the dense floats, over images not calibrated on.
        dense_db: the same of the dense integers.
        kept: share of the weights that are not zero.
    """

    model: FloatModel
    quantized: QuantizedModel
    sqnr_db: float
    dense_db: float
    kept: float


def prune(
    model: FloatModel | str | Path,
    *,
    min_db: float = 30.0,
    cost: str = "weights",
    weight_bits: int = 6,
    act_bits: int = 8,
    calibration: str | Path | None = None,
    evaluation: str | Path | None = None,
    progress: Progress = silent,
) -> Pruned:
    """Prune what a network does without; `firebrick prune` in a program.

    Args:
        model: of floats, or its file.
        min_db: SQNR that is left at least, of quantized and pruned against dense floats.
        cost: what is to become less: ``weights``, ``macs`` (multiplications) or ``cycles``.
        weight_bits: of the quantization that is measured.
        act_bits: likewise.
        calibration: folder of images to calibrate on; None for sample photographs.
        evaluation: folder of images to measure on; see `quantize`.
        progress: told what is being done and the share done, 0 to 1.

    Raises:
        CheckFailed: without any pruning the SQNR is less.
        FirebrickError: naming file, layer, field, value and rule.
    """
    options = QuantizeOptions(weight_bits=weight_bits, act_bits=act_bits)
    place = model.graph.name if isinstance(model, FloatModel) else model
    given, measured = (None if x is None else Path(x) for x in (calibration, evaluation))
    with naming(place):
        source = as_float(model)
        graph = prepare(source.graph)
        samples = load_samples(graph, given, measured, options)
        found = run(graph, samples, options, least_db=min_db, cost=cost, progress=progress)
    notes = {
        "sqnr_db": str(round(found.sqnr_db, 2)),
        "sqnr_photographs": str(len(samples.evaluation)),
    }
    return Pruned(
        FloatModel(found.graph, source.preprocessing_from),
        QuantizedModel(found.network, notes, samples.measured_on),
        found.sqnr_db,
        found.dense_db,
        _nonzero(found.graph) / _nonzero(graph),
    )


def _nonzero(graph: Graph) -> int:
    return sum(int((x.weights != 0).sum()) for x in graph.each(ConvNode))
