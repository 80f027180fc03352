# SPDX-License-Identifier: Apache-2.0
"""`plan`: foldings and memories of every engine within a goal's limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Quantized


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
    from firebrick import console
    from firebrick.api.planning import plan as make_plan
    from firebrick.boards import load_board
    from firebrick.cli.plan_view import plan_fields, print_plan
    from firebrick.errors import FirebrickError
    from firebrick.files.output import check_file

    if board is None and multipliers is None and max_cycles is None:
        raise FirebrickError(
            "plan: give --board, --multipliers or --max-cycles, such as "
            "`firebrick plan q.onnx --board kv260 -o plan.json`; `firebrick boards q.onnx` shows "
            "what each board reaches"
        )
    chosen = load_board(board) if board is not None else None
    if output is not None:
        check_file(output)  # before a minute is spent
    with console.progress_bars() as progress:
        made = make_plan(
            model,
            board=chosen,
            multipliers=multipliers,
            max_cycles=max_cycles,
            store_zeros=store_zeros,
            progress=progress,
        )
    if output is not None:
        made.save(output)
    if json:
        console.emit_json(plan_fields(made, chosen))
    else:
        print_plan(made, chosen)
