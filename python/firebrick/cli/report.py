# SPDX-License-Identifier: Apache-2.0
"""`report`: measure quantized models, write a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.report.options import COUNTED, FASTEST, SIMULATED, TARGETS, Options

SYNTH_HELP = (
    "Boards whose plans Yosys counts, separated by commas. Default: "
    f"{','.join(COUNTED[True])} for pruned models, {','.join(COUNTED[False])} for others."
)
TARGETS_HELP = (
    'Cycles per frame to plan for, separated by commas; "" for none. Default: '
    f"{','.join(map(str, TARGETS))}; {FASTEST} too where nothing is pruned."
)


def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Markdown file to write; a .json goes beside it.")
    ],
    models: Annotated[
        list[Path] | None, typer.Argument(help="Integer ONNX files, made by `quantize`.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Write the page of this .json again and measure nothing."),
    ] = None,
    simulate: Annotated[
        int,
        typer.Option(
            min=0,
            help="Simulate plans for boards with so many multipliers, at most; of larger plans the "
            "busiest engines alone. 0: none.",
        ),
    ] = SIMULATED,
    synth: Annotated[
        str | None,
        typer.Option(
            metavar="BOARDS",
            help=SYNTH_HELP,
        ),
    ] = None,
    boards: Annotated[
        str | None,
        typer.Option(help='Boards to plan for, separated by commas; "" for none. Default: all.'),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(
            metavar="CYCLES",
            help=TARGETS_HELP,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure models at targets and on boards: plan, simulate, count. Takes hours.

    Every figure is labelled: simulated, counted by Yosys, predicted, or at an assumed clock. What
    was measured is kept, so the same command continues where it was interrupted. A plan that does
    not fit is a result; exit status 1 if hardware gave a wrong value or could not be measured.

    Examples:
    `firebrick report q.onnx -o results.md --targets 500000 --boards kv260 --simulate 0`,
    `firebrick report --from results.json -o results.md`
    """
    from firebrick import console
    from firebrick.report import write

    options = Options(
        targets=None if targets is None else tuple(_cycles(x) for x in _names(targets)),
        boards=None if boards is None else _names(boards),
        synth=None if synth is None else _names(synth),
        simulate=simulate,
    )
    if bool(models) == bool(source):
        raise FirebrickError(
            "report: give models to measure, or --from with a .json that it wrote: "
            "`firebrick report q.onnx -o results.md`"
        )
    if source:
        made = write.rewrite(source, output)
    else:
        with console.progress_bars() as progress:
            made = write.report(models or [], output, progress, options)
    if json:
        console.emit_json({"output": str(output), **made.fields()})
    else:
        console.OUT.print(made.text(), soft_wrap=True)
    if made.broken:
        raise CheckFailed(f"{output}: {made.broken} measurements failed, see there")


def _names(text: str) -> tuple[str, ...]:
    return tuple(x.strip() for x in text.split(",") if x.strip())


def _cycles(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16 and int(text)):
        raise FirebrickError(f"targets: {text!r} is not a number of cycles")
    return int(text)
