# SPDX-License-Identifier: Apache-2.0
"""Commands that compute: `infer`, `verify`, `report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from firebrick import console, images
from firebrick.commands.files import read_plan
from firebrick.display import (
    classify,
    cycles,
    print_classes,
    print_differences,
    print_run,
)
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.output import check_file, whole_file
from firebrick.progress import Progress
from firebrick.quantize import load
from firebrick.report.write import Options, report
from firebrick.verify.compare import compare
from firebrick.verify.engine import Job, Run
from firebrick.verify.engines import ENGINES

REFERENCE = "numpy"
PLANNED = ("rtl", "csim", "hls4ml")
"""Engines that a plan concerns."""
TRACED = ("rtl",)
"""Engines that write waveforms."""


def infer_model(
    model: Path,
    sources: Sequence[str],
    engine: str,
    plan: Path | None,
    dump: Path | None,
    waves: Path | None,
    as_json: bool,
) -> None:
    """`infer`: top-5 of each photograph by one engine."""
    if dump is not None:
        check_file(dump)  # before minutes are spent
    network = load.read(model)
    with console.progress_bars() as progress:
        job = make_job(network, sources, [engine], plan, waves, progress)
        run = ENGINES[engine](job)
    if dump is not None:
        layers: dict[str, Any] = {
            name: tensor.transpose(0, 2, 3, 1) for name, tensor in run.tensors.items()
        }
        with whole_file(dump) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **layers)
    best_classes = classify(network, run.tensors)
    results = [
        {"image": source, "engine": engine, "top5": best, "seconds": run.seconds / len(sources)}
        | cycles(run)
        for source, best in zip(sources, best_classes, strict=True)
    ]
    if as_json:
        console.emit_json({"results": results})
    else:
        print_classes(sources, best_classes)
        print_run(engine, run)


def verify_model(
    model: Path,
    sources: Sequence[str],
    engines: Sequence[str],
    plan: Path | None,
    waves: Path | None,
    as_json: bool,
) -> None:
    """`verify`: every value of every layer by every engine against the reference.

    Raises:
        CheckFailed: when anything differs.
    """
    for name in engines:
        if name not in ENGINES:
            raise FirebrickError(f"engines: {name!r} is none of {', '.join(ENGINES)}")
    network = load.read(model)
    runs: dict[str, Run] = {}
    with console.progress_bars() as progress:
        job = make_job(network, sources, engines, plan, waves, progress)
        reference = ENGINES[REFERENCE](job)
        for name in engines:
            runs[name] = ENGINES[name](job)
    differences = {name: compare(reference.tensors, run.tensors) for name, run in runs.items()}
    best_classes = classify(network, reference.tensors)
    totals = {name: sum(x.differing for x in rows) for name, rows in differences.items()}
    if as_json:
        console.emit_json(
            {
                "reference": REFERENCE,
                "images": list(sources),
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


def make_job(
    network: Network,
    sources: Sequence[str],
    engines: Sequence[str],
    plan: Path | None,
    waves: Path | None,
    progress: Progress,
) -> Job:
    """Read photographs and plan.

    Raises:
        FirebrickError: when they cannot be read, or concern hardware and none is simulated.
    """
    for field, file, wanted in (("plan", plan, PLANNED), ("waves", waves, TRACED)):
        if file is not None and not set(wanted) & set(engines):
            raise FirebrickError(
                f"{field}={file}: needs engine {' or '.join(wanted)}, which does not run"
            )
    chosen = None if plan is None else read_plan(plan, network)
    shape = (network.preprocessing.resize, network.image.height, network.image.width)
    pixels: list[PixelArray] = [images.load_pixels(source, *shape) for source in sources]
    return Job(network, np.stack(pixels), chosen, progress, waves)


def report_models(models: Sequence[Path], output: Path, options: Options, as_json: bool) -> None:
    """`report`: measure quantized models, write a page.

    Raises:
        CheckFailed: when hardware gave a wrong value or could not be measured; the page says more.
    """
    with console.progress_bars() as progress:
        made = report(models, output, progress, options)
    if as_json:
        console.emit_json({"output": str(output), **made.fields()})
    else:
        console.OUT.print(made.text(), soft_wrap=True)
    if made.broken:
        raise CheckFailed(f"{output}: {made.broken} measurements failed, see there")
