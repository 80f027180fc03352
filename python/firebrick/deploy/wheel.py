# SPDX-License-Identifier: Apache-2.0
"""The driver as a wheel: the few files of the package that a board needs, nothing else."""

from __future__ import annotations

from pathlib import Path

from firebrick import __version__, wheel_file
from firebrick.data import PACKAGE

NAME = "firebrick_runtime"
WHEEL = wheel_file.file_name(NAME, __version__)
MODULES = ("__init__.py", "arrays.py", "errors.py", "pixels.py", "preprocessing.py")
PARTS = (*MODULES, "runtime", "web")
"""Files and folders of the package that a board needs."""
PYTHON = (3, 10)
"""Oldest Python they run on: that of PYNQ 3.0."""
_METADATA = f"""\
Metadata-Version: 2.1
Name: {NAME.replace("_", "-")}
Version: {__version__}
Summary: Driver and page of Firebrick accelerators
License: Apache-2.0
Requires-Python: >={PYTHON[0]}.{PYTHON[1]}
Requires-Dist: numpy
Provides-Extra: photographs
Requires-Dist: pillow; extra == "photographs"
Provides-Extra: serve
Requires-Dist: fastapi; extra == "serve"
Requires-Dist: pillow; extra == "serve"
Requires-Dist: uvicorn; extra == "serve"
Description-Content-Type: text/plain

What a board needs to run a bundle of `firebrick deploy`: firebrick.runtime, the driver, and
firebrick.web, which classifies photographs from a program or from a page in the browser. It is a
part of the package firebrick; where that is installed, this is not needed.
"""


def runtime_files() -> list[Path]:
    """Files of the package that the wheel carries, in order."""
    found = [
        path
        for part in PARTS
        for path in ([PACKAGE / part] if part.endswith(".py") else (PACKAGE / part).rglob("*"))
    ]
    return sorted(x for x in found if x.is_file() and "__pycache__" not in x.parts)


def write_wheel(folder: Path) -> Path:
    """Write the wheel into a folder; returns its path."""
    root = PACKAGE.parent
    files = {x.relative_to(root).as_posix(): x.read_bytes() for x in runtime_files()}
    return wheel_file.write(folder, NAME, __version__, _METADATA, files)
