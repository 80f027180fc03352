# SPDX-License-Identifier: Apache-2.0
"""`deploy`: the bundle of a planned network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized
from firebrick.deploy.sample import SAMPLE


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
        str,
        typer.Option(
            help="Photograph to put in: an image file, or the name of a sample. Or a .npy array."
        ),
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
    from firebrick.cli.display import show
    from firebrick.cli.files import board_of
    from firebrick.deploy.bundle import BundleContents, write_bundle
    from firebrick.deploy.hardware import hardware_files
    from firebrick.deploy.wheel import WHEEL
    from firebrick.plan.claims import read_plan
    from firebrick.quantize.integer_onnx import load
    from firebrick.web.bundles import default_device

    hardware = hardware_files(bitstream, xclbin)  # before seconds are spent
    network = load.read(model)
    chosen = read_plan(plan, network)
    known = board_of(chosen, board)
    sizes = write_bundle(BundleContents(model, network, chosen, known, hardware, sample), output)
    fields = {
        "output": str(output),
        "model": network.name,
        "model_hash": network.digest(),
        "board": known.name if known else None,
        "device": default_device(sizes),
        "hardware": sorted(hardware),
        "wheel": f"wheel/{WHEEL}",
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "run": f"python3 -P {output / 'run.py'}",
    }
    show(f"{network.name}: bundle", fields, json)
