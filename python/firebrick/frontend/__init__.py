# SPDX-License-Identifier: Apache-2.0
"""Every way a trained network comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from firebrick.errors import FirebrickError, naming
from firebrick.frontend import deep_compression, pretrained
from firebrick.frontend.exports import instead_of
from firebrick.frontend.labels import read_labels
from firebrick.frontend.onnx_reader.read import read as read_onnx
from firebrick.frontend.told import Told, of_authors
from firebrick.ir.graph import Graph
from firebrick.ir.rules import check_rules, shapes

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
    source: str,
    *,
    size: int | None = None,
    preset: str | None = None,
    chosen: Mapping[str, Any] | None = None,
    labels: Path | None = None,
) -> Loaded:
    """Read a network.

    Args:
        source: ``squeezenet1.1`` (pretrained), a ``.net`` file of Deep Compression, or ``.onnx``.
        size: side of the image, for an ONNX file that leaves it open.
        preset: one of `defaults.PRESETS`, in place of what the source says or is guessed.
        chosen: fields of `Preprocessing`, in place of those of the preset too.
        labels: file with the names of the classes, one a line, in place of those of the source.

    Raises:
        FirebrickError: naming the source, layer, field, value and rule.
    """
    user = Told(preset, chosen or {})
    with naming(source):
        user.check()
    names = None if labels is None else read_labels(labels)
    loaded = _read(source, size, user)
    if names is None:
        return loaded
    return replace(loaded, graph=_named(loaded.graph, names, f"{source}: {labels}"))


def _read(source: str, size: int | None, user: Told) -> Loaded:
    path = Path(source)
    if source != PRETRAINED and path.suffix not in (".net", ".onnx"):
        raise FirebrickError(
            f"{source}: source is not {PRETRAINED}, *.net or *.onnx: {instead_of(source)}"
        )
    try:
        if path.suffix == ".onnx":
            return Loaded(*read_onnx(path, size, user))
        is_net = path.suffix == ".net" and source != PRETRAINED
        graph = deep_compression.read(path) if is_net else pretrained.load_pretrained()
    except OSError as error:
        raise FirebrickError(f"{source}: cannot be read: {error.strerror}") from None
    with naming(source):
        known = user.over(of_authors(graph.preprocessing))
        return Loaded(check_rules(replace(graph, preprocessing=known.how)), known.source)


def _named(graph: Graph, names: tuple[str, ...], place: str) -> Graph:
    """The graph with names of its classes.

    Raises:
        FirebrickError: there are more or fewer than classes.
    """
    classes = shapes(graph)[graph.nodes[-1].name].channels
    if len(names) != classes:
        raise FirebrickError(
            f"{place}: names={len(names)} is not {classes}, the number of logits: give one a line"
        )
    return replace(graph, labels=names)
