# SPDX-License-Identifier: Apache-2.0
"""Commands that put hardware to use: `deploy`, `serve`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from firebrick.commands.files import board_of, read_plan
from firebrick.console import OUT
from firebrick.deploy.bundle import Contents, write_bundle
from firebrick.deploy.hardware import hardware_files
from firebrick.deploy.wheel import WHEEL
from firebrick.display import show
from firebrick.errors import FirebrickError
from firebrick.quantize import load
from firebrick.web.bundles import default_device


def deploy_model(
    model: Path,
    plan: Path,
    output: Path,
    *,
    board: str | None,
    bitstream: Path | None,
    xclbin: Path | None,
    sample: str,
    as_json: bool,
) -> None:
    """`deploy`: the bundle of a planned network."""
    hardware = hardware_files(bitstream, xclbin)  # before seconds are spent
    network = load.read(model)
    chosen = read_plan(plan, network)
    known = board_of(chosen, board)
    contents = Contents(model, network, chosen, known, hardware, sample)
    sizes = write_bundle(contents, output)
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
        "run": f"python3 {output / 'run.py'}",
    }
    show(f"{network.name}: bundle", fields, as_json)


def serve_bundle(bundle: Path, device: str | None, host: str, port: int) -> None:
    """`serve`: the page, until interrupted.

    Raises:
        FirebrickError: the extra is not installed, or whatever the server says.
    """
    try:
        server = import_module("firebrick.web.server")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("firebrick"):
            raise
        raise FirebrickError(f"serve: {error}: install 'firebrick[serve]'") from None
    server.serve(bundle, device, host, port, lambda x: OUT.print(x, soft_wrap=True))
