# SPDX-License-Identifier: Apache-2.0
"""`import`: any source to one float ONNX file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from firebrick.cli.options import Json, Output

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
        str | None, typer.Option(help="Order the model expects: `RGB` or `BGR`; `GREY` of one.")
    ] = None,
    resize: Annotated[
        int | None,
        typer.Option(min=1, help="Shorter side, pixels, before the centre is cut out."),
    ] = None,
    json: Json = False,
) -> None:
    """Read a trained classifier and write it as one ordinary float ONNX file.

    `--mean`, `--std`, `--channels` and `--resize` say how a photograph becomes the model's input.
    The default is what the source says, or what the model does to its image itself; else a guess:
    colour as torchvision, anything else scaled to 0..1, inputs below 128 pixels whole.
    Three equal numbers stand for any number of channels: grey images have one.

    Example: `firebrick import model.onnx -o m.onnx --mean 127.5 127.5 127.5 --std 128 128 128`
    """
    from firebrick import frontend
    from firebrick.cli.display import show
    from firebrick.errors import naming
    from firebrick.frontend import onnx_writer
    from firebrick.passes import prepare
    from firebrick.quantize import footprint
    from firebrick.quantize.fold_input import fold_input
    from firebrick.quantize.options import QuantizeOptions

    given: dict[str, Any] = {"mean": mean, "std": std, "channels": channels, "resize": resize}
    chosen = {field: value for field, value in given.items() if value is not None}
    loaded = frontend.read(source, size=size, chosen=chosen)
    graph, how = loaded.graph, loaded.graph.preprocessing
    with naming(source):
        # what quantizing would refuse is said now
        footprint.check(fold_input(prepare(graph)), QuantizeOptions())
        onnx_writer.write(graph, output)
    preprocessing = {
        "width": graph.input.width,
        "height": graph.input.height,
        "resize": how.resize,
        "channels": how.channels,
        "mean": list(how.mean),
        "std": list(how.std),
        "source": loaded.preprocessing_from,
    }
    fields = {"output": str(output), "model": graph.name, "layers": len(graph.nodes)}
    show(graph.name, fields | {"preprocessing": preprocessing}, json)
