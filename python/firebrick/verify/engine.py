# SPDX-License-Identifier: Apache-2.0
"""What it means to run a quantized network, whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firebrick.hardware.tensor import IntArray
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.plan.plan import Plan
from firebrick.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Images to run through a network.

    Attributes:
        network: the quantized network.
        pixels: uint8 images, shape (N, C, H, W), RGB if of three channels, with the border.
        plan: folding for engines that simulate hardware; None for the default.
        progress: told about slow steps.
        waves: file for waveforms (FST), for engines that simulate hardware.
        frames: images of all the jobs that share a simulation, where these are only a part.
    """

    network: Network
    pixels: PixelArray
    plan: Plan | None = None
    progress: Progress = silent
    waves: Path | None = None
    frames: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class EngineRun:
    """What an engine computed.

    Attributes:
        tensors: every layer's output by name, int64 (N, C, H, W).
        seconds: wall time of the computation, builds not counted.
        cycles_per_frame: clock cycles between the last two frames' ends (two frames or more).
        latency_cycles: clock cycles from the first pixel of the first frame to its last logit.
        predicted_cycles: cycles per frame that the plan predicts.
        predicted_latency: latency that the plan predicts.
    """

    tensors: Mapping[str, IntArray]
    seconds: float
    cycles_per_frame: int | None = None
    latency_cycles: int | None = None
    predicted_cycles: int | None = None
    predicted_latency: int | None = None
