# SPDX-License-Identifier: Apache-2.0
"""One synthesis, in a process of its own: ``python -m firebrick.synth.yosys.worker``.

In the current folder, reads ``job.json`` (a `Synthesis`), leaves ``cells.json``: per module of the
netlist, cells by type. What Yosys says goes to the standard output. A process each, since Yosys
keeps the memory it once had and ends the whole process when it meets what it cannot do.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from firebrick.synth.yosys.netlist import FIRST_NUMBER, merge_equal, numbers_from

FOLDER = Path(__file__).parent
TABLES = ("lut_rom.txt", "lut_rom_map.v")
DEEP = 256
"""Words from which a table of LUTs is mapped as a memory; smaller ones are logic to Yosys."""
JOB, CELLS = "job.json", "cells.json"
DSP_FAMILY = "xc7"
"""Family for whose DSP slices multiplications are mapped."""


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What to synthesize.

    Attributes:
        top: name of the module.
        parameters: literals by parameter name.
        sources: names of the SystemVerilog files, which lie in the current folder.
        family: name of the device family, as Yosys has it.
    """

    top: str
    parameters: Mapping[str, str]
    sources: Sequence[str]
    family: str

    def text(self) -> str:
        """For `JOB`."""
        return json.dumps(asdict(self))


def run(job: Synthesis) -> None:
    """Synthesize in the current folder."""
    from pyosys import libyosys  # noqa: PLC0415 - half a second, and nobody else needs it

    design = libyosys.Design()

    def command(*words: str) -> None:
        print(f"firebrick: {' '.join(words)}", flush=True)
        libyosys.Pass.call(design, list(words))  # of a text, a semicolon would end the command

    Path("numbers.il").write_text(numbers_from(FIRST_NUMBER))
    command("read_rtlil", "numbers.il")
    parameters = [x for name, value in job.parameters.items() for x in ("-G", f"{name}={value}")]
    options = ("--keep-hierarchy", "--ignore-assertions", "--top", job.top)
    command("read_slang", *options, *parameters, *job.sources)
    # To Yosys "distributed" is LUT RAM, which nothing initialises; a ROM in LUTs is logic.
    command("setattr", "-set", "rom_style", '"logic"', "a:rom_style=distributed")
    command("write_rtlil", "elaborated.il")
    merged = merge_equal(Path("elaborated.il").read_text(), job.top)
    Path("merged.il").write_text(merged.text())
    command("design", "-reset")
    command("read_rtlil", "merged.il")

    def synth(stages: str, family: str = job.family) -> None:
        uram = ("-uram",) if family == "xcup" else ()
        options = ("-flatten", "-noiopad", "-noclkbuf", *uram, "-run", stages)
        command("synth_xilinx", "-family", family, "-top", job.top, *options)

    synth("begin:map_dsp")
    # Whether the address arithmetic of a multiplexer is seen through before multipliers are looked
    # for is else a matter of luck: one such multiplication became a DSP slice.
    for again in ("wreduce", "opt", "wreduce", "peepopt", "opt_clean"):
        command(again)
    # Of a DSP48E2 Yosys knows the multiplier alone, of a DSP48E1 the registers and the adder too.
    # DSP48E2 has all that DSP48E1 has, so multiplications are mapped as for the latter.
    synth("map_dsp:coarse", DSP_FAMILY)
    synth("coarse:map_memory")
    # Left to logic optimisation a deep table takes half as many LUTs again as it has 64 bits.
    deep = (f"r:SIZE>={DEEP}", "a:rom_style=logic", "%i")
    command("setattr", "-set", "rom_style", '"distributed"', *deep)
    for name in TABLES:  # Yosys quotes no path
        shutil.copyfile(FOLDER / name, name)
    command("memory_libmap", "-lib", TABLES[0], "a:rom_style=distributed")
    command("techmap", "-map", TABLES[1])
    synth("map_memory:check")
    command("tee", "-q", "-o", "stat.json", "stat", "-json")
    modules = json.loads(Path("stat.json").read_text())["modules"]
    cells = {name.removeprefix("\\"): x["num_cells_by_type"] for name, x in modules.items()}
    Path(CELLS).write_text(json.dumps(cells))


if __name__ == "__main__":
    run(Synthesis(**json.loads(Path(JOB).read_text())))
