# SPDX-License-Identifier: Apache-2.0
"""The first bytes of a `.fbz` file, and what they say of the rest.

Little-endian: magic, uint16 version, uint32 bytes of the head, uint32 CRC-32 of these bytes, uint32
bytes of the ONNX file and its SHA-256. The head is one JSON object, deflated (zlib).
"""

from __future__ import annotations

import json
import struct
import zlib

from firebrick.checked.documents import LARGEST_JSON, parse_json
from firebrick.errors import FirebrickError

MAGIC = b"\x89FBZ"
VERSION = 1
START = struct.Struct("<4sHIII32s")


def is_compressed(data: bytes) -> bool:
    """Whether a file begins as a `.fbz` file of any version does."""
    return data[: len(MAGIC)] == MAGIC


def pack(document: object, size: int, digest: bytes) -> bytes:
    """First bytes and head.

    Raises:
        FirebrickError: the document is too large to be read again.
    """
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > LARGEST_JSON:
        raise FirebrickError(f"head: size={len(text)} exceeds {LARGEST_JSON} characters")
    head = zlib.compress(text.encode(), 9)
    return START.pack(MAGIC, VERSION, len(head), zlib.crc32(head), size, digest) + head


def unpack(data: bytes) -> tuple[object, int, bytes, int]:
    """The document, size and digest of the ONNX file, and where the head ends.

    Raises:
        FirebrickError: naming field, value and rule.
    """
    if len(data) < START.size:
        raise FirebrickError(f"size={len(data)} is less than {START.size} bytes, those before head")
    _, version, length, checksum, size, digest = START.unpack_from(data)
    if version != VERSION:
        raise FirebrickError(
            f"version={version} is not {VERSION}: made by another version of `firebrick compress`"
        )
    end = START.size + length
    if end > len(data):
        raise FirebrickError(f"head: bytes={length} exceed the {len(data) - START.size} left")
    head = data[START.size : end]
    check_sum("head", head, checksum)
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(head, LARGEST_JSON)
        whole = inflate.eof and not inflate.unused_data
        document = parse_json(text.decode("ascii"), "head") if whole else None
    except (zlib.error, UnicodeDecodeError) as error:
        raise FirebrickError(f"head: is not deflated ASCII: {error}") from None
    if document is None:
        raise FirebrickError(f"head: is not one deflated text of up to {LARGEST_JSON} characters")
    return document, size, digest, end


def check_sum(place: str, data: bytes, expected: int) -> None:
    """Refuse bytes of another CRC-32.

    Raises:
        FirebrickError: naming place, value and rule.
    """
    found = zlib.crc32(data)
    if found != expected:
        raise FirebrickError(f"{place}: crc32={found} is not {expected}: the file is damaged")
