# SPDX-License-Identifier: Apache-2.0
"""`quantize`: float ONNX to integer ONNX, with its SQNR over photographs not calibrated on."""

from __future__ import annotations

from math import isinf
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Output
from firebrick.quantize.options import QuantizeOptions, Scheme


def quantize(
    model: Annotated[Path, typer.Argument(help="Float ONNX file, made by `import`.")],
    output: Output,
    weight_bits: Annotated[int, typer.Option(help="Bits of a weight code, 2 to 8.")] = 6,
    act_bits: Annotated[int, typer.Option(help="Bits of an activation, 2 to 8.")] = 8,
    scheme: Annotated[
        Scheme, typer.Option(help="codebook: 8-bit values found by k-means. linear: equal steps.")
    ] = Scheme.CODEBOOK,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="Folder of photographs, or of .npy arrays, to calibrate on, with those within. "
            "Default: sample photographs."
        ),
    ] = None,
    evaluation: Annotated[
        Path | None,
        typer.Option(
            help="Likewise, to measure the SQNR on. Default: every fifth image of --calibration, "
            "which is not calibrated on; without either, other sample photographs."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Turn a float model into integers: by default 6-bit weight codes and 8-bit activations.

    Needs photographs, but neither labels nor training. The result is one standard ONNX file. The
    SQNR shown is that of the logits, in dB, over images not calibrated on, and `evaluation` says
    which: sample photographs tell little of a network for others. In JSON it is null where it is
    infinite. A folder may hold any number of images, in folders of its own too: some 70 are
    calibrated on, drawn evenly from all of them, always the same; other files are passed over.

    Example: `firebrick quantize m.onnx -o q.onnx --calibration photos/ --evaluation others/`
    """
    from firebrick import console, frontend, passes
    from firebrick.cli.display import show
    from firebrick.errors import naming
    from firebrick.files.output import check_apart, check_file
    from firebrick.quantize import quantizer
    from firebrick.quantize.integer_onnx import export
    from firebrick.quantize.quality import sqnr_db, statistics
    from firebrick.samples.load import SAMPLE_PHOTOGRAPHS, load_samples
    from firebrick.verify.rtl_engine import default_plan

    options = QuantizeOptions(weight_bits=weight_bits, act_bits=act_bits, scheme=scheme)
    check_file(output)  # before minutes are spent
    check_apart(output, model)
    with naming(model):
        graph = passes.prepare(frontend.load(str(model)))
    samples = load_samples(graph, calibration, evaluation, options)
    with console.progress_bars() as progress:
        with naming(model):
            network = quantizer.quantize(graph, options, samples.calibration, progress)
        progress("measuring", 0.0)
        sqnr = sqnr_db(graph, network, samples.evaluation)
        progress("measuring", 1.0)
        plan = default_plan(network, progress)
    quality = {"sqnr_db": round(sqnr, 2), "sqnr_photographs": len(samples.evaluation)}
    notes = {name: str(value) for name, value in quality.items()}
    if samples.measured_on != SAMPLE_PHOTOGRAPHS:
        notes["evaluation"] = "images of the user"  # no path: the file is passed on
    export.write(network, output, notes=notes)
    fields = {
        "output": str(output),
        "scheme": str(options.scheme),
        "weight_bits": options.weight_bits,
        "act_bits": options.act_bits,
        **statistics(network),
        "weight_bytes": plan.onchip_bytes["weights"],
        **quality,
        "evaluation": samples.measured_on,
    }
    if not json and isinf(sqnr):
        fields["sqnr_db"] = f"{sqnr}: " + ("no error" if sqnr > 0 else "float logits are all 0")
    show(f"{network.name}, quantized", fields, json)
