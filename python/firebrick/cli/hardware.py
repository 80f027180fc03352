# SPDX-License-Identifier: Apache-2.0
"""Commands from integers to hardware."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized
from firebrick.commands import hardware, nextpnr, vitis, vivado, vpp
from firebrick.errors import FirebrickError
from firebrick.synth import vitis_project, vivado_project, vpp_project


class Target(StrEnum):
    """What `generate` writes."""

    RTL = "rtl"
    HLS = "hls"
    HLS4ML = "hls4ml"


class Tool(StrEnum):
    """What `synth` runs."""

    YOSYS = "yosys"
    VIVADO = "vivado"
    VITIS = "vitis"
    VITIS_HLS = "vitis_hls"
    NEXTPNR = "nextpnr"


STEPS: Mapping[Tool, type[StrEnum]] = {
    Tool.VIVADO: vivado_project.Step,
    Tool.VITIS: vpp_project.Step,
    Tool.VITIS_HLS: vitis_project.Step,
}
"""Steps that may be left out, by tool."""


def boards(
    model: Annotated[
        Path | None,
        typer.Argument(help="Integer ONNX file to plan for each board; can take minutes."),
    ] = None,
    json: Json = False,
) -> None:
    """List the boards that `plan --board` knows and, given a model, what it reaches on each.

    A board is one TOML file: copy one of `hw/boards`, change it, and give its path as `--board`;
    docs/boards.md explains the fields. Clocks are assumed: no vendor tool has placed and routed a
    design, so frames per second are cycles, which are exact, at a clock that is a guess.

    Example: `firebrick boards q.onnx`
    """
    hardware.list_boards(model, as_json=json)


def plan(
    model: Quantized,
    board: Annotated[
        str | None,
        typer.Option(help="Fill this board: a name of `firebrick boards`, or a .toml file."),
    ] = None,
    multipliers: Annotated[
        int | None, typer.Option(min=1, help="Multipliers for weights to spend, at most.")
    ] = None,
    max_cycles: Annotated[
        int | None,
        typer.Option(min=1, help="Cycles per frame that are enough: the smallest such design."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="plan.json to write; else only shown.")
    ] = None,
    store_zeros: Annotated[
        bool, typer.Option("--store-zeros", help="Store and multiply pruned zeros: the baseline.")
    ] = False,
    json: Json = False,
) -> None:
    """Choose lanes, columns and memories of every engine; predict cycles and resources.

    Give at least one limit. `--board` or `--multipliers`: the fewest cycles per frame within it.
    `--max-cycles`: the smallest design that is as fast. Together, every limit holds.

    Lanes share out the weights, columns the pixels of a row: what folding is in FINN and the reuse
    factor in hls4ml. Requantizers are the engine's outputs per cycle. *Binds* is the fullest
    resource; where none is full, the slowest engine cannot be made faster. *Gap* is how far the
    plan is, at most, from the best possible: a solver's proof.

    Frames per second assume the board's clock, which no place and route has confirmed. Exit
    status 1 if the design does not fit; the line says which resource, needed and available.

    Examples: `firebrick plan q.onnx --board ultra96-v2 -o plan.json`,
    `firebrick plan q.onnx --board kv260 --max-cycles 300000`
    """
    hardware.plan_model(
        model, board, multipliers, max_cycles, output, store_zeros=store_zeros, as_json=json
    )


def generate(
    model: Quantized,
    plan: Annotated[Path, typer.Argument(help="plan.json, made by `plan` from this model.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write; replaces one that `generate` made, unchanged.",
        ),
    ],
    target: Annotated[
        Target,
        typer.Option(
            help="rtl: SystemVerilog. hls: C++ for Vitis HLS. hls4ml: a project of hls4ml."
        ),
    ] = Target.RTL,
    json: Json = False,
) -> None:
    """Write the hardware as a self-contained folder: top, modules or kernels, weights, manifest.

    Examples: `firebrick generate q.onnx plan.json -o rtl/`,
    `firebrick generate q.onnx plan.json -o hls/ --target hls`
    """
    hardware.generate_model(model, plan, output, target.value, as_json=json)


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
    left_out = _steps(tool, skip or [])
    match tool:
        case Tool.VIVADO:
            vivado.synthesize_folder(folder, board, left_out, trusted=trust_sources, as_json=json)
        case Tool.VITIS:
            vpp.synthesize_folder(folder, board, left_out, trusted=trust_sources, as_json=json)
        case Tool.VITIS_HLS:
            vitis.synthesize_folder(folder, board, left_out, trusted=trust_sources, as_json=json)
        case Tool.NEXTPNR:
            nextpnr.synthesize_folder(folder, board, trusted=trust_sources, as_json=json)
        case Tool.YOSYS:
            hardware.synthesize_folder(
                folder, tool.value, board, trusted=trust_sources, as_json=json
            )


def _steps(tool: Tool, skip: list[str]) -> list[str]:
    """Steps to leave out.

    Raises:
        FirebrickError: when the tool has no such step.
    """
    known = [str(x) for x in STEPS.get(tool, ())]
    for step in skip:
        if step not in known:
            steps = ", ".join(known) or "none"
            raise FirebrickError(f"--skip: {step!r} is no step of --tool {tool}: it has {steps}")
    return skip
