# SPDX-License-Identifier: Apache-2.0
"""Every way a trained network comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from firebrick.errors import FirebrickError, naming
from firebrick.frontend import deep_compression, pretrained
from firebrick.frontend.defaults import check_scale
from firebrick.frontend.onnx_reader.read import read as read_onnx
from firebrick.ir.graph import Graph
from firebrick.ir.rules import check_rules

PRETRAINED = "squeezenet1.1"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A network that came in.

    Attributes:
        graph: the network.
        preprocessing_from: who says how a photograph becomes its input.
    """

    graph: Graph
    preprocessing_from: str


def load(source: str, *, size: int | None = None) -> Graph:
    """The graph of `read`."""
    return read(source, size=size).graph


def read(
    source: str, *, size: int | None = None, chosen: Mapping[str, Any] | None = None
) -> Loaded:
    """Read a network.

    Args:
        source: ``squeezenet1.1`` (pretrained), a ``.net`` file of Deep Compression, or ``.onnx``.
        size: side of the image, for an ONNX file that leaves it open.
        chosen: fields of `Preprocessing` in place of what the source says or is guessed.

    Raises:
        FirebrickError: naming the source, layer, field, value and rule.
    """
    chosen = chosen or {}
    with naming(source):
        check_scale(chosen)
    path = Path(source)
    if source != PRETRAINED and path.suffix not in (".net", ".onnx"):
        raise FirebrickError(f"{source}: source is not {PRETRAINED}, *.net or *.onnx")
    try:
        if path.suffix == ".onnx":
            return Loaded(*read_onnx(path, size=size, chosen=chosen))
        is_net = path.suffix == ".net" and source != PRETRAINED
        graph = deep_compression.read(path) if is_net else pretrained.load_pretrained()
    except OSError as error:
        raise FirebrickError(f"{source}: cannot be read: {error.strerror}") from None
    told = "its authors"
    if chosen:
        how = replace(graph.preprocessing, **chosen)
        graph, told = replace(graph, preprocessing=how), f"the command line, the rest {told}"
    with naming(source):
        return Loaded(check_rules(graph), told)
