# SPDX-License-Identifier: Apache-2.0
"""How an engine's function is printed in C++: what holds for all, where none says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from firebrick.emit.hls.tables import Table
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.ops.base import Engine

FLAGS = ("dual",)
"""Parameters that are `bool` in C++, beside those whose names end with `signed`."""


def beat(stream: StreamType) -> str:
    """C++ type of a stream's beats."""
    return f"firebrick::beat<{stream.columns}, {stream.tensor.bits}>"


def constants(parameters: Mapping[str, int]) -> Iterator[str]:
    """Parameters as members of a `Cfg`, named as in SystemVerilog."""
    for name, value in parameters.items():
        if name.endswith("signed") or name in FLAGS:
            yield f"  static constexpr bool {name.upper()} = {str(bool(value)).lower()};"
        else:
            yield f"  static constexpr int {name.upper()} = {value};"


def shape_text(kind: TensorType) -> str:
    """``64x55x55 uint8``."""
    sign = "int" if kind.signed else "uint"
    return f"{kind.channels}x{kind.height}x{kind.width} {sign}{kind.bits}"


class CppFunction:
    """The function of an engine; operators that differ derive from it.

    Args:
        engine: the engine.
    """

    HEADER = True
    """Whether its `Cfg` and tables stand in a header of their own, below `layers/`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def beats(self) -> dict[str, str]:
        """Types of its beats by their names in its `Cfg`."""
        engine, operator = self.engine, self.engine.operator
        names = ("in_beat",) if len(operator.inputs) == 1 else ("left_beat", "right_beat")
        types = zip(operator.inputs, engine.in_columns, strict=True)
        result = {name: beat(StreamType(*x)) for name, x in zip(names, types, strict=True)}
        return result | {"out_beat": beat(StreamType(operator.output, engine.out_columns))}

    def parameters(self) -> dict[str, int]:
        """Constants of its `Cfg`, in lower case."""
        return self.engine.parameters()

    def types(self) -> dict[str, str]:
        """Further types of its `Cfg`; mostly none."""
        return {}

    def tables(self) -> list[Table]:
        """Tables, in the order of the function's arguments; mostly none."""
        return [
            Table(
                x.name,
                f"{'ap_int' if x.signed else 'ap_uint'}<{x.bits}>",
                [[str(value) for value in x.values]],
                x.note,
            )
            for x in self.engine.tables()
        ]

    def notes(self) -> list[Table]:
        """Tables for whoever feeds or reads the function alone; mostly none."""
        return []

    def summary(self, instance: str) -> Iterator[str]:
        """Comment on what is computed, and how full memories are."""
        operator = self.engine.operator
        shapes = ", ".join(map(shape_text, operator.inputs))
        yield f"Layer {instance}: {operator.kind}, {shapes} -> {shape_text(operator.output)}."

    def scaling(self) -> Iterator[str]:
        """Comment on what weights are worth, if there are any."""
        return iter(())

    def cfg(self) -> list[str]:
        """The `Cfg`."""
        types = self.types() | self.beats()
        using = (f"  using {name} = {kind};" for name, kind in types.items())
        return ["struct Cfg {", *constants(self.parameters()), *using, "};"]
