# SPDX-License-Identifier: Apache-2.0
"""From a network and a number of multipliers to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from firebrick.ir.network import Network
from firebrick.plan import predict
from firebrick.plan.balance import balance
from firebrick.plan.bypass import skips
from firebrick.plan.engines import ConvChoice, derive
from firebrick.plan.pipeline import build
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.plan.streams import image_pixels, stream_columns
from firebrick.progress import Progress

FAST_SIMULATION = 450
"""Multipliers of the default plan: more cost simulation time, fewer cost cycles."""


def default(network: Network, *, progress: Progress | None = None) -> Plan:
    """The plan that simulates fast."""
    return plan(network, FAST_SIMULATION, progress=progress)


def plan(
    network: Network,
    multipliers: int,
    *,
    store_zeros: bool = False,
    progress: Progress | None = None,
) -> Plan:
    """Choose the folding of every engine, and predict what it gives.

    Args:
        network: quantized network.
        multipliers: at most so many are used.
        store_zeros: store and multiply pruned zeros, to see what sparsity buys.
        progress: told what is being done and the share done.

    Raises:
        CheckFailed: too few multipliers.
    """
    chosen, _ = balance(network, multipliers, store_zeros=store_zeros, progress=progress)
    return complete(network, chosen)


def refold(network: Network, given: Plan, *, store_zeros: bool) -> Plan:
    """The same lanes and columns with zeros stored or not: what sparsity buys, alike for alike."""
    chosen = {
        x.name: ConvChoice(
            x.lanes,
            x.columns,
            x.drain,
            0 if store_zeros else x.gap_bits,
            x.queue_depth,
            store_zeros,
        )
        for x in given.layers
        if x.lanes
    }
    return complete(network, chosen)


def complete(network: Network, chosen: Mapping[str, ConvChoice]) -> Plan:
    """A plan from the foldings of all convolutions.

    Raises:
        CheckFailed: the bypasses cannot be given queues that avoid a deadlock.
    """
    timings = [x.timing() for x in derive(network, chosen).engines.values()]
    cycles = max(sum(x.cycles) for x in timings)
    columns = stream_columns(network, chosen, cycles)
    layers = []
    for layer in network:
        part = LayerPlan(layer.name, layer.operator.kind, columns[layer.name])
        if layer.name in chosen:
            fold = chosen[layer.name]
            part = replace(
                part,
                lanes=fold.lanes,
                drain=fold.drain,
                gap_bits=fold.gap_bits,
                queue_depth=fold.queue_depth,
                store_zeros=fold.store_zeros,
            )
        layers.append(part)
    nonzero, dense = predict.macs(network)
    draft = Plan(
        model=network.name,
        digest=network.digest(),
        pixels=image_pixels(network.image, cycles),
        layers=tuple(layers),
        skips=(),
        cycles_per_frame=1,
        latency_cycles=1,
        nonzero_macs=nonzero,
        dense_macs=dense,
        weight_bytes={},
        buffer_bytes=0,
        queue_bytes=0,
    )
    draft = replace(draft, skips=skips(network, draft))
    pipeline = build(network, draft)
    schedule = predict.schedule(pipeline)
    buffers, queues = predict.buffer_bytes(pipeline)
    return replace(
        draft,
        layers=tuple(
            replace(x, cycles=round(schedule.busy.get(x.name, 0.0) * schedule.cycles_per_frame))
            for x in draft.layers
        ),
        cycles_per_frame=schedule.cycles_per_frame,
        latency_cycles=schedule.latency_cycles,
        weight_bytes=predict.weight_bytes(pipeline),
        buffer_bytes=buffers,
        queue_bytes=queues,
    )
