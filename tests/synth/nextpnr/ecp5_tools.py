# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for nextpnr-ecp5 and ecppack: they check what they are told, and compute nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = ("package", "speed", "json", "top", "lpf", "textcfg", "report", "seed")
PORTS = ("clk", "rst_n", "rx_i", "tx_o", "error_o")
LOG = """\
Info: Device utilisation:
Info: \t          DP16KD:      42/    208    20%
Info: \t      MULT18X18D:     {mults}/    156    32%
Info: \t          TRELLIS_FF:   10353/  83640    12%
Info: \t        TRELLIS_COMB:   17070/  83640    20%
Info: \t        TRELLIS_RAMW:     448/  10455     4%

Info: Running main analytical placer, max placement attempts per cell = 97790112.
Info: Running simulated annealing placer for refinement.
Info: Routing 1000 arcs.
Info:        500 |       41        459 |   41   459 |        500|       0.61       0.61|
Info:       1000 |       41        959 |    0   500 |          0|       0.61       1.22|
"""


def install(folder: Path, mode: str = "good") -> dict[str, str]:
    """Programs in a folder, by name; `mode` is how nextpnr ends: good, overfull, slow or wrong."""
    folder.mkdir()
    for name in ("nextpnr-ecp5", "ecppack"):
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(HERE)!r})\n"
            f"import ecp5_tools\nsys.exit(ecp5_tools.main({name!r}, {mode!r}, sys.argv[1:]))\n"
        )
        path.chmod(0o755)
    return {path.name: str(path) for path in folder.iterdir()}


def main(name: str, mode: str, arguments: list[str]) -> int:
    """What a program does; returns its exit status."""
    if arguments == ["--version"]:
        print(f'"{name}" -- a stand-in (Version {name}-0.0)')
        return 0
    return _nextpnr(mode, arguments) if name == "nextpnr-ecp5" else _ecppack(arguments)


def _nextpnr(mode: str, arguments: list[str]) -> int:
    device, *rest, allow = arguments
    assert (device, allow) == ("--85k", "--timing-allow-fail")
    given = dict(zip(rest[::2], rest[1::2], strict=True))
    assert set(given) == {f"--{x}" for x in OPTIONS}
    assert (given["--package"], given["--speed"]) == ("CABGA381", "6")
    assert given["--top"] == "firebrick_uart"
    json.loads(Path(given["--json"]).read_text())
    pins = Path(given["--lpf"]).read_text()
    assert all(f'LOCATE COMP "{port}" SITE' in pins for port in PORTS)
    assert 'FREQUENCY PORT "clk" 25 MHZ;' in pins
    if mode == "wrong":
        print("ERROR: top module does not exist")
        return 1
    print(LOG.format(mults=157 if mode == "overfull" else 51))
    if mode == "overfull":
        print("ERROR: Unable to place cell 'x', no BELs remaining to implement cell type")
        return 1
    clock = {"achieved": 21.5 if mode == "slow" else 93.25, "constraint": 25.0}
    Path(given["--report"]).write_text(json.dumps({"fmax": {"clk": clock}, "utilization": {}}))
    Path(given["--textcfg"]).write_text("config")
    return 0


def _ecppack(arguments: list[str]) -> int:
    compress, config, bitstream = arguments
    assert compress == "--compress"
    Path(bitstream).write_bytes(b"bits of " + Path(config).read_bytes())
    return 0
