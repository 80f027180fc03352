# SPDX-License-Identifier: Apache-2.0
"""Files that program a device: what Vivado or Vitis made, as far as can be told from outside."""

from __future__ import annotations

from pathlib import Path

from firebrick.errors import FirebrickError

MOST_BYTES = 1 << 29
"""Largest file."""
BIT_START = bytes.fromhex("00090ff00ff00ff00ff0000001")
"""Header of a .bit file."""
XCLBIN_START = b"xclbin2\0"
KINDS = {
    "firebrick.bit": (BIT_START, "a .bit file of Vivado"),
    "firebrick.hwh": (b"<", "the .hwh file of the block design, which lies beside the .bit file"),
    "firebrick.xclbin": (XCLBIN_START, "an .xclbin file of Vitis"),
}
"""Files by their name in a bundle: how they begin, and what they are."""


def hardware_files(bitstream: Path | None, xclbin: Path | None) -> dict[str, Path]:
    """Files to put into a bundle, by the name they have there.

    Args:
        bitstream: a .bit file of Vivado; the .hwh file of the same design lies beside it.
        xclbin: a file of Vitis.

    Raises:
        FirebrickError: both are given, one is missing, or it is not what it should be.
    """
    if bitstream is not None and xclbin is not None:
        raise FirebrickError("bitstream and xclbin: a bundle is for one device, give one of them")
    found: dict[str, Path] = {}
    if bitstream is not None:
        found = {"firebrick.bit": bitstream, "firebrick.hwh": bitstream.with_suffix(".hwh")}
    elif xclbin is not None:
        found = {"firebrick.xclbin": xclbin}
    for name, path in found.items():
        check(name, path)
    return found


def check(name: str, path: Path) -> None:
    """Refuse a file that is not what its name in a bundle says.

    Raises:
        FirebrickError: naming it, and what it should be.
    """
    start, what = KINDS[name]
    try:
        with path.open("rb") as file:
            found = file.read(len(start) + 3)
        size = path.stat().st_size
    except OSError as error:
        raise FirebrickError(f"{path}: {what}, cannot be read: {error.strerror}") from None
    if not found.removeprefix(b"\xef\xbb\xbf").startswith(start):
        raise FirebrickError(f"{path}: is not {what}: it does not begin as one")
    if size > MOST_BYTES:
        raise FirebrickError(f"{path}: bytes={size} exceeds {MOST_BYTES}")
