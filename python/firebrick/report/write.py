# SPDX-License-Identifier: Apache-2.0
"""`firebrick report`: measure quantized models, write a page and its JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firebrick import __version__, images
from firebrick.errors import FirebrickError
from firebrick.ir.network import Network
from firebrick.output import whole_file
from firebrick.progress import Progress
from firebrick.quantize import load, statistics
from firebrick.report.measure import Measurement, measure, summary
from firebrick.verify.engine import Job
from firebrick.verify.engines import run_numpy

MULTIPLIERS = (450, 1900)
"""A small and a large device."""
PHOTOGRAPHS = ("chelsea", "coffee", "rocket")
PRUNED = 0.9
"""A model with a smaller share of nonzero work is measured with its zeros stored, too."""
HEAD = (
    "model",
    "multipliers",
    "zeros",
    "nonzero MAC",
    "cycles predicted",
    "cycles simulated",
    "busy multipliers",
    "latency",
    "weights, bytes",
    "on chip, bytes",
    "differing values",
    "seconds",
)


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was measured.

    Attributes:
        models: per model its name, weights, nonzero weights, and what `quantize` noted in the file.
        rows: simulations.
    """

    models: list[dict[str, str | int]]
    rows: list[Measurement]

    def fields(self) -> dict[str, object]:
        """As JSON."""
        return {"models": self.models, "rows": summary(self.rows)}


def report(paths: Sequence[Path], output: Path, progress: Progress) -> Report:
    """Measure quantized models, write `output` (Markdown) and the same as JSON beside it.

    Raises:
        CheckFailed: when a network cannot be simulated.
        FirebrickError: when a model cannot be read, `output` cannot be written, or is itself the
            JSON file.
    """
    beside = output.with_suffix(".json")
    if beside == output:
        raise FirebrickError(f"{output}: is the JSON file, the page needs another ending")
    networks = [load.read(path) for path in paths]
    models: list[dict[str, str | int]] = [
        {"model": network.name, **statistics(network), **load.read_notes(path)}
        for network, path in zip(networks, paths, strict=True)
    ]
    with whole_file(output) as page, whole_file(beside) as data:  # before minutes are spent
        rows = [row for network in networks for row in measure_network(network, progress)]
        made = Report(models, rows)
        page.write_text(page_text(made))
        data.write_text(json.dumps(made.fields(), indent=2) + "\n")
    return made


def measure_network(network: Network, progress: Progress) -> list[Measurement]:
    """One row for each number of multipliers, and one with zeros stored if that differs."""
    shape = (network.preprocessing.resize, network.image.height, network.image.width)
    pixels = np.stack([images.load_pixels(name, *shape) for name in PHOTOGRAPHS])
    reference = run_numpy(Job(network, pixels, progress=progress)).tensors
    rows = [measure(network, count, pixels, reference, progress) for count in MULTIPLIERS]
    if rows[0].nonzero_macs < PRUNED * rows[0].dense_macs:
        rows.append(measure(network, MULTIPLIERS[0], pixels, reference, progress, store_zeros=True))
    return rows


def page_text(made: Report) -> str:
    """The page: what was simulated, what was quantized, and where each figure comes from."""
    lines = [
        "# Results",
        "",
        f"Written by `make bench` (`firebrick report`, version {__version__}); do not edit.",
        "",
        f"{len(PHOTOGRAPHS)} photographs ({', '.join(PHOTOGRAPHS)}) back to back through the "
        "generated SystemVerilog in Verilator, without stalls.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "|" + " --- |" * len(HEAD),
        *("| " + " | ".join(_cells(row)) + " |" for row in made.rows),
        "",
        "- *cycles simulated*: clock cycles between the last logits of the last two frames; "
        "*latency*: from the first pixel to the last logit of the first frame, simulated.",
        "- *cycles predicted*: by the planner, before any hardware exists.",
        "- *busy multipliers*: nonzero MAC / (multipliers x simulated cycles).",
        "- *weights*: codes, gaps, codebooks, biases, multipliers, length and position tables as "
        "stored; *on chip* adds row buffers and queues.",
        "- *differing values*: against the NumPy reference, every value of every layer.",
        "- *seconds*: of the simulation of all photographs, on the machine that wrote this page.",
        "",
        "## Quantization",
        "",
        "| model | weights | nonzero | SQNR of the logits, dB | photographs |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {x['model']} | {x['weights']:,} | {x['nonzero']:,} | {x.get('sqnr_db', '')} | "
            f"{x.get('sqnr_photographs', '')} |"
            for x in made.models
        ),
        "",
        "Integers against floats, as `firebrick quantize` measured it over photographs that were "
        "never used for calibration.",
    ]
    return "\n".join(lines) + "\n"


def _cells(row: Measurement) -> list[str]:
    return [
        row.model,
        f"{row.multipliers:,}",
        "stored" if row.store_zeros else "skipped",
        f"{row.nonzero_macs:,}",
        f"{row.predicted:,} ({row.error:+.2%})",
        f"{row.simulated:,}",
        f"{row.busy:.1%}",
        f"{row.latency:,}",
        f"{row.onchip_bytes['weights']:,}",
        f"{row.onchip_bytes['total']:,}",
        f"{row.differing:,}",
        f"{row.seconds:.0f}",
    ]
