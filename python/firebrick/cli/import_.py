# SPDX-License-Identifier: Apache-2.0
"""`import`: any source to one float ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli import compress
from firebrick.cli.options import Json, Output

Triple = tuple[float, float, float]


def import_(
    source: Annotated[
        str,
        typer.Argument(
            help="`squeezenet1.1` (pretrained), a Deep Compression `.net`, an `.onnx`; a `.fbz` of "
            "`compress`, which gives the quantized model back."
        ),
    ],
    output: Output,
    size: Annotated[
        int | None, typer.Option(min=1, help="Sides of an `.onnx` input that is open, pixels.")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Means, divisors and order of `torchvision`, `caffe`, `keras` or `none`."
        ),
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
    labels: Annotated[
        Path | None,
        typer.Option(help="Text file with the names of the classes, one a line, logit 0 first."),
    ] = None,
    json: Json = False,
) -> None:
    """Read a trained classifier and write it as one ordinary float ONNX file.

    How a photograph becomes the model's input: `(pixel - mean) / std`, pixels being 0 to 255. Say
    it as the model was trained, or accuracy is lost without a word. `--preset` is one of
    `torchvision` (RGB, mean and deviation of ImageNet), `caffe` (BGR, mean 103.939 116.779 123.68;
    Keras' VGG and ResNet), `keras` (RGB, -1 to 1; Keras' MobileNet and Xception) or `none` (RGB, 0
    to 255); `--mean`, `--std` and `--channels` go before it.
    The default is what the source says, or what the model does to its image itself, such as Keras'
    Rescaling; else a guess: colour as torchvision, anything else scaled to 0..1. Inputs below 128
    pixels get the whole image unless `--resize` says otherwise. The last line of what is printed,
    `preprocessing.source`, says where each comes from.
    Three equal numbers stand for any number of channels: grey images have one.

    Example: `firebrick import model.onnx -o m.onnx --preset keras --labels classes.txt`
    """
    from firebrick.api.models import import_model
    from firebrick.cli.display import show
    from firebrick.files.output import check_apart

    check_apart(output, Path(source))
    if Path(source).suffix == compress.SUFFIX:
        given: dict[str, object] = {"size": size, "preset": preset, "mean": mean, "std": std}
        given |= {"channels": channels, "resize": resize, "labels": labels}
        compress.restore(Path(source), output, given, json)
        return
    model = import_model(
        source,
        size=size,
        preset=preset,
        mean=mean,
        std=std,
        channels=channels,
        resize=resize,
        labels=labels,
    )
    model.save(output)
    graph, how = model.graph, model.preprocessing
    preprocessing = {
        "width": graph.input.width,
        "height": graph.input.height,
        "resize": how.resize,
        "channels": how.channels,
        "mean": [round(x, 10) for x in how.mean],
        "std": [round(x, 10) for x in how.std],
        "source": model.preprocessing_from,
    }
    fields = {"output": str(output), "model": graph.name, "layers": len(graph.nodes)}
    show(graph.name, fields | {"preprocessing": preprocessing}, json)
