# SPDX-License-Identifier: Apache-2.0
"""Every way a trained network comes in."""

from __future__ import annotations

from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.frontend import deep_compression, onnx_reader, pretrained
from firebrick.ir.graph import Graph
from firebrick.ir.rules import check_rules

PRETRAINED = "squeezenet1.1"


def load(source: str, *, size: int | None = None) -> Graph:
    """Read a network.

    Args:
        source: ``squeezenet1.1`` (pretrained), a ``.net`` file of Deep Compression, or ``.onnx``.
        size: side of the image, for an ONNX file that leaves it open.

    Raises:
        FirebrickError: naming the source, layer, field, value and rule.
    """
    if source == PRETRAINED:
        return check_rules(pretrained.load_pretrained())
    path = Path(source)
    if path.suffix not in (".net", ".onnx"):
        raise FirebrickError(f"{source}: source is not {PRETRAINED}, *.net or *.onnx")
    try:
        if path.suffix == ".net":
            return check_rules(deep_compression.read(path))
        return onnx_reader.read(path, size=size)
    except OSError as error:
        raise FirebrickError(f"{source}: cannot be read: {error.strerror}") from None
