# SPDX-License-Identifier: Apache-2.0
"""The page without the command line of the whole package: ``python -m firebrick.web BUNDLE``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.web.bundles import PREPARING


def main() -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m firebrick.web", description="Serve the page of a bundle."
    )
    parser.add_argument("bundle", type=Path, help="folder made by `firebrick deploy`")
    devices = tuple(PREPARING)
    parser.add_argument("--device", choices=devices, help="default: what the bundle is made for")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=8000, help="port to listen at; 0: any")
    given = parser.parse_args()
    try:
        try:
            server = import_module("firebrick.web.server")
        except ModuleNotFoundError as error:
            raise FirebrickError(f"{error}: pip install fastapi uvicorn pillow") from None
        server.serve(given.bundle, given.device, given.host, given.port)
    except FirebrickError as error:
        print(f"firebrick.web: {error.shown()}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
