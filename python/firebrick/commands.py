# SPDX-License-Identifier: Apache-2.0
"""What each command does: read, call, report. One function a command, called by `cli`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from firebrick import console, frontend, images, passes, quantize
from firebrick.emit.generate import generate
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.frontend import onnx_writer
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.ops.base import IntArray
from firebrick.output import whole_file
from firebrick.plan.plan import Plan
from firebrick.plan.planner import plan as make_plan
from firebrick.quantize import QuantizeOptions, export, load
from firebrick.verify.compare import LayerDifference, compare
from firebrick.verify.engine import Job, Progress, Run
from firebrick.verify.engines import ENGINES

BEST = 5
REFERENCE = "numpy"


def import_model(
    source: str, output: Path, preprocessing: Mapping[str, object], size: int | None, as_json: bool
) -> None:
    """`import`: any source to one float ONNX file."""
    graph = frontend.load(source, size=size)
    chosen = {field: value for field, value in preprocessing.items() if value is not None}
    graph = replace(graph, preprocessing=replace(graph.preprocessing, **chosen))
    onnx_writer.write(graph, output)
    report(
        graph.name,
        {"output": str(output), "model": graph.name, "layers": len(graph.nodes)},
        as_json,
    )


def quantize_model(
    model: Path, output: Path, options: QuantizeOptions, calibration: Path | None, as_json: bool
) -> None:
    """`quantize`: float ONNX to integer ONNX, with its SQNR over photographs not calibrated on."""
    graph = passes.prepare(frontend.load(str(model)))
    photographs = (
        images.load_folder(calibration) if calibration else images.load_samples(images.CALIBRATION)
    )
    with console.progress_bars() as progress:
        network = quantize.quantize(graph, options, photographs, progress)
        progress("measuring", 0.0)
        sqnr = quantize.sqnr_db(graph, network, images.load_samples(images.EVALUATION))
        progress("measuring", 1.0)
    with whole_file(output) as temporary:
        export.write(network, temporary)
    fields = {
        "output": str(output),
        "scheme": str(options.scheme),
        "weight_bits": options.weight_bits,
        "act_bits": options.act_bits,
        **quantize.statistics(network),
        "sqnr_db": round(sqnr, 2),
    }
    report(f"{network.name}, quantized", fields, as_json)


def plan_model(
    model: Path, multipliers: int, output: Path | None, store_zeros: bool, as_json: bool
) -> None:
    """`plan`: lanes and columns of every engine for a number of multipliers."""
    network = load.read(model)
    with console.progress_bars() as progress:
        plan = make_plan(network, multipliers, store_zeros=store_zeros, progress=progress)
    if output is not None:
        with whole_file(output) as temporary:
            temporary.write_text(plan.to_json())
    fields = plan.fields()
    if as_json:
        console.emit_json(fields)
        return
    console.table(
        f"{network.name}: engines",
        ("layer", "lanes", "columns", "drain", "gap bits", "cycles", "busy"),
        plan.rows(),
    )
    report(network.name, fields, as_json)


def generate_model(model: Path, plan: Path, output: Path, as_json: bool) -> None:
    """`generate`: the RTL folder."""
    network = load.read(model)
    chosen = read_plan(plan)
    generate(network, chosen, output)
    files = sum(1 for x in output.rglob("*") if x.is_file())
    report(
        network.name,
        {"output": str(output), "target": "rtl", "model_hash": network.digest(), "files": files},
        as_json,
    )


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
    network = load.read(model)
    with console.progress_bars() as progress:
        job = make_job(network, sources, plan, waves, progress)
        run = ENGINES[engine](job)
    if dump is not None:
        layers = {name: tensor.transpose(0, 2, 3, 1) for name, tensor in run.tensors.items()}
        with whole_file(dump) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **layers)
    results = [
        {"image": source, "engine": engine, "top5": best, "seconds": run.seconds / len(sources)}
        | cycles(run)
        for source, best in zip(sources, classify(network, run.tensors), strict=True)
    ]
    if as_json:
        console.emit_json({"results": results})
    else:
        print_classes(sources, classify(network, run.tensors))
        print_cycles(run)


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
        job = make_job(network, sources, plan, waves, progress)
        reference = ENGINES[REFERENCE](job)
        for name in engines:
            runs[name] = ENGINES[name](job)
    differences = {name: compare(reference.tensors, run.tensors) for name, run in runs.items()}
    totals = {name: sum(x.differing for x in rows) for name, rows in differences.items()}
    if as_json:
        console.emit_json(
            {
                "reference": REFERENCE,
                "images": list(sources),
                "engines": {
                    name: {
                        "layers": {
                            x.layer: {"values": x.values, "differing": x.differing} for x in rows
                        },
                        "values": sum(x.values for x in rows),
                        "differing": totals[name],
                        "seconds": runs[name].seconds,
                        **cycles(runs[name]),
                    }
                    for name, rows in differences.items()
                },
                "differing": sum(totals.values()),
            }
        )
    else:
        print_differences(differences)
        print_classes(sources, classify(network, reference.tensors))
        for run in runs.values():
            print_cycles(run)
    if any(totals.values()):
        raise CheckFailed(
            f"{model}: " + ", ".join(f"{n} differs in {k} values" for n, k in totals.items())
        )


def make_job(
    network: Network,
    sources: Sequence[str],
    plan: Path | None,
    waves: Path | None,
    progress: Progress,
) -> Job:
    """Read photographs and plan."""
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


def classify(
    network: Network, tensors: Mapping[str, IntArray]
) -> list[list[dict[str, int | float | str]]]:
    """Best classes of each photograph: index, name, logit at its real scale."""
    logits = tensors[network.output].reshape(len(tensors[network.output]), -1)
    scale = network.scales[network.output]
    return [
        [
            {
                "index": int(index),
                "name": network.labels[index] if network.labels else f"class {index}",
                "logit": round(float(row[index]) * scale, 4),
            }
            for index in np.argsort(-row, kind="stable")[:BEST]
        ]
        for row in logits
    ]


def cycles(run: Run) -> dict[str, int]:
    """The cycle fields that a run has."""
    fields = {
        "cycles_per_frame": run.cycles_per_frame,
        "latency_cycles": run.latency_cycles,
        "predicted_cycles_per_frame": run.predicted_cycles,
    }
    return {name: value for name, value in fields.items() if value is not None}


def report(title: str, fields: Mapping[str, object], as_json: bool) -> None:
    """Print fields as JSON or as a table of two columns."""
    if as_json:
        console.emit_json(fields)
    else:
        console.table(title, ("field", "value"), list(fields.items()))


def print_differences(differences: Mapping[str, Sequence[LayerDifference]]) -> None:
    """One row a layer, one column an engine."""
    layers = [asdict(x) for x in next(iter(differences.values()))]
    rows = [
        [x["layer"], x["values"], *(rows[i].differing for rows in differences.values())]
        for i, x in enumerate(layers)
    ]
    heads = ("layer", "values", *(f"differing: {name}" for name in differences))
    console.table("Differing values against the NumPy reference", heads, rows)


def print_classes(
    sources: Sequence[str], classes: Sequence[Sequence[Mapping[str, int | float | str]]]
) -> None:
    """Top-5 of each photograph."""
    for source, best in zip(sources, classes, strict=True):
        rows = [[x["index"], x["name"], x["logit"]] for x in best]
        console.table(f"{source}: top-{BEST}", ("class", "name", "logit"), rows)


def print_cycles(run: Run) -> None:
    """Cycles predicted and simulated, where hardware was simulated."""
    fields = cycles(run)
    if fields:
        console.table("Clock cycles", ("what", "cycles"), list(fields.items()))
