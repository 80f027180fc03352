# SPDX-License-Identifier: Apache-2.0
"""`verify`: every value of every layer by every engine against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from firebrick.cli.options import Images, Json, PlanFile, Quantized, Waves
from firebrick.errors import CheckFailed, FirebrickError

if TYPE_CHECKING:
    from firebrick.verify.engine import EngineRun

REFERENCE = "numpy"


def verify(
    model: Quantized,
    images: Images,
    engines: Annotated[
        str, typer.Option(help="Engines to compare with `numpy`, separated by commas, no spaces.")
    ] = "onnxruntime,rtl",
    plan: PlanFile = None,
    waves: Waves = None,
    json: Json = False,
) -> None:
    """Compare engines with the NumPy reference: every value of every layer, tolerance zero.

    Exit status 1 if one value differs. The first run of `rtl` compiles the hardware, which takes
    minutes for SqueezeNet.

    Example: `firebrick verify q.onnx chelsea photo.jpg --engines rtl --plan plan.json`
    """
    from firebrick import console
    from firebrick.cli.display import (
        classify,
        cycles,
        print_classes,
        print_differences,
        print_run,
    )
    from firebrick.cli.jobs import make_job
    from firebrick.quantize.integer_onnx import load
    from firebrick.verify.compare import compare
    from firebrick.verify.engines import ENGINES

    names = engines.split(",")
    for name in names:
        if name not in ENGINES:
            raise FirebrickError(f"engines: {name!r} is none of {', '.join(ENGINES)}")
    network = load.read(model)
    runs: dict[str, EngineRun] = {}
    with console.progress_bars() as progress:
        job, sources = make_job(network, images, names, plan, waves, progress)
        reference = ENGINES[REFERENCE](job)
        for name in names:
            runs[name] = ENGINES[name](job)
    differences = {name: compare(reference.tensors, run.tensors) for name, run in runs.items()}
    best_classes = classify(network, reference.tensors)
    totals = {name: sum(x.differing for x in rows) for name, rows in differences.items()}
    if json:
        console.emit_json(
            {
                "reference": REFERENCE,
                "images": sources,
                "engines": {
                    name: {
                        "layers": len(rows),
                        "values": sum(x.values for x in rows),
                        "differing": totals[name],
                        "seconds": runs[name].seconds,
                        "by_layer": {x.layer: x.differing for x in rows},
                        **cycles(runs[name]),
                    }
                    for name, rows in differences.items()
                },
                "differing": sum(totals.values()),
                "results": [
                    {"image": source, "top5": best}
                    for source, best in zip(sources, best_classes, strict=True)
                ],
            }
        )
    else:
        print_differences(differences)
        print_classes(sources, best_classes)
        for name, run in runs.items():
            print_run(name, run)
    if any(totals.values()):
        raise CheckFailed(
            f"{model}: " + ", ".join(f"{n} differs in {k} values" for n, k in totals.items())
        )
