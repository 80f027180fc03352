# SPDX-License-Identifier: Apache-2.0
"""Writing pure Python wheels.

The format is that of https://packaging.python.org/en/latest/specifications/binary-distribution-format/.
The same files give the same bytes: they are stored, not compressed, in order, without a date.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

_KIND = """\
Wheel-Version: 1.0
Generator: firebrick
Root-Is-Purelib: true
Tag: py3-none-any
"""


def file_name(name: str, version: str) -> str:
    """Name of a wheel.

    Args:
        name: of the package, with underscores.
        version: of the package.
    """
    return f"{name}-{version}-py3-none-any.whl"


def write(folder: Path, name: str, version: str, metadata: str, files: Mapping[str, bytes]) -> Path:
    """Write a wheel into a folder; returns its path.

    Args:
        folder: that exists.
        name: of the package, with underscores.
        version: of the package.
        metadata: the text of METADATA.
        files: content by path, in order.
    """
    info = f"{name}-{version}.dist-info"
    entries = dict(files)
    entries |= {f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": _KIND.encode()}
    record = f"{info}/RECORD"
    rows = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in entries.items()]
    entries[record] = "".join([*rows, f"{record},,\n"]).encode()
    path = folder / file_name(name, version)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for place, data in entries.items():
            entry = zipfile.ZipInfo(place)  # dated 1980
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # or another system's would not keep the mode
            archive.writestr(entry, data)
    return path


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
