# SPDX-License-Identifier: Apache-2.0
"""The command line: what users type, checked and explained. `commands` does the work."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick import __version__, commands
from firebrick.console import ERR
from firebrick.errors import FirebrickError
from firebrick.quantize import QuantizeOptions, Scheme

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Trained SqueezeNet in, streaming FPGA accelerator and bit-exact proof out.\n\n"
    "A first run: `firebrick import squeezenet1.1 -o m.onnx`, then "
    "`firebrick quantize m.onnx -o q.onnx`, then `firebrick verify q.onnx chelsea`.\n\n"
    "Exit status: 0 done, 1 a check failed, 2 bad input or usage.",
)


class Target(StrEnum):
    """What `generate` writes."""

    RTL = "rtl"


class EngineName(StrEnum):
    """Who computes."""

    NUMPY = "numpy"
    ONNXRUNTIME = "onnxruntime"
    RTL = "rtl"


Triple = tuple[float, float, float]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]
Quantized = Annotated[Path, typer.Argument(help="Quantized model, made by `quantize`.")]
Images = Annotated[
    list[str], typer.Argument(help="Photographs: files, or `chelsea`, `coffee`, `rocket` ...")
]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", help="Plan, made by `plan`; without it one that simulates fast."),
]
Waves = Annotated[Path | None, typer.Option(help="Write waveforms (FST) of the rtl engine here.")]


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(help="`squeezenet1.1`, a Deep Compression `.net`, or an `.onnx` file.")
    ],
    output: Output,
    size: Annotated[
        int | None, typer.Option(min=1, help="Side of the image, if the ONNX file leaves it open.")
    ] = None,
    mean: Annotated[Triple | None, typer.Option(help="Channel means, 0 to 255.")] = None,
    std: Annotated[Triple | None, typer.Option(help="Channel divisors, 0 to 255.")] = None,
    channels: Annotated[
        str | None, typer.Option(help="`RGB` or `BGR`, what the model expects.")
    ] = None,
    resize: Annotated[
        int | None,
        typer.Option(min=1, help="Shorter side after resizing, before the centre is cut out."),
    ] = None,
    json: Json = False,
) -> None:
    """Read a trained classifier and write it as one ordinary float ONNX file."""
    given = {"mean": mean, "std": std, "channels": channels, "resize": resize}
    commands.import_model(source, output, given, size, as_json=json)


@app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="Float ONNX, made by `import`.")],
    output: Output,
    weight_bits: Annotated[int, typer.Option(help="Bits of a weight code, 2 to 8.")] = 6,
    act_bits: Annotated[int, typer.Option(help="Bits of an activation, 2 to 8.")] = 8,
    scheme: Annotated[
        Scheme, typer.Option(help="Values found by k-means, or uniform steps.")
    ] = Scheme.CODEBOOK,
    calibration: Annotated[
        Path | None, typer.Option(help="Folder of photographs to calibrate on; no labels needed.")
    ] = None,
    json: Json = False,
) -> None:
    """Turn weights into 6-bit codes and activations into 8-bit integers."""
    options = QuantizeOptions(weight_bits=weight_bits, act_bits=act_bits, scheme=scheme)
    commands.quantize_model(model, output, options, calibration, as_json=json)


@app.command()
def plan(
    model: Quantized,
    multipliers: Annotated[int, typer.Option(min=1, help="Multipliers to spend, at most.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="plan.json to write.")
    ] = None,
    store_zeros: Annotated[
        bool, typer.Option(help="Store and multiply pruned zeros, to see what sparsity buys.")
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
    commands.generate_model(model, plan, output, target.value, as_json=json)


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


@app.command()
def report(
    models: Annotated[list[Path], typer.Argument(help="Quantized models, made by `quantize`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Markdown to write; JSON goes beside it.")
    ],
    json: Json = False,
) -> None:
    """Measure models: plan, simulate, compare; cycles, efficiency, memory. Takes minutes."""
    commands.report_models(models, output, as_json=json)


def version(shown: bool) -> None:
    """Print the version and stop."""
    if shown:
        typer.echo(f"firebrick {__version__}")
        raise typer.Exit


@app.callback()
def common(
    _version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; an expected failure is one line on stderr and an exit status."""
    try:
        app()
    except FirebrickError as error:
        ERR.print(f"firebrick: {error}", markup=False, soft_wrap=True)
        sys.exit(error.exit_status)
    except OSError as error:
        ERR.print(f"firebrick: {error.filename}: {error.strerror}", markup=False, soft_wrap=True)
        sys.exit(FirebrickError.exit_status)
