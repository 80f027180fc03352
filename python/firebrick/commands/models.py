# SPDX-License-Identifier: Apache-2.0
"""Commands that make the integer model: `import`, `quantize`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from firebrick import console, frontend, images, passes, quantize
from firebrick.display import show
from firebrick.errors import naming
from firebrick.frontend import onnx_writer
from firebrick.output import check_file
from firebrick.quantize import QuantizeOptions, export
from firebrick.verify.rtl_engine import default_plan


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
        photographs = images.load_folder(calibration, options.crops)
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
