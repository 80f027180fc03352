# SPDX-License-Identifier: Apache-2.0
"""The command line. Each command reads files, calls one function, prints a table or JSON."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from firebrick import commands
from firebrick.console import ERR
from firebrick.errors import FirebrickError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Trained SqueezeNet in, streaming FPGA accelerator and bit-exact proof out.\n\n"
    "A first run: `firebrick import squeezenet1.1 -o m.onnx`, "
    "`firebrick quantize m.onnx -o q.onnx`, `firebrick verify q.onnx chelsea`.",
)


class Scheme(StrEnum):
    """How weights become codes."""

    CODEBOOK = "codebook"
    LINEAR = "linear"


class Target(StrEnum):
    """What `generate` writes."""

    RTL = "rtl"


class EngineName(StrEnum):
    """Who computes."""

    NUMPY = "numpy"
    ONNXRUNTIME = "onnxruntime"
    RTL = "rtl"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quantized = Annotated[Path, typer.Argument(help="Quantized model, made by `quantize`.")]
Images = Annotated[
    list[str], typer.Argument(help="Photographs: files, or `chelsea`, `coffee`, `rocket` ...")
]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="Plan, made by `plan`; a default if not given.")
]
Waves = Annotated[Path | None, typer.Option(help="Write waveforms (FST) of the rtl engine here.")]


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(help="`squeezenet1.1`, a Deep Compression `.net`, or an `.onnx` file.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Float ONNX to write.")],
    mean: Annotated[
        tuple[float, float, float] | None, typer.Option(help="Channel means, 0 to 255.")
    ] = None,
    std: Annotated[
        tuple[float, float, float] | None, typer.Option(help="Channel divisors, 0 to 255.")
    ] = None,
    channels: Annotated[
        str | None, typer.Option(help="RGB or BGR, what the model expects.")
    ] = None,
    resize: Annotated[
        int | None, typer.Option(help="Shorter side after resizing, before the centre is cut out.")
    ] = None,
    json: Json = False,
) -> None:
    """Read a trained classifier and write it as one ordinary float ONNX file."""
    commands.import_model(source, output, mean, std, channels, resize, as_json=json)


@app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="Float ONNX, made by `import`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Integer ONNX to write.")],
    weight_bits: Annotated[int, typer.Option(min=2, max=8, help="Bits of a weight code.")] = 6,
    act_bits: Annotated[int, typer.Option(min=2, max=8, help="Bits of an activation.")] = 8,
    scheme: Annotated[Scheme, typer.Option(help="k-means codebook, or uniform steps.")] = (
        Scheme.CODEBOOK
    ),
    calibration: Annotated[
        Path | None, typer.Option(help="Folder of photographs to calibrate on (no labels).")
    ] = None,
    json: Json = False,
) -> None:
    """Turn weights into 6-bit codes and activations into 8-bit integers; no labels needed."""
    commands.quantize_model(
        model, output, weight_bits, act_bits, scheme.value, calibration, as_json=json
    )


@app.command()
def plan(
    model: Quantized,
    multipliers: Annotated[int, typer.Option(min=1, help="Multipliers to spend, at most.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="plan.json to write.")
    ] = None,
    store_zeros: Annotated[
        bool, typer.Option(help="Store and compute pruned zeros, to see what sparsity buys.")
    ] = False,
    json: Json = False,
) -> None:
    """Choose lanes and columns for every engine, balance them, predict cycles per frame."""
    commands.plan_model(model, multipliers, output, store_zeros, as_json=json)


@app.command()
def generate(
    model: Quantized,
    plan: Annotated[Path, typer.Argument(help="plan.json, made by `plan`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.")],
    target: Annotated[Target, typer.Option(help="Language.")] = Target.RTL,
    json: Json = False,
) -> None:
    """Write a self-contained folder: top, modules, memory images, manifest."""
    del target  # one target so far; the option is there so that scripts name what they want
    commands.generate_model(model, plan, output, as_json=json)


@app.command()
def infer(
    model: Quantized,
    images: Images,
    engine: Annotated[EngineName, typer.Option(help="Who computes.")] = EngineName.NUMPY,
    plan: PlanFile = None,
    dump: Annotated[
        Path | None, typer.Option(help="Write every layer's integers (NHWC) as .npz.")
    ] = None,
    waves: Waves = None,
    json: Json = False,
) -> None:
    """Classify photographs with one engine: top-5, and cycles where hardware is simulated."""
    commands.infer_model(model, images, engine.value, plan, dump, waves, as_json=json)


@app.command()
def verify(
    model: Quantized,
    images: Images,
    engines: Annotated[
        str, typer.Option(help="Engines to compare with numpy, separated by commas.")
    ] = "onnxruntime,rtl",
    plan: PlanFile = None,
    waves: Waves = None,
    json: Json = False,
) -> None:
    """Compare engines with the NumPy reference: every value of every layer, tolerance zero."""
    commands.verify_model(model, images, engines.split(","), plan, waves, as_json=json)


def main() -> None:
    """Run the command line; expected failures become one line on stderr and an exit status."""
    np.seterr(all="raise")
    try:
        app()
    except FirebrickError as error:
        ERR.print(f"firebrick: {error}", markup=False, soft_wrap=True)
        sys.exit(error.exit_status)
