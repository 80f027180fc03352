# SPDX-License-Identifier: Apache-2.0
"""C++ of the benches: the generated header of an engine and a function that runs its function."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from firebrick.emit.hls.layer import cpp_function, layer_header, namespace
from firebrick.ops.base import Engine
from firebrick.verify.check import Beats

Change = Mapping[str, int]
"""New values of constants of a `Cfg`."""


class Refused(NamedTuple):
    """What a function refuses.

    Attributes:
        engine: one that it takes.
        rules: changes to that one's `Cfg`, and what the compiler says about each.
    """

    engine: Engine
    rules: Sequence[tuple[Change, str]]


def refused(kind: str) -> Refused:
    """What the function of an operator refuses: `REFUSED` of its test in `tests/ops`."""
    found: Refused = import_module(f"test_{kind}").REFUSED
    return found


def instance(name: str, engine: Engine, change: Change | None = None) -> str:
    """The generated header of an engine, some constants changed, and a use of its function."""
    text = layer_header(name, engine, [])
    for key, value in (change or {}).items():
        text, count = re.subn(rf"\b{key} = \w+;", f"{key} = {value};", text)
        assert count == 1, key
    kinds = list(cpp_function(engine).beats())
    streams = ", ".join(f"hls::stream<Cfg::{kind}>& {kind}" for kind in kinds)
    arguments = ", ".join([*kinds, *(table.name for table in cpp_function(engine).tables())])
    return (
        f"{text}namespace {namespace(name)} {{\nvoid use({streams}) {{\n"
        f"  firebrick::{engine.operator.kind}<Cfg>({arguments});\n}}\n}}\n"
    )


def _run(name: str, engine: Engine, entering: Sequence[Beats]) -> list[str]:
    """A function that runs some frames, from beats in files to beats in a file."""
    kinds = [kind for kind in cpp_function(engine).beats() if kind != "out_beat"]
    ports = [(f"in{n}", *x) for n, x in enumerate(zip(kinds, entering, strict=True))]
    lines = [
        f"namespace {namespace(name)} {{",
        "void run(const std::string& folder, int frames, int number) {",
        "  hls::stream<Cfg::out_beat> out;",
    ]
    for stream, kind, beats in ports:
        file = f'folder + "input{stream[2:]}.hex"'
        lines += [
            f"  hls::stream<Cfg::{kind}> {stream};",
            f"  bench::load({stream}, {file}, {beats.frame_beats});",
        ]
    arguments = [
        *(x[0] for x in ports),
        "out",
        *(table.name for table in cpp_function(engine).tables()),
    ]
    lines += [
        "  while (frames--) {",
        f"    firebrick::{engine.operator.kind}<Cfg>({', '.join(arguments)});",
        *(f"    bench::expect_left({x}, frames * {beats.frame_beats});" for x, _, beats in ports),
        "  }",
        '  bench::store(out, folder + "output" + std::to_string(number) + ".txt");',
        "}",
        f"}}  // namespace {namespace(name)}",
    ]
    return lines


def bench_source(engines: Mapping[str, tuple[Engine, Sequence[Beats]]]) -> str:
    """One translation unit with a bench for each case, chosen by name.

    Args:
        engines: by the name of the case, engine and what enters its ports.
    """
    lines = ['#include "bench.hpp"']
    for name, (engine, entering) in engines.items():
        lines += [layer_header(name, engine, []), *_run(name, engine, entering), ""]
    lines += [
        "int main(int argc, char** argv) {",
        "  using text = const std::string&;",
        "  auto run = [](text name, text folder, int frames, int number) {",
        *(f'    if (name == "{x}") {namespace(x)}::run(folder, frames, number);' for x in engines),
        "  };",
        "  return bench::main_of(argc, argv, run);",
        "}",
        "",
    ]
    return "\n".join(lines)
