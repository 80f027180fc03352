# SPDX-License-Identifier: Apache-2.0
"""One C++ header for each instance: its `Cfg` and its tables, readable and the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from firebrick.emit.hls.conv import ConvFunction
from firebrick.emit.hls.function import CppFunction
from firebrick.emit.hls.plumbing import BroadcastFunction, ImageFunction
from firebrick.ops.base import Engine

FUNCTIONS: Mapping[str, type[CppFunction]] = {
    "broadcast": BroadcastFunction,
    "conv": ConvFunction,
    "image": ImageFunction,
}
"""Functions that differ from `CppFunction`, by the operator's kind."""


def cpp_function(engine: Engine) -> CppFunction:
    """The function of an engine."""
    return FUNCTIONS.get(engine.operator.kind, CppFunction)(engine)


def namespace(instance: str) -> str:
    """C++ namespace of an instance; no layer can be named so that it is a keyword."""
    return f"{instance}_layer"


def layer_header(
    instance: str, engine: Engine, origin: Sequence[str], scales: Mapping[str, float] | None = None
) -> str:
    """The header of an instance.

    Args:
        instance: its name.
        engine: its engine.
        origin: lines of comment that say what it belongs to.
        scales: real value of one step of each tensor, by the name of its layer.
    """
    function, space = cpp_function(engine), namespace(instance)
    scale = (scales or {}).get(engine.operator.name)
    guard = f"FIREBRICK_LAYERS_{instance}_HPP_"  # names may differ in case only
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        *(f"// {line}".rstrip() for line in (*_summary(instance, function, scale), *origin)),
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        f'#include "firebrick/{engine.operator.kind}.hpp"',
        "",
        f"namespace {space} {{",
        "",
        *function.cfg(),
    ]
    for table in (*function.tables(), *function.notes()):
        lines += ["", *table.lines()]
    lines += ["", f"}}  // namespace {space}", "", f"#endif  // {guard}"]
    return "\n".join(lines) + "\n"


def _summary(instance: str, function: CppFunction, scale: float | None) -> Iterator[str]:
    """Shape, scale, zeros, and how full the memories are."""
    yield from function.summary(instance)
    if scale is not None:
        yield f"A step of the output is {scale!r}."
    yield from function.scaling()
