# SPDX-License-Identifier: Apache-2.0
"""`infer`: top-5 of each photograph by one engine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from firebrick.cli.options import Images, Json, PlanFile, Quantized, Waves


class EngineName(StrEnum):
    """Who computes."""

    NUMPY = "numpy"
    ONNXRUNTIME = "onnxruntime"
    RTL = "rtl"
    CSIM = "csim"
    HLS4ML = "hls4ml"


def infer(
    model: Quantized,
    images: Images,
    engine: Annotated[
        EngineName,
        typer.Option(
            help="numpy: the reference. onnxruntime: the ONNX file. rtl: Verilator. csim: the C++ "
            "of HLS, by g++. hls4ml: those within its project."
        ),
    ] = EngineName.NUMPY,
    plan: PlanFile = None,
    dump: Annotated[
        Path | None,
        typer.Option(help="Write every layer's integers as .npz: one array (N, H, W, C) a layer."),
    ] = None,
    waves: Waves = None,
    json: Json = False,
) -> None:
    """Classify photographs with one engine: top-5, and clock cycles where hardware is simulated.

    With `--engine rtl` the first run compiles the hardware, which takes minutes for SqueezeNet.
    Cycles per frame need two photographs or more.

    Example: `firebrick infer q.onnx photo.jpg coffee --engine rtl --waves out.fst`
    """
    import numpy as np

    from firebrick import console
    from firebrick.cli.display import cycles, print_classes, print_run
    from firebrick.files.output import check_file, whole_file
    from firebrick.quantize.integer_onnx import load
    from firebrick.verify.classes import classify
    from firebrick.verify.engines import ENGINES
    from firebrick.verify.jobs import make_job

    if dump is not None:
        check_file(dump)  # before minutes are spent
    name = engine.value
    network = load.read(model)
    with console.progress_bars() as progress:
        job, names = make_job(network, images, [name], plan, waves, progress)
        run = ENGINES[name](job)
    if dump is not None:
        layers: dict[str, Any] = {
            layer: tensor.transpose(0, 2, 3, 1) for layer, tensor in run.tensors.items()
        }
        with whole_file(dump) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **layers)
    best_classes = classify(network, run.tensors)
    results = [
        {"image": source, "engine": name, "top5": best, "seconds": run.seconds / len(names)}
        | cycles(run)
        for source, best in zip(names, best_classes, strict=True)
    ]
    if json:
        console.emit_json({"results": results})
    else:
        print_classes(names, best_classes)
        print_run(name, run)
