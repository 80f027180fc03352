# SPDX-License-Identifier: Apache-2.0
"""The driver as a wheel: the few files of the package that a board needs, nothing else.

The format is that of https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
The same files give the same bytes: they are stored, not compressed, in order, without a date.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from firebrick import __version__
from firebrick.resources import PACKAGE

NAME = "firebrick_runtime"
WHEEL = f"{NAME}-{__version__}-py3-none-any.whl"
PARTS = ("__init__.py", "errors.py", "runtime", "web")
"""Files and folders of the package that a board needs."""
PYTHON = (3, 10)
"""Oldest Python they run on: that of PYNQ 3.0."""
_INFO = f"{NAME}-{__version__}.dist-info"
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
_KIND = """\
Wheel-Version: 1.0
Generator: firebrick
Root-Is-Purelib: true
Tag: py3-none-any
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
    files |= {f"{_INFO}/METADATA": _METADATA.encode(), f"{_INFO}/WHEEL": _KIND.encode()}
    record = f"{_INFO}/RECORD"
    rows = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[record] = "".join([*rows, f"{record},,\n"]).encode()
    path = folder / WHEEL
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # or another system's would not keep the mode
            archive.writestr(entry, data)
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
