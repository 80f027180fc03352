# SPDX-License-Identifier: Apache-2.0
"""`build`: an untrained network by its metaparameters."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from firebrick.cli.options import Json, Output


class Family(StrEnum):
    """Families of networks."""

    SQUEEZENET = "squeezenet"


class Version(StrEnum):
    """Published versions of SqueezeNet."""

    V10 = "1.0"
    V11 = "1.1"


class BypassName(StrEnum):
    """What leads around Fire modules."""

    NONE = "none"
    SIMPLE = "simple"
    COMPLEX = "complex"


def build(
    family: Annotated[Family, typer.Argument(help="Family of networks.")],
    output: Output,
    version: Annotated[
        Version, typer.Option(help="Published version that the metaparameters begin with.")
    ] = Version.V10,
    base_e: Annotated[
        int | None, typer.Option(help="Expand filters of the first Fire modules. 128.")
    ] = None,
    incr_e: Annotated[
        int | None, typer.Option(help="How many more after each FREQ modules. 128.")
    ] = None,
    freq: Annotated[int | None, typer.Option(help="Modules after which it grows. 2.")] = None,
    pct3x3: Annotated[
        float | None, typer.Option("--pct3x3", help="Share of expand filters that are 3x3. 0.5.")
    ] = None,
    sr: Annotated[
        float | None, typer.Option(help="Squeeze ratio: squeeze to expand filters. 0.125.")
    ] = None,
    pools: Annotated[
        str | None,
        typer.Option(help="Modules, of 1 to 9, that a max pool follows. 1.0: 1,4,8; 1.1: 1,3,5."),
    ] = None,
    conv1: Annotated[
        str | None,
        typer.Option(
            help="Filters, kernel, stride of the first convolution. 1.0: 96,7,2; 1.1: 64,3,2."
        ),
    ] = None,
    bypass: Annotated[
        BypassName,
        typer.Option(
            help="simple: around modules that keep the channels. complex: around all, by 1x1 "
            "convolutions where channels change."
        ),
    ] = BypassName.NONE,
    classes: Annotated[int, typer.Option(help="Number of classes.")] = 1000,
    size: Annotated[int, typer.Option(help="Sides of the image, pixels.")] = 227,
    channels: Annotated[int, typer.Option(help="Of the image: 3 are colour, 1 is grey.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of the random weights.")] = 0,
    json: Json = False,
) -> None:
    """Write a network with random weights (He), to be trained.

    Metaparameters are those of the SqueezeNet paper (arXiv 1602.07360, sections 5 and 6). There is
    no batch norm, as in the paper. Later pools keep maps large, which the paper found to be worth
    accuracy and which costs multiplications.

    Examples: `firebrick build squeezenet -o float.onnx --version 1.1 --classes 10 --size 64`,
    `firebrick build squeezenet -o small.onnx --base-e 32 --incr-e 32 --size 28 --channels 1
    --conv1 32,3,1 --classes 10`
    """
    from firebrick.api.building import build as make
    from firebrick.cli.display import show
    from firebrick.families.blocks import macs, parameters
    from firebrick.families.squeezenet import Bypass
    from firebrick.files.output import check_file

    given: dict[str, Any] = {
        "base_e": base_e,
        "incr_e": incr_e,
        "freq": freq,
        "pct3x3": pct3x3,
        "sr": sr,
        "pools": None if pools is None else _numbers("pools", pools),
        "conv1": None if conv1 is None else _numbers("conv1", conv1, 3),
        "bypass": Bypass(bypass),
    }
    check_file(output)
    model = make(
        family,
        version=version,
        classes=classes,
        size=size,
        channels=channels,
        seed=seed,
        **{name: value for name, value in given.items() if value is not None},
    )
    model.save(output)
    fields = {
        "output": str(output),
        "model": model.graph.name,
        "layers": len(model.graph.nodes),
        "parameters": parameters(model.graph),
        "macs": macs(model.graph),
    }
    show(model.graph.name, fields, json)


def _numbers(field: str, text: str, count: int | None = None) -> tuple[int, ...]:
    """Whole numbers separated by commas; of no text none."""
    from firebrick.errors import FirebrickError

    parts = text.split(",") if text else []
    if not all(x.isascii() and x.isdecimal() for x in parts) or count not in (None, len(parts)):
        how = "whole numbers" if count is None else f"{count} whole numbers"
        raise FirebrickError(f"build: {field}={text!r} is not {how} with commas between")
    return tuple(map(int, parts))
