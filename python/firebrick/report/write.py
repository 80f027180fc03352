# SPDX-License-Identifier: Apache-2.0
"""`firebrick report`: measure quantized models, write a page and its JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firebrick import __version__, images
from firebrick.errors import FirebrickError
from firebrick.ir.network import Network
from firebrick.output import whole_file
from firebrick.progress import Progress
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


def report(networks: Sequence[Network], output: Path, progress: Progress) -> list[Measurement]:
    """Measure, write `output` (Markdown) and the same as JSON beside it.

    Raises:
        CheckFailed: when a network cannot be simulated.
        FirebrickError: when `output` cannot be written, or is itself the JSON file.
    """
    beside = output.with_suffix(".json")
    if beside == output:
        raise FirebrickError(f"{output}: is the JSON file, the page needs another ending")
    with whole_file(output) as page, whole_file(beside) as data:  # before minutes are spent
        rows = [row for network in networks for row in measure_network(network, progress)]
        page.write_text(page_text(rows))
        data.write_text(json.dumps(summary(rows), indent=2) + "\n")
    return rows


def measure_network(network: Network, progress: Progress) -> list[Measurement]:
    """One row for each number of multipliers, and one with zeros stored if that differs."""
    shape = (network.preprocessing.resize, network.image.height, network.image.width)
    pixels = np.stack([images.load_pixels(name, *shape) for name in PHOTOGRAPHS])
    reference = run_numpy(Job(network, pixels, progress=progress)).tensors
    rows = [measure(network, count, pixels, reference, progress) for count in MULTIPLIERS]
    if rows[0].nonzero_macs < PRUNED * rows[0].dense_macs:
        rows.append(measure(network, MULTIPLIERS[0], pixels, reference, progress, store_zeros=True))
    return rows


def page_text(rows: Sequence[Measurement]) -> str:
    """The page: one table, and where each figure comes from."""
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
        *("| " + " | ".join(_cells(row)) + " |" for row in rows),
        "",
        "- *cycles simulated*: clock cycles between the last logits of the last two frames; "
        "*latency*: from the first pixel to the last logit of the first frame, simulated.",
        "- *cycles predicted*: by the planner, before any hardware exists.",
        "- *busy multipliers*: nonzero MAC / (multipliers x simulated cycles).",
        "- *weights*: codes, gaps, codebooks, biases, multipliers, length and position tables as "
        "stored; *on chip* adds row buffers and queues.",
        "- *differing values*: against the NumPy reference, every value of every layer.",
        "- *seconds*: of the simulation of all photographs, on the machine that wrote this page.",
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
