# SPDX-License-Identifier: Apache-2.0
"""`synth`: generated hardware through a tool; one module a tool, named as `--tool` names it."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json
from firebrick.errors import FirebrickError


class Tool(StrEnum):
    """What `synth` runs."""

    YOSYS = "yosys"
    VIVADO = "vivado"
    VITIS = "vitis"
    VITIS_HLS = "vitis_hls"
    NEXTPNR = "nextpnr"


TARGETS = {Tool.VITIS_HLS: "hls"}
"""Of `generate`, that a tool takes, where it is not rtl."""


def synth(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder made by `generate`.")],
    tool: Annotated[
        Tool,
        typer.Option(
            help="For rtl: yosys counts resources, vivado makes an IP core and a Zynq's bitstream, "
            "vitis an Alveo card's .xclbin, nextpnr an ECP5's bitstream. For hls: vitis_hls."
        ),
    ] = Tool.YOSYS,
    board: Annotated[
        str | None,
        typer.Option(help="Board to compare with: a name or a .toml file. Default: the plan's."),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave this step out; may be repeated.")
    ] = None,
    trust_sources: Annotated[
        bool,
        typer.Option(
            "--trust-sources",
            help="Let tools run sources of DIR that are not as this firebrick writes them.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Synthesize generated hardware: resources, clock and, with a vendor's tool, a bitstream.

    `--tool yosys` counts with an open synthesizer: each distinct instance by itself, summed, since
    the top only wires them. Takes minutes for SqueezeNet. Not placed and routed: counts of Vivado
    differ somewhat, and no clock is confirmed.

    `--tool vivado` synthesizes the kernel out of context, places and routes it (`--skip route`),
    packages it as an IP core (`--skip ip`) and builds firebrick.bit and firebrick.hwh of a Zynq
    board (`--skip bitstream`). `--tool vitis` packages it for an Alveo card and links
    firebrick.xclbin (`--skip link`). Work and logs stay in DIR/vivado or DIR/vitis.

    `--tool vitis_hls` takes a folder of `generate --target hls` through the vendor's C simulation,
    C synthesis, co-simulation and export (`--skip csim`, `cosim`, `export`), and shows its
    estimates; work and log stay in DIR/vitis_hls. Co-simulation runs whole frames in RTL, which
    takes long.

    `--tool nextpnr` is the open flow to a bitstream for a Lattice ECP5.

    What the vendors' flows call is tested against their documentation alone: docs/vendor_tools.md.

    Tools do what sources say, so a folder is taken whose sources are as this firebrick writes them.
    If you changed them, or have them from someone you trust, give `--trust-sources`.

    Exit status 1 if the counts exceed the board's budget, or a step fails; 2, before anything is
    written, if the tool is not there.

    Examples: `firebrick synth rtl/ --tool yosys --board ultra96-v2`,
    `firebrick synth rtl/ --tool vivado --board pynq-z2`,
    `firebrick synth hls/ --tool vitis_hls --skip cosim`
    """
    from firebrick.cli.given import GENERATED, check_made, check_target
    from firebrick.synth.vendor import read_fields

    chosen = import_module(f"firebrick.cli.synth.{tool}")
    for step in skip or []:
        if step not in chosen.STEPS:
            steps = ", ".join(chosen.STEPS) or "none"
            raise FirebrickError(f"--skip: {step!r} is no step of --tool {tool}: it has {steps}")
    check_made(folder, GENERATED)
    _, target = read_fields(folder)
    check_target(folder, target, TARGETS.get(tool, "rtl"), tool)
    chosen.synthesize_folder(folder, board, skip or [], trusted=trust_sources, as_json=json)
