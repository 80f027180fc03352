# SPDX-License-Identifier: Apache-2.0
"""Structural SystemVerilog as typed objects: modules of instances and wires."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from firebrick.errors import FirebrickError

INT_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Signal:
    """A wire, or with `direction` a port. One bit is printed without a range.

    Attributes:
        name: of the signal.
        width: bits.
        direction: ``input`` or ``output`` of a port.
        kind: SystemVerilog type of one bit, or ``int unsigned`` with width 1.
        note: a comment that tools read, such as ``verilator public_flat_rw``.
    """

    name: str
    width: int = 1
    direction: str = ""
    kind: str = "logic"
    note: str = ""

    def declaration(self) -> str:
        """``input logic [7:0] name``."""
        bits = f"{self.kind} [{self.width - 1}:0]" if self.width > 1 else self.kind
        note = f"/* {self.note} */" if self.note else ""
        return " ".join(x for x in (self.direction, bits, self.name, note) if x)


@dataclass(frozen=True, slots=True)
class ModuleInstance:
    """An instance; parameters and connections by name.

    Attributes:
        module: name of the module.
        name: instance name without its ``u_``.
        parameters: values by parameter name; text becomes a string literal.
        connections: signal (or expression) by port name; empty text leaves a port open.
    """

    module: str
    name: str
    parameters: Mapping[str, int | str]
    connections: Mapping[str, str]

    def lines(self) -> Iterable[str]:
        """The instantiation, one parameter or port a line."""
        if self.parameters:
            yield f"  {self.module} #("
            yield from _listed(f"    .{k}({literal(v)})" for k, v in self.parameters.items())
            yield f"  ) u_{self.name} ("
        else:
            yield f"  {self.module} u_{self.name} ("
        yield from _listed(f"    .{port}({wire})" for port, wire in self.connections.items())
        yield "  );"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of ports, wires and instances.

    Attributes:
        name: of the module.
        comment: lines that head the file.
        ports: none for a bench.
        wires: declared before the instances.
        instances: in the order printed.
        body: further statements, for benches only: a generated top has none.
    """

    name: str
    comment: tuple[str, ...]
    ports: tuple[Signal, ...]
    wires: tuple[Signal, ...]
    instances: tuple[ModuleInstance, ...]
    body: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that every name is declared once.

        Raises:
            FirebrickError: naming module and name.
        """
        names = [x.name for x in (*self.ports, *self.wires)]
        names += [f"u_{x.name}" for x in self.instances]
        for name, count in Counter(names).items():
            if count > 1:
                raise FirebrickError(f"module {self.name!r}: {name!r} is declared {count} times")

    def text(self) -> str:
        """The file: deterministic, ends with a newline."""
        lines = [f"// {line}".rstrip() for line in self.comment]
        lines += [f"module {self.name} ("] if self.ports else [f"module {self.name};"]
        lines += _listed(f"  {port.declaration()}" for port in self.ports)
        lines += [");"] if self.ports else []
        lines += ["", *(f"  {wire.declaration()};" for wire in self.wires)]
        for instance in self.instances:
            lines += ["", *instance.lines()]
        lines += ["", *(f"  {line}" for line in self.body)] if self.body else []
        lines += ["", "endmodule"]
        return "\n".join(lines) + "\n"


def literal(value: int | str) -> str:
    """A parameter value: text quoted, wide numbers sized.

    Raises:
        ValueError: for text that would need escaping; names of layers never do.
    """
    if isinstance(value, str):
        if not value.isprintable() or '"' in value or "\\" in value:
            raise ValueError(f"not a plain string: {value!r}")
        return f'"{value}"'
    if -INT_MAX <= value <= INT_MAX:
        return str(value)
    return f"{value.bit_length()}'h{value:x}"


def _listed(items: Iterable[str]) -> list[str]:
    """Items with a comma behind each but the last."""
    lines = list(items)
    return [line + "," for line in lines[:-1]] + lines[-1:]
