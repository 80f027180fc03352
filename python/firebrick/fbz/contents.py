# SPDX-License-Identifier: Apache-2.0
"""What a `.fbz` file holds: all that its ONNX file follows from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from firebrick.fbz.codes import Codes
from firebrick.hardware.tensor import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """Contents of a file.

    Attributes:
        metadata: of the ONNX file, in its order: geometry, labels, notes.
        codes: by layer, uint8 (O, I, K, K).
        constants: by kind, such as ``bias``, and layer, flat, as the ONNX file's initializers are.
        size: bytes of the ONNX file.
        digest: its SHA-256.
    """

    metadata: Mapping[str, str]
    codes: Mapping[str, Codes]
    constants: Mapping[str, Mapping[str, IntArray]]
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class CodesSize:
    """What a layer's codes take in a file.

    Attributes:
        encoding: of each of its parts, with the coder of each stream.
        size: bytes.
    """

    encoding: str
    size: int


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that has been made.

    Attributes:
        data: its bytes.
        codes: what the codes of each layer take.
        constants: bytes of all constants.
        head: bytes of everything else: names, geometry, labels, notes, checksums.
    """

    data: bytes
    codes: Mapping[str, CodesSize]
    constants: int
    head: int
