# SPDX-License-Identifier: Apache-2.0
"""From floats to integers."""

from __future__ import annotations

from pathlib import Path

from firebrick import passes
from firebrick.api.models import FloatModel, QuantizedModel, as_float
from firebrick.errors import naming
from firebrick.progress import Progress, silent
from firebrick.quantize import quantizer
from firebrick.quantize.options import QuantizeOptions, Scheme, scheme_named
from firebrick.quantize.quality import sqnr_db
from firebrick.samples.load import SAMPLE_PHOTOGRAPHS, load_samples


def quantize(
    model: FloatModel | str | Path,
    *,
    weight_bits: int = 6,
    act_bits: int = 8,
    scheme: str = Scheme.CODEBOOK,
    calibration: str | Path | None = None,
    evaluation: str | Path | None = None,
    progress: Progress = silent,
) -> QuantizedModel:
    """Turn a float model into integers; `firebrick quantize` in a program.

    Args:
        model: of floats, or its file.
        weight_bits: bits of a weight code, 2 to 8.
        act_bits: bits of an activation, 2 to 8.
        scheme: ``codebook``, 8-bit values found by k-means, or ``linear``, equal steps.
        calibration: folder of photographs, or of ``.npy`` arrays, with those within, to calibrate
            on; None for sample photographs.
        evaluation: likewise, to measure the SQNR on; None for every fifth image of `calibration`,
            or for other sample photographs.
        progress: told what is being done and the share done, 0 to 1.

    Raises:
        FirebrickError: naming file, layer, field, value and rule.
    """
    options = QuantizeOptions(
        weight_bits=weight_bits, act_bits=act_bits, scheme=scheme_named(scheme)
    )
    place = model.graph.name if isinstance(model, FloatModel) else model
    with naming(place):
        graph = passes.prepare(as_float(model).graph)
    given, measured = (None if x is None else Path(x) for x in (calibration, evaluation))
    samples = load_samples(graph, given, measured, options)
    with naming(place):
        network = quantizer.quantize(graph, options, samples.calibration, progress)
    progress("measuring", 0.0)
    sqnr = sqnr_db(graph, network, samples.evaluation)
    progress("measuring", 1.0)
    notes = {"sqnr_db": str(round(sqnr, 2)), "sqnr_photographs": str(len(samples.evaluation))}
    if samples.measured_on != SAMPLE_PHOTOGRAPHS:
        notes["evaluation"] = "images of the user"  # no path: the file is passed on
    return QuantizedModel(network, notes, samples.measured_on)
