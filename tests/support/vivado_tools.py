# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for Vivado and `v++`: they check what they are told, and leave reports made by hand.

What they know is from AMD's documentation (UG835, UG1118, UG1393), not from running the tools.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import stand_ins
from stand_ins import FILES

record = partial(stand_ins.record, recorder=FILES / "vivado_recorder.tcl")
"""What a Tcl script of Vivado calls, one line each; see the recorder."""
UTILIZATION = FILES / "vivado_utilization.rpt"
TIMING = FILES / "vivado_timing.rpt"
KERNEL_UTILIZATION = FILES / "vpp_kernel_util.rpt"
INFO = FILES / "vpp_xclbin.info"
BY_HAND = (UTILIZATION, TIMING, KERNEL_UTILIZATION, INFO)
"""Written by hand from the documented formats; of no synthesis."""


def main(name: str, arguments: Sequence[str]) -> int:
    """What a program does; its status."""
    faults = {"vivado": vivado, "v++": link}[name](list(arguments))
    for fault in faults:
        print(f"ERROR: [stand-in] {fault}")
    return 1 if faults else 0


def vivado(arguments: list[str]) -> list[str]:
    """Vivado in batch mode (UG835, Tcl Batch Mode); what is wrong."""
    found = re.fullmatch(
        r"-mode batch -notrace -log (\w+\.log) -journal \w+\.jou -source (\w+\.tcl)",
        " ".join(arguments),
    )
    if not found or not Path(found[2]).is_file():
        return [f"vivado: arguments {arguments}"]
    lines = record(Path(found[2]).resolve())
    print("\n".join(lines))
    Path(found[1]).write_text("\n".join(lines) + "\n")
    return [] if lines[-1] == "exit 0" else lines[-2:]


# --- v++ ------------------------------------------------------------------------------------------

OPTIONS = {
    "--target": r"hw|hw_emu|sw_emu",
    "--config": r"\S+",
    "--kernel_frequency": r"\d+",
    "--temp_dir": r"\S+",
    "--report_dir": r"\S+",
    "--log_dir": r"\S+",
    "--output": r"\S+\.xclbin",
    "--optimize": r"0|1|2|3|s|quick",
    "--report_level": r"0|1|2|estimate",
    "--jobs": r"\d+",
}
"""Options of `v++ --link` with a value (UG1393, Vitis Compiler General Options, Linking)."""
FLAGS = {"--link", "--save-temps", "--debug"}
GENERAL = {"platform": r"\w+", "save-temps": r"0|1", "kernel_frequency": r"\d+", "optimize": r"\d"}
CONNECTIVITY = {
    "nk": r"\w+:\d+(:\w+)?",
    "sp": r"\w+\.\w+:(DDR|HBM|PLRAM)\[\d+(:\d+)?\]",
    "slr": r"\w+:SLR\d",
}


def config_faults(text: str, kernel: str) -> list[str]:
    """What is wrong with a config file that links one kernel (UG1393, Configuration File)."""
    faults, seen, section = [], dict[str, str](), ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line
            faults += [] if line == "[connectivity]" else [f"{number}: section {line}"]
            continue
        key, _, value = line.partition("=")
        pattern = (CONNECTIVITY if section else GENERAL).get(key)
        if pattern is None:
            faults.append(f"{number}: unknown {key}")
        elif not re.fullmatch(pattern, value):
            faults.append(f"{number}: {key} is {value!r}")
        elif key in seen:
            faults.append(f"{number}: {key} again")
        seen.setdefault(key, value)
    faults += [f"{x} is missing" for x in ("platform", "nk", "sp") if x not in seen]
    if not faults:
        name, _, unit = seen["nk"].split(":")
        if name != kernel:
            faults.append(f"nk: no kernel {name}")
        if seen["sp"].split(":")[0] not in (f"{unit}.m_axi_gmem", f"{unit}.images"):
            faults.append(f"sp: {seen['sp']} is no port of {unit}")
    return faults


def link(arguments: list[str]) -> list[str]:
    """`v++ --link`; what is wrong, and an .xclbin with its reports if nothing is."""
    faults, values, flags, inputs = [], dict[str, str](), set(), []
    while arguments:
        word = arguments.pop(0)
        if word in OPTIONS and arguments:
            values[word] = arguments.pop(0)
            if not re.fullmatch(OPTIONS[word], values[word]):
                faults.append(f"{word} is {values[word]!r}")
        elif word in FLAGS:
            flags.add(word)
        elif word.startswith("-"):
            faults.append(f"unknown option {word}")
        else:
            inputs.append(word)
    faults += [] if "--link" in flags else ["--link is missing"]
    faults += [f"{x} is missing" for x in ("--config", "--output", "--target") if x not in values]
    files = [*inputs, *([values["--config"]] if "--config" in values else [])]
    faults += [f"{x} does not exist" for x in files if not Path(x).is_file()]
    faults += [] if len(inputs) == 1 else [f"kernels {inputs}"]
    if not faults:
        faults += config_faults(Path(values["--config"]).read_text(), Path(inputs[0]).read_text())
    if not faults:
        Path(values["--output"]).write_text("stand-in")
        shutil.copyfile(INFO, f"{values['--output']}.info")
        reports = Path(values.get("--report_dir", "_x/reports"), "link", "imp")
        reports.mkdir(parents=True)
        shutil.copyfile(KERNEL_UTILIZATION, reports / "impl_1_kernel_util_routed.rpt")
    return faults
