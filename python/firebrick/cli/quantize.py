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
            help="Folder of photographs, or of .npy arrays, to calibrate on. Default: sample "
            "photographs."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Turn a float model into integers: by default 6-bit weight codes and 8-bit activations.

    Needs photographs, but neither labels nor training. The result is one standard ONNX file. The
    SQNR shown is that of the logits, in dB, over sample photographs not calibrated on; of arrays,
    over every fifth, which is kept back for that. In JSON it is null where it is infinite.

    Example: `firebrick quantize m.onnx -o q.onnx --weight-bits 4 --calibration photos/`
    """
    from firebrick import console, frontend, inputs, passes
    from firebrick.cli.display import show
    from firebrick.errors import naming
    from firebrick.files.output import check_file
    from firebrick.quantize import quantizer
    from firebrick.quantize.integer_onnx import export
    from firebrick.quantize.quality import sqnr_db, statistics
    from firebrick.verify.rtl_engine import default_plan

    options = QuantizeOptions(weight_bits=weight_bits, act_bits=act_bits, scheme=scheme)
    check_file(output)  # before minutes are spent
    with naming(model):
        graph = passes.prepare(frontend.load(str(model)))
    samples = inputs.load_samples(graph, calibration, options.crops)
    with console.progress_bars() as progress:
        with naming(model):
            network = quantizer.quantize(graph, options, samples.calibration, progress)
        progress("measuring", 0.0)
        sqnr = sqnr_db(graph, network, samples.evaluation)
        progress("measuring", 1.0)
        plan = default_plan(network, progress)
    quality = {"sqnr_db": round(sqnr, 2), "sqnr_photographs": len(samples.evaluation)}
    export.write(network, output, notes={name: str(value) for name, value in quality.items()})
    fields = {
        "output": str(output),
        "scheme": str(options.scheme),
        "weight_bits": options.weight_bits,
        "act_bits": options.act_bits,
        **statistics(network),
        "weight_bytes": plan.onchip_bytes["weights"],
        **quality,
    }
    if not json and isinf(sqnr):
        fields["sqnr_db"] = f"{sqnr}: " + ("no error" if sqnr > 0 else "float logits are all 0")
    show(f"{network.name}, quantized", fields, json)
