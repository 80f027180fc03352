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
from firebrick.plan.planner import FAST_SIMULATION
from firebrick.quantize import QuantizeOptions, Scheme

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Trained SqueezeNet in, streaming FPGA accelerator and bit-exact proof out.\n\n"
    "Integers: `import`, `quantize`, `verify`. Hardware: `plan`, `generate`.\n\n"
    "First run: `firebrick import squeezenet1.1 -o m.onnx`, "
    "`firebrick quantize m.onnx -o q.onnx`, `firebrick verify q.onnx chelsea`.\n\n"
    "Exit status: 0 done, 1 a check failed (values differ, does not fit), 2 bad input or usage.",
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
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, no tables.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="ONNX file to write.")]
Quantized = Annotated[Path, typer.Argument(help="Integer ONNX file, made by `quantize`.")]
Images = Annotated[
    list[str], typer.Argument(help="Image files, or samples: `chelsea`, `coffee`, `rocket` ...")
]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", help=f"rtl: made by `plan`. Default: {FAST_SIMULATION} multipliers."),
]
Waves = Annotated[
    Path | None, typer.Option(help="rtl: FST file to write every signal's waveform to. Slower.")
]


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(help="`squeezenet1.1` (pretrained), a Deep Compression `.net`, an `.onnx`."),
    ],
    output: Output,
    size: Annotated[
        int | None, typer.Option(min=1, help="Sides of an `.onnx` input that is open, pixels.")
    ] = None,
    mean: Annotated[
        Triple | None, typer.Option(metavar="M M M", help="Channel means, 0 to 255.")
    ] = None,
    std: Annotated[
        Triple | None, typer.Option(metavar="S S S", help="Channel divisors, 0 to 255.")
    ] = None,
    channels: Annotated[
        str | None, typer.Option(help="Order the model expects: `RGB` or `BGR`.")
    ] = None,
    resize: Annotated[
        int | None,
        typer.Option(min=1, help="Shorter side, pixels, before the centre is cut out."),
    ] = None,
    json: Json = False,
) -> None:
    """Read a trained classifier and write it as one ordinary float ONNX file.

    `--mean`, `--std`, `--channels` and `--resize` say how a photograph becomes the model's input.
    The default is what the source says; for an `.onnx` file that says nothing, as torchvision.

    Example: `firebrick import model.onnx -o m.onnx --mean 127.5 127.5 127.5 --std 128 128 128`
    """
    given = {"mean": mean, "std": std, "channels": channels, "resize": resize}
    commands.import_model(source, output, given, size, as_json=json)


@app.command()
def quantize(
    model: Annotated[Path, typer.Argument(help="Float ONNX file, made by `import`.")],
    output: Output,
    weight_bits: Annotated[int, typer.Option(help="Bits of a weight code, 2 to 8.")] = 6,
    act_bits: Annotated[int, typer.Option(help="Bits of an activation, 2 to 8.")] = 8,
    scheme: Annotated[
        Scheme, typer.Option(help="codebook: 8-bit values found by k-means. linear: equal steps.")
    ] = Scheme.CODEBOOK,
    calibration: Annotated[
        Path | None, typer.Option(help="Folder of photographs to calibrate on. Default: samples.")
    ] = None,
    json: Json = False,
) -> None:
    """Turn a float model into integers: by default 6-bit weight codes and 8-bit activations.

    Needs photographs, but neither labels nor training. The result is one standard ONNX file. The
    SQNR shown is that of the logits, in dB, over sample photographs not calibrated on.

    Example: `firebrick quantize m.onnx -o q.onnx --weight-bits 4 --calibration photos/`
    """
    options = QuantizeOptions(weight_bits=weight_bits, act_bits=act_bits, scheme=scheme)
    commands.quantize_model(model, output, options, calibration, as_json=json)


@app.command()
def plan(
    model: Quantized,
    multipliers: Annotated[
        int, typer.Option(min=1, help="Multipliers for weights to spend, at most.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="plan.json to write; else only shown.")
    ] = None,
    store_zeros: Annotated[
        bool, typer.Option("--store-zeros", help="Store and multiply pruned zeros: the baseline.")
    ] = False,
    json: Json = False,
) -> None:
    """Choose lanes and columns of every engine for a number of multipliers; predict cycles.

    Lanes share out the input channels, columns the pixels of a row: what folding is in FINN and the
    reuse factor in hls4ml. Frames per second = clock frequency / cycles per frame.

    Example: `firebrick plan q.onnx --multipliers 450 -o plan.json`
    """
    commands.plan_model(model, multipliers, output, store_zeros, as_json=json)


@app.command()
def generate(
    model: Quantized,
    plan: Annotated[Path, typer.Argument(help="plan.json, made by `plan` from this model.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder to write; replaces one that `generate` made."),
    ],
    target: Annotated[Target, typer.Option(help="Language: `rtl` is SystemVerilog.")] = Target.RTL,
    json: Json = False,
) -> None:
    """Write the hardware as a self-contained folder: top, modules, memory images, manifest.

    Example: `firebrick generate q.onnx plan.json -o rtl/`
    """
    commands.generate_model(model, plan, output, target.value, as_json=json)


@app.command()
def infer(
    model: Quantized,
    images: Images,
    engine: Annotated[
        EngineName,
        typer.Option(help="numpy: the reference. onnxruntime: the ONNX file. rtl: Verilator."),
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
    commands.infer_model(model, images, engine.value, plan, dump, waves, as_json=json)


@app.command()
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
    commands.verify_model(model, images, engines.split(","), plan, waves, as_json=json)


@app.command()
def report(
    models: Annotated[list[Path], typer.Argument(help="Integer ONNX files, made by `quantize`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Markdown file to write; a .json goes beside it.")
    ],
    json: Json = False,
) -> None:
    """Measure models: plan, simulate, compare. Takes minutes for each model.

    Gives cycles per frame predicted and simulated, busy multipliers (as a share), bytes on chip.

    Example: `firebrick report q.onnx -o results.md`
    """
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
        ERR.print(f"firebrick: {error}", soft_wrap=True)
        sys.exit(error.exit_status)
    except OSError as error:
        text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        ERR.print(f"firebrick: {text}", soft_wrap=True)
        sys.exit(FirebrickError.exit_status)
