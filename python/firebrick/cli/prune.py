# SPDX-License-Identifier: Apache-2.0
"""`prune`: zeros where a network does without, from images without labels."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json, Output


class Cost(StrEnum):
    """What pruning is to save."""

    WEIGHTS = "weights"
    MACS = "macs"
    CYCLES = "cycles"


def prune(
    model: Annotated[Path, typer.Argument(help="Float ONNX file, made by `import`.")],
    output: Output,
    min_db: Annotated[
        float, typer.Option(help="SQNR of the logits that is left at least, dB.")
    ] = 30.0,
    cost: Annotated[
        Cost,
        typer.Option(
            help="What is to become less: weights (memory, size of the file), macs "
            "(multiplications), cycles (by plans of as many multipliers)."
        ),
    ] = Cost.WEIGHTS,
    multipliers: Annotated[
        int, typer.Option(min=1, help="cycles: multipliers of the plans that are compared.")
    ] = 450,
    weight_bits: Annotated[int, typer.Option(help="Of the integers that are measured.")] = 6,
    act_bits: Annotated[int, typer.Option(help="Of the integers that are measured.")] = 8,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Folder of images to calibrate on. Default: sample photographs."),
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="Folder of images to measure on, see `quantize`.")
    ] = None,
    json: Json = False,
) -> None:
    """Prune what costs nothing: no labels, no training, in minutes.

    Each layer gives as many weights as the logits feel least; those that stay are fitted anew, so
    that the layer's output stays what it was. The integers of the pruned network are measured
    against the dense floats, on images not calibrated on; the most pruned one with `--min-db` wins.
    Exit status 1 if the network has less without any pruning.

    Zeros are neither stored, fetched nor multiplied. The first layer stays whole. More can go with
    labels and training: `train` has a `--keep`.

    Example: `firebrick prune m.onnx -o p.onnx --min-db 30 --cost cycles`
    """
    from firebrick import console
    from firebrick.api.planning import plan
    from firebrick.api.pruning import prune as run
    from firebrick.cli.display import show
    from firebrick.files.output import check_apart, check_file
    from firebrick.quantize.quality import statistics

    check_file(output)  # before minutes are spent
    check_apart(output, model)
    fields: dict[str, object] = {"output": str(output)}
    with console.progress_bars() as progress:
        found = run(
            model,
            min_db=min_db,
            cost=cost,
            weight_bits=weight_bits,
            act_bits=act_bits,
            calibration=calibration,
            evaluation=evaluation,
            progress=progress,
        )
        made = plan(found.quantized, multipliers=multipliers, progress=progress)
    found.model.save(output)
    fields |= {
        "kept": round(found.kept, 4),
        "nonzero": statistics(found.quantized.network)["nonzero"],
        "macs": made.nonzero_macs,
        "cycles_per_frame": made.cycles_per_frame,
        "multipliers": made.multipliers,
        "sqnr_db": round(found.sqnr_db, 2),
        "dense_sqnr_db": round(found.dense_db, 2),
        "evaluation": found.quantized.measured_on,
    }
    show(f"{found.model.graph.name}: pruned", fields, json)
