# SPDX-License-Identifier: Apache-2.0
"""Synthesis for an ECP5, in a process of its own: ``python -m firebrick.synth.nextpnr.worker``.

Runs in a folder with all sources and memory images; reads the name of the top and the files from
``job.json``, leaves the netlist as `NETLIST` for nextpnr and as `VERILOG` for simulation, and the
number of its cells by type in `CELLS`. What Yosys says goes to the standard output. A process of
its own, since Yosys ends it when it meets what it cannot do.
"""

from __future__ import annotations

import json
from pathlib import Path

JOB, NETLIST, VERILOG, CELLS = "job.json", "netlist.json", "netlist.v", "cells.json"


def run(top: str, sources: list[str]) -> None:
    """Synthesize in the current folder."""
    from pyosys import libyosys  # noqa: PLC0415 - half a second, and nobody else needs it

    design = libyosys.Design()

    def command(*words: str) -> None:
        print(f"firebrick: {' '.join(words)}", flush=True)
        libyosys.Pass.call(design, list(words))  # of a text, a semicolon would end the command

    command("read_slang", "--ignore-assertions", "--top", top, *sources)
    # To Yosys "distributed" is LUT RAM, whose contents no bitstream sets; a ROM in LUTs is logic.
    command("setattr", "-set", "rom_style", '"logic"', "a:rom_style=distributed")
    # A word that is read while it is written may be either: nothing relies on it, see `ram`. Block
    # RAM would be given comparators and multiplexers otherwise, to read as the source says.
    command("synth_lattice", "-family", "ecp5", "-top", top, "-no-rw-check", "-json", NETLIST)
    command("write_verilog", "-noattr", VERILOG)
    command("tee", "-q", "-o", "stat.json", "stat", "-json")
    (module,) = json.loads(Path("stat.json").read_text())["modules"].values()
    Path(CELLS).write_text(json.dumps(module["num_cells_by_type"]))


if __name__ == "__main__":
    job = json.loads(Path(JOB).read_text())
    run(job["top"], job["sources"])
