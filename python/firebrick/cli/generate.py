# SPDX-License-Identifier: Apache-2.0
"""`generate`: the folder of a target."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firebrick.cli.options import Json, Quantized

if TYPE_CHECKING:
    from firebrick.ir.network import Network
    from firebrick.plan.plan import Plan


class Target(StrEnum):
    """What `generate` writes."""

    RTL = "rtl"
    HLS = "hls"
    HLS4ML = "hls4ml"


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
    from firebrick.cli.display import show
    from firebrick.cli.files import read_plan
    from firebrick.quantize.integer_onnx import load

    network = load.read(model)
    writer_of(target)(network, read_plan(plan, network), output)
    fields = {"output": str(output), "target": str(target), "model_hash": network.digest()}
    show(network.name, fields, json)


def writer_of(target: Target) -> Callable[[Network, Plan, Path], None]:
    """What writes the folder of a target."""
    match target:
        case Target.RTL:
            from firebrick.emit.rtl.generate import generate as write
        case Target.HLS:
            from firebrick.emit.hls.generate import generate as write
        case Target.HLS4ML:
            from firebrick.hls4ml.generate import generate as write
    return write
