# SPDX-License-Identifier: Apache-2.0
"""Commands from hardware to photographs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized
from firebrick.commands import deploy as commands
from firebrick.deploy.bundle import SAMPLE


class DeviceName(StrEnum):
    """What computes."""

    SIM = "sim"
    PYNQ = "pynq"
    XRT = "xrt"


def deploy(
    model: Quantized,
    plan: Annotated[Path, typer.Argument(help="plan.json, made by `plan` from this model.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write; replaces one that `deploy` made, unchanged.",
        ),
    ],
    bitstream: Annotated[
        Path | None,
        typer.Option(help="Zynq: the .bit file of Vivado; its .hwh file must lie beside it."),
    ] = None,
    xclbin: Annotated[Path | None, typer.Option(help="Alveo: the .xclbin file of Vitis.")] = None,
    board: Annotated[
        str | None,
        typer.Option(
            help="Board whose assumed clock is shown: a name or a .toml file. Default: the plan's."
        ),
    ] = None,
    sample: Annotated[
        str, typer.Option(help="Photograph to put in: an image file, or the name of a sample.")
    ] = SAMPLE,
    json: Json = False,
) -> None:
    """Write a bundle: one folder that classifies photographs, on a board or in simulation.

    It holds the hardware (the bitstream, if one is given, and the SystemVerilog, for simulation),
    the quantized model, the register map, the driver as a small wheel, a sample photograph, the
    class names, checksums of all of it, a run script, a notebook, and a README.txt.

    Copy it to the board and run `python3 run.py photo.jpg` there; or here, where the hardware is
    simulated if there is no bitstream. `firebrick serve` shows a page that takes photographs.
    docs/deploy.md says more.

    Examples: `firebrick deploy q.onnx plan.json -o bundle/`,
    `firebrick deploy q.onnx plan.json -o bundle/ --bitstream build/firebrick.bit`
    """
    commands.deploy_model(
        model,
        plan,
        output,
        board=board,
        bitstream=bitstream,
        xclbin=xclbin,
        sample=sample,
        as_json=json,
    )


def serve(
    bundle: Annotated[Path, typer.Argument(help="Folder made by `deploy`.")],
    device: Annotated[
        DeviceName | None,
        typer.Option(
            help="sim: simulated hardware. pynq: a Zynq board. xrt: an Alveo card. Default: what "
            "the bundle's files are for."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at. 0.0.0.0: anyone who reaches this machine.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at. 0: any that is free.")
    ] = 8000,
) -> None:
    """Show a page that takes a photograph and says what is on it, how fast, and which engines work.

    Photographs are classified one after the other; a few may wait. They are neither kept nor
    shown to anyone else. There is no password: by default only this machine can use the page.

    With `--device sim` the first start compiles the hardware, which takes minutes for SqueezeNet.
    Needs FastAPI and uvicorn: `pip install 'firebrick[serve]'`.

    Example: `firebrick serve bundle/ --port 8080`
    """
    commands.serve_bundle(bundle, device.value if device else None, host, port)
