# SPDX-License-Identifier: Apache-2.0
"""Figures that others measured, and where each was read. Nothing here is ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """Frames per second of somebody else's accelerator.

    Attributes:
        who: design.
        model: network, as ours is named.
        board: as ours is named, or has the same device.
        frames_per_second: published.
        note: batch, threads, clock.
        source: where it was read.
    """

    who: str
    model: str
    board: str
    frames_per_second: float
    note: str
    source: str


PUBLISHED = (
    Published(
        *("INT8 DPU", "squeezenet1.1", "zcu104", 1316.0),
        note="many threads, weights in DRAM",
        source="Vitis-AI model zoo README",
    ),
    Published(
        *("INT8 DPU", "squeezenet1.1", "kv260", 337.0),
        note="batch 1, weights in DRAM",
        source="KV260 Vitis AI 2.5 benchmark report",
    ),
    Published(
        *("SqueezeJet-2", "squeezenet1.1", "pynq-z2", 14.2),
        note="xc7z020 at 100 MHz, 172 DSP",
        source="pmousoul/cnn_grinder",
    ),
)

FINN_MODEL = "squeezenet1.1"
FINN_SOURCE = (
    "measured with finn-plus 1.6.1 on SqueezeNet v1.1 w6a8 at 224x224 (349.5 M MAC), "
    "targets 1e6..5e4 cycles"
)
FINN_SHARES = {
    1_000_000: (0.69, 0.78),
    500_000: (0.69, 0.76),
    200_000: (0.79, 0.88),
    100_000: (0.74, 0.87),
    50_000: (0.74, 0.86),
}
"""By target: share of multipliers busy with finn-plus's defaults, and tuned by hand."""


def finn_shares(model: str, target: int) -> tuple[float, float] | None:
    """Shares for a target, where finn-plus was measured on that network."""
    return FINN_SHARES.get(target) if model == FINN_MODEL else None
