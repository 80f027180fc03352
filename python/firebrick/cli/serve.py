# SPDX-License-Identifier: Apache-2.0
"""`serve`: the page that classifies photographs, until interrupted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json


class DeviceName(StrEnum):
    """What computes."""

    SIM = "sim"
    PYNQ = "pynq"
    XRT = "xrt"


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
    json: Json = False,
) -> None:
    """Show a page that takes a photograph and says what is on it, how fast, and which engines work.

    Photographs are classified one after the other; a few may wait. They are neither kept nor
    shown to anyone else. There is no password: by default only this machine can use the page.

    With `--device sim` the first start compiles the hardware, which takes minutes for SqueezeNet.
    With `--json` one object, printed when the page can be asked for, says its address.

    Needs FastAPI and uvicorn: `pip install 'firebrick[serve]'`.

    Example: `firebrick serve bundle/ --port 8080`
    """
    from functools import partial
    from importlib import import_module

    from firebrick.cli.given import BUNDLE, check_made
    from firebrick.console import ERR, OUT, emit_json
    from firebrick.errors import FirebrickError

    try:
        server = import_module("firebrick.web.server")
    except ModuleNotFoundError as error:
        if str(error.name).startswith("firebrick"):
            raise
        raise FirebrickError(f"serve: {error}: install 'firebrick[serve]'") from None
    check_made(bundle, BUNDLE)
    name = device.value if device else None
    # What goes on is for people: beside the object, where there is one.
    say = partial((ERR if json else OUT).print, soft_wrap=True)
    server.serve(bundle, name, host, port, say, emit_json if json else None)
