# SPDX-License-Identifier: Apache-2.0
"""One C++ header for each instance: its `Cfg` and its tables, readable and the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from firebrick.emit.hls_tables import Table, binary_scale, integer_bits, tables
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.ops.base import Engine
from firebrick.ops.conv.encode import kept_weights
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.image import ImageEngine


def namespace(instance: str) -> str:
    """C++ namespace of an instance; no layer can be named so that it is a keyword."""
    return f"{instance}_layer"


def beat(stream: StreamType) -> str:
    """C++ type of a stream's beats."""
    return f"firebrick::beat<{stream.columns}, {stream.tensor.bits}>"


def beat_types(engine: Engine) -> dict[str, str]:
    """Types of an engine's beats by their names in its `Cfg`."""
    operator = engine.operator
    names = ("in_beat",) if len(operator.inputs) == 1 else ("left_beat", "right_beat")
    types = zip(operator.inputs, engine.in_columns, strict=True)
    result = {name: beat(StreamType(*x)) for name, x in zip(names, types, strict=True)}
    if isinstance(engine, ImageEngine):
        pixels = engine.pixels * operator.output.channels
        result["in_beat"] = f"firebrick::beat<{pixels}, {operator.output.bits}>"
    return result | {"out_beat": beat(StreamType(operator.output, engine.out_columns))}


def constants(parameters: Mapping[str, int]) -> Iterator[str]:
    """Parameters as members of a `Cfg`, named as in SystemVerilog."""
    flags = ("dual",)
    for name, value in parameters.items():
        if name.endswith("signed") or name in flags:
            yield f"  static constexpr bool {name.upper()} = {str(bool(value)).lower()};"
        else:
            yield f"  static constexpr int {name.upper()} = {value};"


def cfg(engine: Engine) -> list[str]:
    """The `Cfg` of an engine's kernel."""
    lines = ["struct Cfg {", *constants(engine.parameters())]
    if isinstance(engine, ConvEngine):
        operator = engine.operator
        fixed = f"ap_fixed<{operator.value_bits}, {integer_bits(operator)}>"
        lines.append(f"  using value_t = {fixed};")
    lines += [f"  using {name} = {kind};" for name, kind in beat_types(engine).items()]
    return [*lines, "};"]


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
    kind, space = engine.operator.kind, namespace(instance)
    scale = (scales or {}).get(engine.operator.name)
    guard = f"FIREBRICK_LAYERS_{instance}_HPP_"  # names may differ in case only
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        *(f"// {line}".rstrip() for line in (*_summary(instance, engine, scale), *origin)),
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        f'#include "firebrick/{kind}.hpp"',
        "",
        f"namespace {space} {{",
        "",
        *cfg(engine),
    ]
    for table in (*tables(engine), *_orders(engine)):
        lines += ["", *table.lines()]
    lines += ["", f"}}  // namespace {space}", "", f"#endif  // {guard}"]
    return "\n".join(lines) + "\n"


def _orders(engine: Engine) -> Iterator[Table]:
    """For whoever feeds or reads the kernel alone: what channel the streams carry when."""
    if isinstance(engine, ConvEngine):
        for name, order in (("in_order", engine.in_order), ("out_order", engine.out_order)):
            side = name.removesuffix("_order")
            note = f"Number of each {side}put channel, in the order in which the stream carries it."
            yield Table(name, "int", [[str(x) for x in order]], note)


def _shape(kind: TensorType) -> str:
    sign = "int" if kind.signed else "uint"
    return f"{kind.channels}x{kind.height}x{kind.width} {sign}{kind.bits}"


def _summary(instance: str, engine: Engine, scale: float | None) -> Iterator[str]:
    """Shape, scale, zeros, and how full the memories are."""
    operator = engine.operator
    if not isinstance(engine, ConvEngine):
        shapes = ", ".join(_shape(x) for x in operator.inputs)
        yield f"Layer {instance}: {operator.kind}, {shapes} -> {_shape(operator.output)}."
        if scale is not None:
            yield f"A step of the output is {scale!r}."
        return
    op = engine.operator
    yield (
        f"Layer {instance}: conv {op.kernel}x{op.kernel}, stride {op.stride}, "
        f"{_shape(op.input)} -> {_shape(op.output)}."
    )
    size, nonzero = op.weights.size, op.nonzero
    yield (
        f"Weights {'x'.join(map(str, op.weights.shape))}: {size:,}, of which {size - nonzero:,} "
        f"({1 - nonzero / size:.1%}) are 0."
    )
    used = len(np.unique(op.codes))
    yield (
        f"Codes of {op.code_bits} bits, {used} of {1 << op.code_bits} in use, for values of "
        f"{op.value_bits} bits."
    )
    entries = engine.entries()
    kept = int(np.count_nonzero(kept_weights(op, engine.store_zeros)))
    total, depth = int(entries.sum()), int(entries.sum(axis=1).max())
    yield (
        f"Entries: {total:,}, of which {total - kept:,} fill gaps; {engine.lanes} lanes of "
        f"{depth:,} places are {total / (engine.lanes * depth):.1%} full."
    )
    if scale is not None:
        yield f"A step of the output is {scale!r}."
    power = binary_scale(op)
    if power is None:
        yield "A codebook value is an integer; multiplier and shift of its channel are its scale."
    else:
        yield f"A codebook value is an integer times 2**{power}, exact between input and output."
