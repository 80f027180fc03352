# SPDX-License-Identifier: Apache-2.0
"""The C simulation of a network: a thread a function, every channel as deep as in hardware."""

from __future__ import annotations

from collections.abc import Sequence

from firebrick.emit.hls.dataflow import Dataflow, includes, plumbing

INPUT_FILE = "image.bin"
"""Beats of the image: each value a 32-bit integer."""


def output_file(layer: str) -> str:
    """Beats of a layer's output: each value's bits in a 32-bit integer."""
    return f"{layer}.bin"


def bench_text(net: Dataflow, origin: Sequence[str]) -> str:
    """`csim.cpp`: frames from a folder through the network, every layer's stream written there."""
    image = net.input.link.stream
    taps = [(x, output_file(x.link.layer)) for x in net.channels if x.link.layer is not None]
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        *(f"// {line}".rstrip() for line in origin),
        "// C simulation: csim.exe FOLDER FRAMES reads image.bin there, writes each layer.",
        "// With ap_int.h, say of hls4ml, in AP_TYPES:",
        "// g++ -std=c++17 -O2 -pthread -Icsim -Iinclude -I. -isystem AP_TYPES csim.cpp -o "
        "csim.exe",
        '#include "bench.hpp"',
        *includes(net),
        "",
        *plumbing(net),
        "int main(int argc, char** argv) {",
        "  const csim::arguments run(argc, argv);",
        *(
            f'  static hls::stream<{x.beat}, {x.depth}> {x.name}("{x.link.name}");'
            for x in net.channels
        ),
        "",
        *(f'  csim::tap {x.link.layer}_tap({x.name}, run.folder + "{file}");' for x, file in taps),
        "",
        "  hls::processes all;",
        f"  all.add([&] {{ csim::source({net.input.name}, run, {image.frame_beats}); }});",
    ]
    for process in net.processes:
        lines += [
            "  all.add([&] {",
            f"    for (int frame = 0; frame < run.frames; ++frame) {process.call()}",
            "  });",
        ]
    lines += [
        f"  all.add([&] {{ csim::sink({net.output.name}, run, "
        f"{net.output.link.stream.frame_beats}); }});",
        "  all.run();",
        "  return 0;",
        "}",
    ]
    return "\n".join(lines) + "\n"
