# SPDX-License-Identifier: Apache-2.0
"""Many memories of different shapes in one synthesis: what each takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from firebrick.data import hardware_sources
from firebrick.hardware.resources import Family, Resources
from firebrick.synth.yosys.cells import tally
from firebrick.synth.yosys.module import synthesize_module

Shape = tuple[int, int, int]
"""Width, depth, kind."""

RAM = """  logic [{w}-1:0] word{n};
  ram #(.WIDTH({w}), .DEPTH({d}), .KIND({k})) u_{n} (
    .clk, .write_i, .write_address_i({a}'(a_i)), .write_word_i({w}'(d_i)), .read_i,
    .read_address_i({a}'(b_i)), .word_o(word{n}));
"""
ROM = """  logic [{w}-1:0] word{n};
  rom #(.WIDTH({w}), .DEPTH({d}), .KIND({k}), .OUTPUT(0), .PREFIX("sweep.{n}")) u_{n} (
    .clk, .read_i, .output_i(read_i), .address_i({a}'(b_i)), .word_o(word{n}));
"""
TOP = """// SPDX-License-Identifier: Apache-2.0
module sweep (
  input logic clk, write_i, read_i,
  input logic [31:0] a_i, b_i,
  input logic [{widest}-1:0] d_i,
  output logic [{widest}-1:0] q_o[{count}]
);
{body}
endmodule
"""


def synthesize_memories(
    kind: str, shapes: Sequence[Shape], family: Family, folder: Path, images: Mapping[str, str]
) -> list[Resources]:
    """What each of the memories takes, without the registers that the tools leave outside.

    Args:
        kind: ``ram`` or ``rom``.
        shapes: of the memories; no two are equal.
        family: device family.
        folder: where to write the module that holds them.
        images: of read-only memories by file name: ``sweep.3.mem``, or ``sweep.3a.mem`` and so on.
    """
    widest = max(width for width, *_ in shapes)
    body = "".join(
        (RAM if kind == "ram" else ROM).format(n=n, w=w, d=d, k=k, a=max(1, (d - 1).bit_length()))
        + f"  assign q_o[{n}] = {widest}'(word{n});\n"
        for n, (w, d, k) in enumerate(shapes)
    )
    path = folder / "sweep.sv"
    path.write_text(TOP.format(count=len(shapes), widest=widest, body=body))
    report = synthesize_module("sweep", {}, images, [path, *hardware_sources()], family)
    found = [tally(report.cells, f"{kind}#{n}") for n in range(len(shapes))]
    assert sum(found, Resources()) == report.resources
    return found
