# SPDX-License-Identifier: Apache-2.0
"""`generate`: the folder of a target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized
from firebrick.emit.target import Target


def generate(
    model: Quantized,
    plan: Annotated[Path, typer.Argument(help="plan.json, made by `plan` from this model.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write; replaces one that `generate` made, unchanged.",
        ),
    ],
    target: Annotated[
        Target,
        typer.Option(
            help="rtl: SystemVerilog. hls: C++ for Vitis HLS. hls4ml: a project of hls4ml."
        ),
    ] = Target.RTL,
    json: Json = False,
) -> None:
    """Write the hardware as a self-contained folder: top, modules or functions, weights, manifest.

    Examples: `firebrick generate q.onnx plan.json -o rtl/`,
    `firebrick generate q.onnx plan.json -o hls/ --target hls`
    """
    from firebrick.api.generating import generate as write
    from firebrick.api.models import QuantizedModel
    from firebrick.cli.display import show
    from firebrick.quantize.integer_onnx import load

    network = load.read(model)
    write(QuantizedModel(network), plan, output, target=target)
    fields = {"output": str(output), "target": str(target), "model_hash": network.digest()}
    show(network.name, fields, json)
