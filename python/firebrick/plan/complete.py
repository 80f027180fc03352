# SPDX-License-Identifier: Apache-2.0
"""From the foldings of all convolutions to a whole plan and what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from firebrick.boards import Board
from firebrick.hardware.resources import Family
from firebrick.ir.network import Network
from firebrick.ops.folding import Folding
from firebrick.plan import predict
from firebrick.plan.bypass import skips
from firebrick.plan.engines import Derived
from firebrick.plan.pipeline import Pipeline, build
from firebrick.plan.plan import LayerPlan, Plan
from firebrick.plan.streams import image_pixels, stream_columns

FAMILY = Family.XC7
"""Whose resources are estimated where no board is named."""


def complete(
    network: Network,
    chosen: Mapping[str, Folding],
    derived: Derived,
    board: Board | None = None,
) -> Plan:
    """A plan from the foldings of all convolutions.

    Args:
        network: the network.
        chosen: foldings.
        derived: the engines that follow from them.
        board: whose budget the plan is held against.

    Raises:
        CheckFailed: the bypasses cannot be given queues that avoid a deadlock.
    """
    cycles = max(sum(x.timing().cycles) for x in derived.engines.values())
    columns = stream_columns(network, derived.engines, cycles)
    foldings = dict(chosen) | {name: Folding(count) for name, count in columns.items()}
    draft = Plan(
        model=network.name,
        digest=network.digest(),
        board=board.name if board else None,
        family=board.family if board else FAMILY,
        budget=board.budget() if board else None,
        pixels=image_pixels(network.image, cycles),
        layers=tuple(LayerPlan(x.name, x.operator.kind, foldings[x.name]) for x in network),
        skips=(),
    )
    draft = replace(draft, skips=skips(network, draft, derived))
    return promised(network, draft, build(network, draft, derived))


def promised(network: Network, plan: Plan, pipeline: Pipeline) -> Plan:
    """A plan with the figures that follow from its foldings and the network.

    Args:
        network: the network.
        plan: its foldings, and the family of its device.
        pipeline: their hardware.

    Raises:
        CheckFailed: the pipeline would deadlock.
    """
    family = plan.family
    schedule = predict.schedule(pipeline)
    buffers, queues = predict.buffer_bytes(pipeline)
    resources = predict.resources(pipeline, family)
    shell = predict.shell_resources(network, pipeline, schedule.cycles_per_frame, family)
    nonzero, dense = predict.macs(network)
    return replace(
        plan,
        model=network.name,
        digest=network.digest(),
        nonzero_macs=nonzero,
        dense_macs=dense,
        layers=tuple(
            replace(
                x,
                cycles=round(schedule.busy.get(x.name, 0.0) * schedule.cycles_per_frame),
                resources=resources[x.name],
            )
            for x in plan.layers
        ),
        cycles_per_frame=schedule.cycles_per_frame,
        latency_cycles=schedule.latency_cycles,
        weight_bytes=predict.weight_bytes(pipeline),
        buffer_bytes=buffers,
        queue_bytes=queues,
        resources=sum(resources.values(), shell),
        memory_bits=predict.memory_bits(pipeline),
    )
