# SPDX-License-Identifier: Apache-2.0
"""Commands from a trained model to integers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Output
from firebrick.commands import models
from firebrick.quantize import QuantizeOptions, Scheme

Triple = tuple[float, float, float]


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
    models.import_model(source, output, given, size, as_json=json)


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
    models.quantize_model(model, output, options, calibration, as_json=json)
