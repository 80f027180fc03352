# SPDX-License-Identifier: Apache-2.0
"""What each command does: read, call, report. One function a command, called by `cli`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from firebrick import console, frontend, images, passes, quantize
from firebrick.display import (
    classify,
    cycles,
    print_classes,
    print_differences,
    print_run,
    show,
)
from firebrick.emit.generate import check_onchip, generate
from firebrick.errors import CheckFailed, FirebrickError, naming
from firebrick.frontend import onnx_writer
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.output import check_file, whole_file
from firebrick.plan.plan import Plan
from firebrick.plan.planner import plan as make_plan
from firebrick.progress import Progress
from firebrick.quantize import QuantizeOptions, export, load
from firebrick.report.write import page_text, report
from firebrick.verify.compare import compare
from firebrick.verify.engine import Job, Run
from firebrick.verify.engines import ENGINES
from firebrick.verify.rtl_engine import default_plan

REFERENCE = "numpy"
HARDWARE = "rtl"
"""Engine that a plan and waveforms concern."""


def import_model(
    source: str, output: Path, preprocessing: Mapping[str, Any], size: int | None, as_json: bool
) -> None:
    """`import`: any source to one float ONNX file."""
    graph = frontend.load(source, size=size)
    chosen = {field: value for field, value in preprocessing.items() if value is not None}
    graph = replace(graph, preprocessing=replace(graph.preprocessing, **chosen))
    with naming(source):
        onnx_writer.write(graph, output)
    fields = {"output": str(output), "model": graph.name, "layers": len(graph.nodes)}
    show(graph.name, fields, as_json)


def quantize_model(
    model: Path, output: Path, options: QuantizeOptions, calibration: Path | None, as_json: bool
) -> None:
    """`quantize`: float ONNX to integer ONNX, with its SQNR over photographs not calibrated on."""
    check_file(output)  # before minutes are spent
    with naming(model):
        graph = passes.prepare(frontend.load(str(model)))
    if calibration is None:
        photographs = images.load_samples(images.CALIBRATION)
    else:
        photographs = images.load_folder(calibration)
    with console.progress_bars() as progress:
        network = quantize.quantize(graph, options, photographs, progress)
        progress("measuring", 0.0)
        unseen = images.load_samples(images.EVALUATION)
        sqnr = quantize.sqnr_db(graph, network, unseen)
        progress("measuring", 1.0)
        plan = default_plan(network, progress)
    quality = {"sqnr_db": round(sqnr, 2), "sqnr_photographs": len(unseen)}
    export.write(network, output, notes={name: str(value) for name, value in quality.items()})
    fields = {
        "output": str(output),
        "scheme": str(options.scheme),
        "weight_bits": options.weight_bits,
        "act_bits": options.act_bits,
        **quantize.statistics(network),
        "weight_bytes": plan.onchip_bytes["weights"],
        **quality,
    }
    show(f"{network.name}, quantized", fields, as_json)


def plan_model(
    model: Path, multipliers: int, output: Path | None, store_zeros: bool, as_json: bool
) -> None:
    """`plan`: lanes and columns of every engine for a number of multipliers.

    Raises:
        CheckFailed: when the plan, written and shown all the same, does not stay on chip.
    """
    network = load.read(model)
    with console.progress_bars() as progress:
        plan = make_plan(network, multipliers, store_zeros=store_zeros, progress=progress)
    if output is not None:
        with whole_file(output) as temporary:
            temporary.write_text(plan.to_json())
    if not as_json:
        heads = ("layer", "lanes", "columns", "drain", "gap bits", "cycles", "busy")
        console.table(f"{network.name}: engines", heads, plan.rows())
    show(network.name, plan.fields(), as_json)
    check_onchip(plan)


def generate_model(model: Path, plan: Path, output: Path, target: str, as_json: bool) -> None:
    """`generate`: the RTL folder."""
    network = load.read(model)
    chosen = read_plan(plan)
    generate(network, chosen, output)
    fields = {"output": str(output), "target": target, "model_hash": network.digest()}
    show(network.name, fields, as_json)


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
    for field, file in (("plan", plan), ("waves", waves)):
        if file is not None and HARDWARE not in engines:
            raise FirebrickError(f"{field}={file}: needs engine {HARDWARE}, which does not run")
    chosen = None if plan is None else read_plan(plan)
    shape = (network.preprocessing.resize, network.image.height, network.image.width)
    pixels: list[PixelArray] = [images.load_pixels(source, *shape) for source in sources]
    return Job(network, np.stack(pixels), chosen, progress, waves)


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises:
        FirebrickError: when it cannot be read.
    """
    try:
        return Plan.from_json(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise FirebrickError(f"{path}: cannot be read: {error}") from None


def report_models(models: Sequence[Path], output: Path, as_json: bool) -> None:
    """`report`: measure quantized models, write a page."""
    with console.progress_bars() as progress:
        made = report(models, output, progress)
    if as_json:
        console.emit_json({"output": str(output), **made.fields()})
    else:
        console.OUT.print(page_text(made))
