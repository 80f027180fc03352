# SPDX-License-Identifier: Apache-2.0
"""`train`: train a network, prune it, tune it as integers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from firebrick.cli.options import Json


def train(
    model: Annotated[Path, typer.Argument(help="Float ONNX file, made by `build` or `import`.")],
    data: Annotated[
        Path,
        typer.Argument(
            help="Images: a folder with a folder a class, a .csv file with the columns file and "
            "class, or an .npz file with the arrays images and labels."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Folder to write; a run that was interrupted there goes on."
        ),
    ],
    epochs: Annotated[int, typer.Option(help="Of dense training, 0 for none.")] = 12,
    keep: Annotated[
        float, typer.Option(help="Share of the weights that pruning leaves; 1 for no pruning.")
    ] = 1.0,
    prune_epochs: Annotated[int, typer.Option(help="At each, some more weights go.")] = 4,
    retrain_epochs: Annotated[int, typer.Option(help="Of what is left.")] = 6,
    tune_epochs: Annotated[int, typer.Option(help="Of the integers.")] = 4,
    weight_bits: Annotated[int, typer.Option(help="Bits of a weight code, 2 to 8.")] = 6,
    act_bits: Annotated[int, typer.Option(help="Bits of an activation, 2 to 8.")] = 8,
    batch: Annotated[int, typer.Option(help="Images at a time, of all processes together.")] = 128,
    rate: Annotated[float, typer.Option(help="Largest learning rate of dense training.")] = 0.1,
    decay: Annotated[float, typer.Option(help="Weight decay.")] = 5e-4,
    shift: Annotated[int, typer.Option(help="Pixels that images are moved at most.")] = 0,
    mirror: Annotated[bool, typer.Option("--mirror", help="Mirror half of the images.")] = False,
    held_out: Annotated[
        float, typer.Option(help="Share of the images that choices are made on, not trained on.")
    ] = 1 / 12,
    patience: Annotated[
        int, typer.Option(help="Epochs without a better result that end a stage; 0: none do.")
    ] = 0,
    normalize: Annotated[
        bool,
        typer.Option(
            "--batch-norm/--no-batch-norm", help="Train with batch norms, folded in the end."
        ),
    ] = True,
    labels: Annotated[
        Path | None,
        typer.Option(help="Names of the classes, one a line, in the order of the logits."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 1,
    json: Json = False,
) -> None:
    """Train a network until its integers are right: Deep Compression for the hardware.

    Stages: *dense* training of floats; *prune*, the smallest weights of each layer a few at a time
    (all of the first layer stay); *retrain* what is left; quantize; *tune* codebook, codes and
    biases with the hardware's own integers in the forward pass. Zeros cost nothing in hardware.

    Written are float.onnx, pruned.onnx, quantized.onnx, metrics.jsonl, curves.png. After each epoch
    a checkpoint is kept: the same command goes on with a run that was interrupted.

    Needs PyTorch: `pip install 'firebrick[train]'`. Several processes: `torchrun --nproc-per-node 2
    -m firebrick train ...`.

    Example: `firebrick build squeezenet -o m.onnx --classes 10 --size 64`, then
    `firebrick train m.onnx photos/ -o run/ --keep 0.33 --mirror --shift 4`
    """
    from firebrick import console
    from firebrick.api.training import train as run
    from firebrick.cli.display import show

    with console.progress_bars(time_left=True) as progress:
        found = run(
            model,
            data,
            output,
            labels=labels,
            progress=progress,
            epochs=epochs,
            keep=keep,
            prune_epochs=prune_epochs,
            retrain_epochs=retrain_epochs,
            tune_epochs=tune_epochs,
            weight_bits=weight_bits,
            act_bits=act_bits,
            batch=batch,
            rate=rate,
            decay=decay,
            shift=shift,
            mirror=mirror,
            held_out=held_out,
            patience=patience,
            normalize=normalize,
            seed=seed,
        )
    fields = {
        "output": str(output),
        "model": found.network.name,
        "kept": round(found.kept, 4),
        "held_out": {name: round(x, 4) for name, x in found.held_out.items()},
        **found.notes,
    }
    if os.environ.get("RANK", "0") == "0":  # of several processes one tells
        show(f"{found.network.name}: trained", fields, json)
