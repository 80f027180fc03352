# SPDX-License-Identifier: Apache-2.0
"""A whole network under its driver: photographs as one batch through the simulated kernel.

``python -m firebrick.campaign.network MODEL PHOTOGRAPH...``. Compared are all logits with the
reference, and the cycles per frame that the kernel counted with the plan's.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from firebrick import inputs
from firebrick.campaign.designs import weight_bytes
from firebrick.emit.rtl.generate import generate, load_words
from firebrick.errors import FirebrickError, printable, printable_lines
from firebrick.files.cache import cache_folder
from firebrick.files.scratch import scratch_folder
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.plan.claims import check_claims
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan
from firebrick.processes import ended_by_signals
from firebrick.progress import silent
from firebrick.quantize.integer_onnx import load
from firebrick.runtime import Accelerator
from firebrick.runtime.description import read_description
from firebrick.runtime.sim import SimDevice
from firebrick.verify.engine import Job
from firebrick.verify.engines import run_numpy
from firebrick.verify.rtl_engine import default_plan
from firebrick.verify.simulation.kernel_build import build_kernel

PHOTOGRAPHS = ("chelsea", "coffee", "rocket")
SLACK = 0.01
"""Part of the plan's cycles per frame by which the kernel's may differ."""


@dataclass(frozen=True, slots=True)
class NetworkRun:
    """What the driver has given.

    Attributes:
        top5: classes of each photograph, the likeliest first.
        values: logits compared.
        differing: of them.
        cycles: of the whole run.
        frame_cycles: between the last two frames, as the kernel counted.
        planned_cycles: the same, as planned.
        build_seconds: to compile the simulation; little when it was there.
        seconds: that the run took.
    """

    top5: tuple[tuple[int, ...], ...]
    values: int
    differing: int
    cycles: int
    frame_cycles: int
    planned_cycles: int
    build_seconds: float
    seconds: float

    @property
    def right(self) -> bool:
        """Equal logits, and as fast as planned."""
        slack = SLACK * self.planned_cycles
        return not self.differing and abs(self.frame_cycles - self.planned_cycles) <= slack


def simulate(
    network: Network,
    chosen: Plan,
    pixels: PixelArray,
    *,
    build_root: Path | None = None,
    optimize: str = "-O3",
) -> NetworkRun:
    """Generate, compile, and let the driver compute a batch.

    Args:
        network: quantized.
        chosen: its plan.
        pixels: uint8 (N, C, H, W), at least two.
        build_root: folder that keeps compiled models; the user's cache if None.
        optimize: of the C++ compiler.

    Raises:
        FirebrickError: when the network is none that can be a kernel, or a compiler refuses.
    """
    if len(pixels) < 2:
        raise FirebrickError("photographs: cycles per frame need at least two")
    with scratch_folder() as scratch:
        folder = scratch / "rtl"
        generate(network, chosen, folder)
        start = time.perf_counter()
        root = build_root or cache_folder("models")
        binary = build_kernel(folder, root, optimize=optimize, jobs=2)
        built = time.perf_counter()
        description = read_description(json.loads((folder / "manifest.json").read_text()))
        weights = weight_bytes(load_words(build(network, chosen)))
        device = SimDevice(binary, folder)
        with Accelerator(description, device, weights=weights, batch=len(pixels)) as accelerator:
            logits = accelerator.infer(pixels.transpose(0, 2, 3, 1))
            counters = accelerator.counters
        seconds = time.perf_counter() - built
    reference = run_numpy(Job(network, pixels)).tensors[network.output].reshape(logits.shape)
    top5 = np.argsort(-logits, axis=1, kind="stable")[:, :5]
    return NetworkRun(
        top5=tuple(tuple(int(x) for x in row) for row in top5),
        values=logits.size,
        differing=int((logits != reference).sum()),
        cycles=counters.cycles,
        frame_cycles=counters.frame_cycles,
        planned_cycles=chosen.cycles_per_frame,
        build_seconds=built - start,
        seconds=seconds,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print what came of it; status 1 if it is not right."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("photographs", nargs="*", default=PHOTOGRAPHS)
    parser.add_argument("--plan", type=Path, help="plan.json; else one for fast simulation")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(arguments)
    try:
        network = load.read(chosen.model)
        if chosen.plan is None:
            plan = default_plan(network, silent)
        else:
            plan = Plan.from_json(chosen.plan.read_text(), str(chosen.plan))
            check_claims(network, plan)
        shape = (network.preprocessing, network.image.height, network.image.width)
        pixels = np.concatenate([inputs.load(x, *shape) for x in chosen.photographs])
        result = simulate(network, plan, pixels)
    except (FirebrickError, OSError) as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 2
    if chosen.json:
        print(json.dumps(asdict(result)))
    else:
        print(printable_lines(table(network, chosen.photographs, result)))
    return 0 if result.right else 1


def table(network: Network, photographs: Sequence[str], result: NetworkRun) -> str:
    """Figures for people."""
    labels = network.labels or [str(x) for x in range(result.values)]
    lines = [
        f"{photograph}: " + ", ".join(f"{labels[x]} ({x})" for x in classes)
        for photograph, classes in zip(photographs, result.top5, strict=True)
    ]
    return "\n".join(
        [
            *lines,
            f"logits compared   {result.values:>12,}",
            f"differing         {result.differing:>12,}",
            f"cycles of the run {result.cycles:>12,}",
            f"cycles per frame  {result.frame_cycles:>12,}",
            f"as planned        {result.planned_cycles:>12,}",
            f"seconds, compiled {result.seconds:>12.0f} {result.build_seconds:.0f}",
        ]
    )


if __name__ == "__main__":
    with ended_by_signals():
        sys.exit(main())
