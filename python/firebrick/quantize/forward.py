# SPDX-License-Identifier: Apache-2.0
"""Running a network layer by layer, float or integer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from firebrick.ir.graph import IMAGE
from firebrick.quantize.exact import Array

Function = tuple[str, tuple[str, ...], Callable[..., Array]]
"""A layer: its name, the tensors it reads, what it does to them."""


def run_layers(functions: Iterable[Function], image: Array) -> Iterator[tuple[str, Array]]:
    """Names and outputs of layers in order; a tensor is dropped after its last reader."""
    functions = list(functions)
    last = {source: name for name, inputs, _ in functions for source in inputs}
    tensors = {IMAGE: image}
    for name, inputs, function in functions:
        tensors[name] = function(*(tensors[x] for x in inputs))
        for source in set(inputs):
            if last[source] == name:
                del tensors[source]
        yield name, tensors[name]


def last_layer(functions: Iterable[Function], image: Array) -> Array:
    """Output of the last of some layers."""
    return deque(run_layers(functions, image), 1).pop()[1]
