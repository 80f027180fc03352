# SPDX-License-Identifier: Apache-2.0
"""`quantize`: float ONNX to integer ONNX, with its SQNR over photographs not calibrated on."""

from __future__ import annotations

from math import isinf
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Output
from firebrick.quantize.options import Scheme


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
    from firebrick import console
    from firebrick.api.quantizing import quantize as make
    from firebrick.cli.display import show
    from firebrick.files.output import check_apart, check_file
    from firebrick.quantize.quality import statistics
    from firebrick.verify.rtl_engine import default_plan

    check_file(output)  # before minutes are spent
    check_apart(output, model)
    with console.progress_bars() as progress:
        made = make(
            model,
            weight_bits=weight_bits,
            act_bits=act_bits,
            scheme=scheme,
            calibration=calibration,
            evaluation=evaluation,
            progress=progress,
        )
        network, sqnr = made.network, float(made.notes["sqnr_db"])
        plan = default_plan(network, progress)
    made.save(output)
    fields = {
        "output": str(output),
        "scheme": str(scheme),
        "weight_bits": weight_bits,
        "act_bits": act_bits,
        **statistics(network),
        "weight_bytes": plan.onchip_bytes["weights"],
        "sqnr_db": sqnr,
        "sqnr_photographs": int(made.notes["sqnr_photographs"]),
        "evaluation": made.measured_on,
    }
    if not json and isinf(sqnr):
        fields["sqnr_db"] = f"{sqnr}: " + ("no error" if sqnr > 0 else "float logits are all 0")
    show(f"{network.name}, quantized", fields, json)
