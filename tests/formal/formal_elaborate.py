# SPDX-License-Identifier: Apache-2.0
"""SystemVerilog to SMT-LIB, in a process of its own: Yosys ends the whole process on an error.

``python formal_elaborate.py jobs.json``: a list of jobs, each an object with ``top``,
``parameters`` (numbers by name), ``sources`` (paths) and ``target`` (the file to write).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PASSES = (
    "prep -nordff -top {top}",
    # An undriven signal would be free where nobody meant it to be.
    "check -assert",
    # Assertions of the hardware are clocked: they fail in the cycle after, like registers.
    "async2sync",
    "chformal -lower",
    "dffunmap",
    # What the hardware leaves undefined may be anything.
    "setundef -anyseq",
    "opt_clean",
    "write_smt2 -wires {target}",
)


def elaborate(job: dict[str, Any]) -> None:
    """Write one file."""
    from pyosys import libyosys  # noqa: PLC0415 - half a second

    design = libyosys.Design()
    parameters = " ".join(f"-G {name}={value}" for name, value in job["parameters"].items())
    sources = " ".join(job["sources"])
    read = f"read_slang --allow-hierarchical-const --top {job['top']} {parameters} {sources}"
    for command in (read, *PASSES):
        libyosys.run_pass(command.format(**job), design)


if __name__ == "__main__":
    for one in json.loads(Path(sys.argv[1]).read_text()):
        elaborate(one)
