# SPDX-License-Identifier: Apache-2.0
"""`verify`: every value of every layer by every engine against the reference."""

from __future__ import annotations

from typing import Annotated

import typer

from firebrick.cli.options import Images, Json, PlanFile, Quantized, Waves
from firebrick.errors import CheckFailed


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
    from firebrick.api.verifying import REFERENCE
    from firebrick.api.verifying import verify as run_engines
    from firebrick.cli.display import cycles, print_classes, print_differences, print_run

    with console.progress_bars() as progress:
        found = run_engines(
            model,
            images,
            engines=engines.split(","),
            plan=plan,
            waves=waves,
            progress=progress,
        )
    totals = found.differing
    if json:
        console.emit_json(
            {
                "reference": REFERENCE,
                "images": found.images,
                "engines": {
                    name: {
                        "layers": len(rows),
                        "values": sum(x.values for x in rows),
                        "differing": totals[name],
                        "seconds": found.runs[name].seconds,
                        "by_layer": {x.layer: x.differing for x in rows},
                        **cycles(found.runs[name]),
                    }
                    for name, rows in found.differences.items()
                },
                "differing": sum(totals.values()),
                "results": [
                    {"image": source, "top5": best}
                    for source, best in zip(found.images, found.classes, strict=True)
                ],
            }
        )
    else:
        print_differences(found.differences)
        print_classes(found.images, found.classes)
        for name, run in found.runs.items():
            print_run(name, run)
    if any(totals.values()):
        raise CheckFailed(
            f"{model}: " + ", ".join(f"{n} differs in {k} values" for n, k in totals.items())
        )
