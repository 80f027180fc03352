# SPDX-License-Identifier: Apache-2.0
"""Commands from integers to hardware."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized
from firebrick.commands import hardware, vitis
from firebrick.errors import FirebrickError
from firebrick.synth.vitis_project import Step


class Target(StrEnum):
    """What `generate` writes."""

    RTL = "rtl"
    HLS = "hls"
    HLS4ML = "hls4ml"


class Tool(StrEnum):
    """What `synth` runs."""

    YOSYS = "yosys"
    VITIS_HLS = "vitis_hls"


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
        typer.Option("--output", "-o", help="Folder to write; replaces one that `generate` made."),
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
            help="yosys: counts every resource of rtl, needs no licence. vitis_hls: the vendor's "
            "tool, for hls."
        ),
    ] = Tool.YOSYS,
    board: Annotated[
        str | None,
        typer.Option(help="Board to compare with: a name or a .toml file. Default: the plan's."),
    ] = None,
    skip: Annotated[
        list[Step] | None, typer.Option(help="vitis_hls: leave this step out; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Count the resources of generated hardware with a real synthesizer; compare with the plan.

    Each distinct instance is synthesized by itself and the counts are summed: the top only wires
    them. Takes minutes for SqueezeNet. No vendor tool has run on this hardware, and nothing has
    been placed and routed: counts of Vivado differ somewhat, and no clock is confirmed.

    `--tool vitis_hls` takes a folder of `generate --target hls` through the vendor's C simulation,
    C synthesis, co-simulation and export (an IP core; for an Alveo card an .xo file), and shows its
    estimates. It uses what is on PATH: `vitis_hls`, or `v++` and `vitis-run` of later releases; the
    project stays in DIR/vitis_hls. Co-simulation runs whole frames in RTL, which takes long:
    `--skip cosim`.

    Exit status 1 if the counts exceed the board's budget, or a step fails.

    Examples: `firebrick synth rtl/ --tool yosys --board ultra96-v2`,
    `firebrick synth hls/ --tool vitis_hls --skip cosim`
    """
    if tool is Tool.VITIS_HLS:
        vitis.synthesize_folder(folder, board, skip or [], as_json=json)
    elif skip:
        raise FirebrickError("--skip: is an option of --tool vitis_hls")
    else:
        hardware.synthesize_folder(folder, tool.value, board, as_json=json)
