# SPDX-License-Identifier: Apache-2.0
"""Plan and simulate networks, and keep what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firebrick.errors import CheckFailed
from firebrick.images import PixelArray
from firebrick.ir.network import Network
from firebrick.ops.base import IntArray
from firebrick.plan.plan import Plan
from firebrick.plan.planner import plan
from firebrick.progress import Progress
from firebrick.verify import rtl_engine
from firebrick.verify.compare import compare
from firebrick.verify.engine import Job


@dataclass(frozen=True, slots=True)
class Measurement:
    """One network at one number of multipliers, simulated over several frames.

    Attributes:
        model: name of the network.
        store_zeros: pruned zeros were stored and multiplied.
        asked: multipliers allowed.
        multipliers: multipliers used.
        nonzero_macs: useful multiplications a frame.
        dense_macs: multiplications a frame with pruned zeros.
        predicted: cycles per frame by the plan.
        simulated: cycles per frame in Verilator, between the last two frames.
        latency: cycles from the first pixel to the last logit of the first frame, simulated.
        onchip_bytes: weights, buffers, queues, total.
        seconds: of the simulation, all frames.
        frames: simulated back to back.
        differing: values that differ from the reference, all layers.
    """

    model: str
    store_zeros: bool
    asked: int
    multipliers: int
    nonzero_macs: int
    dense_macs: int
    predicted: int
    simulated: int
    latency: int
    onchip_bytes: Mapping[str, int]
    seconds: float
    frames: int
    differing: int

    @property
    def busy(self) -> float:
        """Share of multiplier cycles that do useful work."""
        return self.nonzero_macs / (self.multipliers * self.simulated)

    @property
    def error(self) -> float:
        """Predicted over simulated cycles, minus one."""
        return self.predicted / self.simulated - 1


def measure(
    network: Network,
    multipliers: int,
    pixels: PixelArray,
    reference: Mapping[str, IntArray],
    progress: Progress,
    *,
    store_zeros: bool = False,
) -> Measurement:
    """Plan for a number of multipliers, simulate two or more photographs, compare every value."""
    chosen: Plan = plan(network, multipliers, store_zeros=store_zeros, progress=progress)
    run = rtl_engine.run(Job(network, pixels, chosen, progress))
    if run.cycles_per_frame is None or run.latency_cycles is None:
        raise CheckFailed(f"{network.name}: frames={len(pixels)} is less than 2")
    return Measurement(
        model=network.name,
        store_zeros=store_zeros,
        asked=multipliers,
        multipliers=chosen.multipliers,
        nonzero_macs=chosen.nonzero_macs,
        dense_macs=chosen.dense_macs,
        predicted=chosen.cycles_per_frame,
        simulated=run.cycles_per_frame,
        latency=run.latency_cycles,
        onchip_bytes=chosen.onchip_bytes,
        seconds=run.seconds,
        frames=len(pixels),
        differing=sum(x.differing for x in compare(reference, run.tensors)),
    )


def summary(rows: Sequence[Measurement]) -> list[dict[str, object]]:
    """Rows as JSON objects, with the derived shares."""
    return [
        {name: getattr(row, name) for name in Measurement.__slots__}
        | {"busy": round(row.busy, 4), "error": round(row.error, 5)}
        for row in rows
    ]
