# SPDX-License-Identifier: Apache-2.0
"""What engines are given: photographs or arrays, and a plan, as the user names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firebrick import inputs
from firebrick.errors import FirebrickError
from firebrick.ir.network import Network
from firebrick.plan.claims import read_plan
from firebrick.plan.plan import Plan
from firebrick.progress import Progress
from firebrick.verify.engine import Job

PLANNED = ("rtl", "csim", "hls4ml")
"""Engines that a plan concerns."""
TRACED = ("rtl",)
"""Engines that write waveforms."""


def make_job(
    network: Network,
    sources: Sequence[str | Path],
    engines: Sequence[str],
    plan: Plan | Path | None,
    waves: Path | None,
    progress: Progress,
) -> tuple[Job, list[str]]:
    """Read images and plan.

    Returns:
        What engines are given, and a name of each image.

    Raises:
        FirebrickError: when they cannot be read, or concern hardware and none is simulated.
    """
    for field, given, wanted in (("plan", plan, PLANNED), ("waves", waves, TRACED)):
        if given is not None and not set(wanted) & set(engines):
            value = given.model if isinstance(given, Plan) else given
            raise FirebrickError(
                f"{field}={value}: needs engine {' or '.join(wanted)}, which does not run: choose "
                "it with --engine (infer) or --engines (verify)"
            )
    if not sources:
        raise FirebrickError("images=0 is less than 1")
    chosen = read_plan(plan, network) if isinstance(plan, Path) else plan
    image, how = network.image, network.preprocessing
    pixels = [inputs.load(source, how, image.height, image.width) for source in sources]
    names = [
        str(source) if len(found) == 1 else f"{source}[{n}]"
        for source, found in zip(sources, pixels, strict=True)
        for n in range(len(found))
    ]
    return Job(network, np.concatenate(pixels), chosen, progress, waves), names
