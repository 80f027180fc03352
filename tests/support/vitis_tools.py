# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the vendor's tools: they check what they are told, and compute nothing.

What they know of Vitis HLS is from its user guide (AMD UG1399, UG1702), not from running it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import stand_ins
from stand_ins import FILES

BOARDS = {"axis": "zcu104", "m_axi": "alveo-u50"}
"""A board of either kind of border."""
record = partial(stand_ins.record, recorder=FILES / "vitis_recorder.tcl")
"""What a Tcl script of Vitis HLS calls, one line each; see the recorder."""
REPORT = FILES / "vitis_csynth.xml"
"""Written by hand from the documented format; of no synthesis."""


# --- the config file ------------------------------------------------------------------------------

BOOLEAN = r"true|false|0|1"
GENERAL = {"part": r"xc[a-z0-9]+(-[a-zA-Z0-9]+)+", "platform": r".+", "freqhz": r"\d+"}
KEYS = {
    "flow_target": r"vivado|vitis",
    "clock": r"\d+\.?\d*(ns|MHz)",
    "clock_uncertainty": r"\d+\.?\d*(ns|%)?",
    "syn.top": r"[A-Za-z_]\w*",
    "syn.file": r".+",
    "syn.cflags": r".+",
    "syn.csimflags": r".+",
    "syn.file_cflags": r".+,.+",
    "syn.file_csimflags": r".+,.+",
    "syn.blackbox.file": r".+",
    "tb.file": r".+",
    "tb.cflags": r".+",
    "tb.file_cflags": r".+,.+",
    "csim.O": BOOLEAN,
    "csim.argv": r".+",
    "csim.clean": BOOLEAN,
    "csim.ldflags": r".+",
    "csim.mflags": r".+",
    "csim.setup": BOOLEAN,
    "cosim.O": BOOLEAN,
    "cosim.argv": r".+",
    "cosim.disable_deadlock_detection": BOOLEAN,
    "cosim.enable_dataflow_profiling": BOOLEAN,
    "cosim.enable_fifo_sizing": BOOLEAN,
    "cosim.random_stall": BOOLEAN,
    "cosim.rtl": r"verilog|vhdl",
    "cosim.trace_level": r"none|all|port|port_hier",
    "package.output.file": r".+",
    "package.output.format": r"ip_catalog|xo|syn_dcp|sysgen|rtl",
    "package.output.syn": BOOLEAN,
}
"""Keys under [hls], and what their values match."""
SEVERAL = {key for key in KEYS if key.endswith(("file", "flags"))} - {"package.output.file"}
NEEDED = {"syn.top", "syn.file", "tb.file", "flow_target", "clock", "package.output.format"}


def config_faults(text: str) -> list[str]:
    """What is wrong with a config file."""
    faults, seen, section = [], dict[str, list[str]](), ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line
            if line != "[hls]":
                faults.append(f"{number}: section {line}")
            continue
        key, equals, value = line.partition("=")
        pattern = (KEYS if section else GENERAL).get(key)
        if pattern is None or not equals:
            faults.append(f"{number}: unknown {key}")
        elif not re.fullmatch(pattern, value):
            faults.append(f"{number}: {key} is {value!r}")
        elif key in seen and key not in SEVERAL:
            faults.append(f"{number}: {key} again")  # the first one counts
        seen.setdefault(key, []).append(value)
    faults += [f"{x} is missing" for x in sorted((NEEDED | {"part"}) - seen.keys())]
    for key in ("syn.file", "tb.file"):
        faults += [f"{x} does not exist" for x in seen.get(key, []) if not Path(x).is_file()]
    for flags in (*seen.get("syn.cflags", []), *seen.get("tb.cflags", [])):
        folders = [x[2:] for x in flags.split() if x.startswith("-I")]
        faults += [f"{x} does not exist" for x in folders if not Path(x).is_dir()]
    if seen.get("package.output.format") == ["xo"] and seen.get("flow_target") != ["vitis"]:
        faults.append("xo wants flow_target=vitis")
    return faults


# --- the programs ---------------------------------------------------------------------------------


def main(name: str, arguments: Sequence[str]) -> int:
    """What a program does; its status."""
    faults = (_vitis_hls if name == "vitis_hls" else _component)(name, list(arguments))
    for fault in faults:
        print(f"ERROR: [stand-in] {fault}")
    return 1 if faults else 0


def _vitis_hls(_name: str, arguments: list[str]) -> list[str]:
    if arguments[:1] != ["-f"] or len(arguments) != 2:
        return [f"arguments {arguments}"]
    lines = record(Path(arguments[1]).resolve())
    print("\n".join(lines))
    if "call csynth_design" in lines:
        (top,) = (x.removeprefix("call set_top ") for x in lines if x.startswith("call set_top "))
        _leave_report(Path("project/solution"), top)
    return [] if lines[-1] == "exit 0" else lines[-2:]


def _component(name: str, arguments: list[str]) -> list[str]:
    """`v++ -c` and `vitis-run`, which share the options."""
    values = {"--mode": "", "--config": "", "--work_dir": ""}
    steps = []
    while arguments:
        word = arguments.pop(0)
        if word in values and arguments:
            values[word] = arguments.pop(0)
        else:
            steps.append(word)
    allowed = (["-c"],) if name == "v++" else (["--csim"], ["--cosim"], ["--package"])
    faults = [] if steps in allowed else [f"{name}: {steps}"]
    if values["--mode"] != "hls" or not values["--work_dir"]:
        faults.append(f"{name}: {values}")
    config = Path(values["--config"])
    if not config.is_file():
        return [*faults, f"{name}: no config"]
    text = config.read_text()
    faults += config_faults(text)
    component = Path(values["--work_dir"], "hls")
    if steps == ["-c"] and not faults:
        (top,) = re.findall(r"^syn\.top=(.*)$", text, re.MULTILINE)
        _leave_report(component, top)
    if steps in (["--cosim"], ["--package"]) and not (component / "syn").is_dir():
        faults.append(f"{name}: {steps} of what is not compiled")
    return faults


def _leave_report(solution: Path, top: str) -> None:
    folder = solution / "syn" / "report"
    folder.mkdir(parents=True)
    shutil.copy(REPORT, folder / f"{top}_csynth.xml")
