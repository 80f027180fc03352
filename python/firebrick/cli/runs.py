# SPDX-License-Identifier: Apache-2.0
"""Commands that compute with a model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Images, Json, PlanFile, Quantized, Waves
from firebrick.commands import runs
from firebrick.errors import FirebrickError
from firebrick.report.write import COUNTED, FASTEST, SIMULATED, TARGETS, Options

SYNTH_HELP = (
    "Boards whose plans Yosys counts, separated by commas. Default: "
    f"{','.join(COUNTED[True])} for pruned models, {','.join(COUNTED[False])} for others."
)
TARGETS_HELP = (
    'Cycles per frame to plan for, separated by commas; "" for none. Default: '
    f"{','.join(map(str, TARGETS))}; {FASTEST} too where nothing is pruned."
)


class EngineName(StrEnum):
    """Who computes."""

    NUMPY = "numpy"
    ONNXRUNTIME = "onnxruntime"
    RTL = "rtl"
    CSIM = "csim"
    HLS4ML = "hls4ml"


def infer(
    model: Quantized,
    images: Images,
    engine: Annotated[
        EngineName,
        typer.Option(
            help="numpy: the reference. onnxruntime: the ONNX file. rtl: Verilator. csim: the HLS "
            "kernels, by g++. hls4ml: those within its project."
        ),
    ] = EngineName.NUMPY,
    plan: PlanFile = None,
    dump: Annotated[
        Path | None,
        typer.Option(help="Write every layer's integers as .npz: one array (N, H, W, C) a layer."),
    ] = None,
    waves: Waves = None,
    json: Json = False,
) -> None:
    """Classify photographs with one engine: top-5, and clock cycles where hardware is simulated.

    With `--engine rtl` the first run compiles the hardware, which takes minutes for SqueezeNet.
    Cycles per frame need two photographs or more.

    Example: `firebrick infer q.onnx photo.jpg coffee --engine rtl --waves out.fst`
    """
    runs.infer_model(model, images, engine.value, plan, dump, waves, as_json=json)


def verify(
    model: Quantized,
    images: Images,
    engines: Annotated[
        str, typer.Option(help="Engines to compare with `numpy`, separated by commas, no spaces.")
    ] = "onnxruntime,rtl",
    plan: PlanFile = None,
    waves: Waves = None,
    json: Json = False,
) -> None:
    """Compare engines with the NumPy reference: every value of every layer, tolerance zero.

    Exit status 1 if one value differs. The first run of `rtl` compiles the hardware, which takes
    minutes for SqueezeNet.

    Example: `firebrick verify q.onnx chelsea photo.jpg --engines rtl --plan plan.json`
    """
    runs.verify_model(model, images, engines.split(","), plan, waves, as_json=json)


def report(
    models: Annotated[list[Path], typer.Argument(help="Integer ONNX files, made by `quantize`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Markdown file to write; a .json goes beside it.")
    ],
    simulate: Annotated[
        int,
        typer.Option(
            min=0,
            help="Simulate plans for boards with so many multipliers, at most; of larger plans the "
            "busiest engines alone. 0: none.",
        ),
    ] = SIMULATED,
    synth: Annotated[
        str | None,
        typer.Option(
            metavar="BOARDS",
            help=SYNTH_HELP,
        ),
    ] = None,
    boards: Annotated[
        str | None,
        typer.Option(help='Boards to plan for, separated by commas; "" for none. Default: all.'),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(
            metavar="CYCLES",
            help=TARGETS_HELP,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure models at targets and on boards: plan, simulate, count. Takes hours.

    Every figure is labelled: simulated, counted by Yosys, predicted, or at an assumed clock. What
    was measured is kept, so the same command continues where it was interrupted. A plan that does
    not fit is a result; exit status 1 if hardware gave a wrong value or could not be measured.

    Example: `firebrick report q.onnx -o results.md --targets 500000 --boards kv260 --simulate 0`
    """
    options = Options(
        targets=None if targets is None else tuple(_cycles(x) for x in _names(targets)),
        boards=None if boards is None else _names(boards),
        synth=None if synth is None else _names(synth),
        simulate=simulate,
    )
    runs.report_models(models, output, options, as_json=json)


def _names(text: str) -> tuple[str, ...]:
    return tuple(x.strip() for x in text.split(",") if x.strip())


def _cycles(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16 and int(text)):
        raise FirebrickError(f"targets: {text!r} is not a number of cycles")
    return int(text)
