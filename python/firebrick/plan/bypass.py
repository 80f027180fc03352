# SPDX-License-Identifier: Apache-2.0
"""Depths of bypass queues, from the schedule: as shallow as loses no cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from firebrick.errors import CheckFailed
from firebrick.hardware.timing import Role
from firebrick.ir.network import Network
from firebrick.ops.conv.operator import Conv
from firebrick.plan import predict
from firebrick.plan.engines import Derived
from firebrick.plan.pipeline import build
from firebrick.plan.plan import Plan, SkipPlan
from firebrick.plan.rows.play import play
from firebrick.plan.rows.stage import Stage


def skips(network: Network, plan: Plan, derived: Derived) -> tuple[SkipPlan, ...]:
    """Queues for a plan that has none yet, from the engines of its foldings.

    Each tensor with several readers may need one on the way to all of them but that with the most
    convolutions behind it, whose row buffers are queue enough.

    Raises:
        CheckFailed: no depth avoids a deadlock.
    """
    candidates = shortcuts(network)
    if not candidates:
        return ()
    beats = {x.name: x.stream.row_beats for x in build(network, plan, derived).links}
    trial = replace(plan, skips=tuple(SkipPlan(t, r, max(2, beats[t])) for t, r in candidates))
    pipeline = build(network, trial, derived)
    # build() goes through tensors and readers in the order of `shortcuts`
    names = [x.name for x in pipeline.instances if x.engine.ROLE is Role.FIFO]
    rows = fewest_rows(predict.stages(pipeline), names)
    return tuple(
        SkipPlan(tensor, reader, max(2, rows[name] * beats[tensor]))
        for (tensor, reader), name in zip(candidates, names, strict=True)
        if rows[name]
    )


def shortcuts(network: Network) -> list[tuple[str, str]]:
    """(tensor, reader) of every way around convolutions."""
    found: list[tuple[str, str]] = []
    behind = {x.name: 0 for x in network}
    convolutions = {x.name for x, _ in network.each(Conv)}
    for layer in reversed(network.layers):
        after = [behind[x.name] for x in network if layer.name in x.inputs]
        behind[layer.name] = max(after, default=0) + (layer.name in convolutions)
    for tensor in network.types():
        readers = [x.name for x in network for name in x.inputs if name == tensor]
        if len(set(readers)) > 1:
            longest = max(readers, key=lambda x: behind[x])
            found.extend((tensor, x) for x in dict.fromkeys(readers) if x != longest)
    return found


def fewest_rows(stages: Sequence[Stage], names: Sequence[str]) -> dict[str, int]:
    """Rows of each FIFO with which the pipeline is as fast as with FIFOs without end.

    Raises:
        CheckFailed: no depth avoids a deadlock.
    """
    endless = 1 << 30
    best = play(with_rows(stages, dict.fromkeys(names, endless)))
    rows = {name: best.peaks[name] for name in names}

    def loses(trial: Mapping[str, int]) -> bool:
        try:
            return play(with_rows(stages, trial)).cycles_per_frame > best.cycles_per_frame
        except CheckFailed:
            return True

    for name in names:
        low, high = -1, rows[name]  # `low` loses, `high` does not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if loses(rows | {name: middle}) else (low, middle)
        rows[name] = high
    return rows


def with_rows(stages: Sequence[Stage], rows: Mapping[str, int]) -> list[Stage]:
    """The pipeline with other FIFO depths; with 0 rows the FIFO is left out."""
    bridged = {x.outputs[0]: x.inputs[0] for x in stages if rows.get(x.name) == 0}
    return [
        replace(
            x,
            rows=rows.get(x.name, x.rows),
            inputs=tuple(bridged.get(link, link) for link in x.inputs),
        )
        for x in stages
        if rows.get(x.name) != 0
    ]
