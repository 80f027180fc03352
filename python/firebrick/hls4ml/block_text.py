# SPDX-License-Identifier: Apache-2.0
"""C++ of a block of an hls4ml project: its functions, joined by channels, between two adapters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from firebrick.emit.hls.dataflow import DEPTH, Process, stream_name
from firebrick.emit.hls.function import beat, constants
from firebrick.emit.hls.layer import cpp_function
from firebrick.emit.hls.tables import Table
from firebrick.hardware.memory import index_bits
from firebrick.hls4ml.block import Block
from firebrick.plan.pipeline import Instance, Link

BLOCKS = "blocks"
"""Folder of the blocks' headers, below `firmware`."""
LINE = 96
"""Characters of a line of a function."""
LAYERS = "layers"
"""Folder of the layers' headers."""


def block_space(name: str) -> str:
    """C++ namespace of a block; no layer can be named so that it is a keyword."""
    return f"{name}_block"


def block_file(name: str) -> str:
    """Header of a block, below `firmware`."""
    return f"{BLOCKS}/{name}.hpp"


def arguments(block: Block) -> list[str]:
    """Names of a block's inputs."""
    return ["data"] if len(block.inputs) == 1 else ["left", "right"]


def block_text(block: Block, origin: Sequence[str]) -> str:
    """The header of a block."""
    names = arguments(block)
    guard = f"FIREBRICK_BLOCKS_{block.name}_HPP_"
    types = ", ".join(f"class {x}_T" for x in (*names, "res"))
    streams = ", ".join(f"hls::stream<{x}_T>& {x}" for x in (*names, "res"))
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Block {block.name}: {' and '.join(block.layers)}, between arrays of hls4ml.",
        *(f"// {line}".rstrip() for line in origin),
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        '#include "nnet_utils/nnet_firebrick.h"',
        *(f'#include "{LAYERS}/{x.name}.hpp"' for x in block.instances),
        "",
        f"namespace {block_space(block.name)} {{",
        "",
    ]
    for name, link in (*zip(names, block.sources, strict=True), ("res", block.output)):
        lines += [*_border(name, link), ""]
    lines += [
        "// One frame a call.",
        f"template <{types}>",
        f"void run({streams}) {{",
        "#pragma HLS INLINE off",
        "#pragma HLS DATAFLOW",
        *(f"  {x}" if not x.startswith("#") else x for x in _body(block, names)),
        "}",
        "",
        f"}}  // namespace {block_space(block.name)}",
        "",
        f"#endif  // {guard}",
    ]
    return "\n".join(lines) + "\n"


def _border(name: str, link: Link) -> Iterator[str]:
    """Geometry of an adapter, and the order of the channels in its row stream."""
    kind = link.stream.tensor
    values = {
        "channels": kind.channels,
        "height": kind.height,
        "width": kind.width,
        "columns": link.stream.columns,
        "bits": kind.bits,
    }
    yield from (f"struct {name}_cfg {{", *constants(values), "};", "")
    kind_text = f"firebrick::stored<{index_bits(kind.channels)}>"
    order = [str(x) for x in link.order]
    note = "Channel at each place of the row stream."
    yield from Table(f"{name}_order", kind_text, [order], note).lines()


def _body(block: Block, names: Sequence[str]) -> Iterator[str]:
    """Channels, then processes in the order in which data meets them."""
    inputs = [f"{x}_rows" for x in names]
    for name, link in zip(inputs, block.sources, strict=True):
        yield from _channel(name, beat(link.stream))
    for instance in block.instances:
        yield from _channel(stream_name(instance.outputs[0]), _out_beat(instance))
    for name, rows in zip(names, inputs, strict=True):
        yield f"firebrick::array_to_rows<{name}_cfg>({name}, {rows}, {name}_order);"
    for instance in block.instances:
        output = stream_name(instance.outputs[0])
        names_of_tables = tuple(x.name for x in cpp_function(instance.engine).tables())
        process = Process(instance.name, instance.module, tuple(inputs), (output,), names_of_tables)
        yield from wrap(process.call(), LINE, subsequent_indent="    ", break_long_words=False)
        if instance.name in block.layers:
            yield from ("#ifndef __SYNTHESIS__", f'firebrick::tap({output}, "{instance.name}");')
            yield "#endif"
        inputs = [output]
    if block.values:
        yield f"firebrick::values_to_array<res_cfg>({inputs[0]}, res);"
    else:
        yield f"firebrick::rows_to_array<res_cfg>({inputs[0]}, res, res_order);"


def _channel(name: str, kind: str) -> Iterator[str]:
    yield f'hls::stream<{kind}> {name}("{name}");'
    yield f"#pragma HLS STREAM variable={name} depth={DEPTH}"


def _out_beat(instance: Instance) -> str:
    return cpp_function(instance.engine).beats()["out_beat"]
