# SPDX-License-Identifier: Apache-2.0
"""What engines are given: photographs and a plan, as the user names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firebrick import images
from firebrick.cli.files import read_plan
from firebrick.errors import FirebrickError
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.progress import Progress
from firebrick.verify.engine import Job

PLANNED = ("rtl", "csim", "hls4ml")
"""Engines that a plan concerns."""
TRACED = ("rtl",)
"""Engines that write waveforms."""


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
