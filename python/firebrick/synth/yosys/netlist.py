# SPDX-License-Identifier: Apache-2.0
"""Modules of an elaborated netlist (RTLIL text): equal ones become one.

The reader gives every instance a module of its own. The lanes of an engine differ in nothing but
that module's name, so synthesizing each would take LANES times as long for the same result.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

CELL = re.compile(r"^( +cell )(\S+)( \S+)$", re.MULTILINE)
MODULE = re.compile(r"^module (\S+)\n(.*?)^end\n", re.MULTILINE | re.DOTALL)
SOURCE = re.compile(r"^ *attribute \\(src|hdlname) .*\n", re.MULTILINE)
NUMBER = re.compile(r"\$\d+")
FIRST_NUMBER = 100_000_000
"""Where the numbers of invented names start: all of one length, as names are written sorted."""


@dataclass(frozen=True, slots=True)
class Netlist:
    """Modules by name, each once.

    Attributes:
        modules: text between ``module`` and ``end``, children before their parents.
        kept: modules that stay modules in synthesis: those of which the top instantiates several,
            equal or not, and what these have in common.
    """

    modules: dict[str, str]
    kept: frozenset[str]

    def text(self) -> str:
        """As RTLIL."""
        parts = [numbers_from(2 * FIRST_NUMBER)]
        for name, body in self.modules.items():
            mark = "attribute \\keep_hierarchy 1\n" if name in self.kept else ""
            parts.append(f"{mark}module {name}\n{body}end\n")
        return "".join(parts)


def merge_equal(rtlil: str, top: str) -> Netlist:
    r"""Replace modules that differ in names only by the first of them.

    Args:
        rtlil: text of the design; module ``name$path`` is an instance of module ``name``.
        top: name of its top module.
    """
    bodies = {match[1]: match[2] for match in MODULE.finditer(rtlil)}
    merged: dict[str, str] = {}  # new name of each module
    known: dict[str, str] = {}  # new name by contents
    modules: dict[str, str] = {}
    counts: dict[str, int] = {}

    def visit(name: str) -> str:
        if name not in merged:
            body = CELL.sub(
                lambda cell: cell[1] + (visit(cell[2]) if cell[2] in bodies else cell[2]) + cell[3],
                SOURCE.sub("", bodies[name]),
            )
            base = base_name(name)
            key = f"{base}\n{_renumbered(body)}"
            if key not in known:
                number = counts.get(base, 0)
                counts[base] = number + 1
                known[key] = name if name == f"\\{top}" else f"\\{base}#{number}"
                modules[known[key]] = body
            merged[name] = known[key]
        return merged[name]

    visit(f"\\{top}")
    several = _several(modules, f"\\{top}")
    inside = Counter(child for name in several for child in set(_children(modules, name)))
    return Netlist(modules, several | {child for child, count in inside.items() if count > 1})


def numbers_from(number: int) -> str:
    """RTLIL that makes invented names start at a number."""
    return f"autoidx {number}\n"


def _children(modules: dict[str, str], name: str) -> list[str]:
    return [cell[2] for cell in CELL.finditer(modules[name]) if cell[2] in modules]


def _several(modules: dict[str, str], top: str) -> frozenset[str]:
    """Children of the top of which, by their name in the source, there are others."""
    children = _children(modules, top)
    bases = Counter(base_name(child) for child in children)
    return frozenset(child for child in children if bases[base_name(child)] > 1)


def base_name(module: str) -> str:
    r"""Name of the module in the source: ``conv_lane`` of ``\conv_lane#2``."""
    return re.split(r"[$#]", module.removeprefix("\\"))[0]


def _renumbered(body: str) -> str:
    """Text with the numbers of invented names in the order of their appearance."""
    numbers: dict[str, str] = {}
    return NUMBER.sub(lambda match: numbers.setdefault(match[0], f"${len(numbers)}"), body)
