# SPDX-License-Identifier: Apache-2.0
"""What a pipeline promises: its schedule and its memory."""

from __future__ import annotations

from collections import Counter

from firebrick.area.estimate import estimate
from firebrick.hardware.resources import Family, Resources
from firebrick.hardware.timing import Role
from firebrick.ir.network import Network
from firebrick.plan.kernel import kernel_of
from firebrick.plan.pipeline import Instance, Pipeline
from firebrick.plan.rows.play import Schedule, play
from firebrick.plan.rows.stage import Stage

CONTENTS = (
    *("codes", "gaps", "codebooks", "biases", "multipliers"),
    *("lengths", "positions", "channels", "padding"),
)
"""What read-only memories hold."""


def stages(pipeline: Pipeline) -> list[Stage]:
    """The pipeline as the schedule sees it."""
    return [_stage(x, pipeline.input_link) for x in pipeline.instances]


def _stage(instance: Instance, entrance: str) -> Stage:
    engine, timing = instance.engine, instance.engine.timing()
    return Stage(
        instance.name,
        engine.ROLE,
        tuple(x for x in instance.inputs if x != entrance),
        instance.outputs,
        timing,
        held=engine.held,
        rows=timing.ring if engine.ROLE is Role.FIFO else 0,
    )


def schedule(pipeline: Pipeline) -> Schedule:
    """Play the pipeline.

    Raises:
        CheckFailed: it would deadlock.
    """
    return play(stages(pipeline))


def weight_bytes(pipeline: Pipeline) -> dict[str, int]:
    """Read-only memory of all engines, by what it holds."""
    bits: Counter[str] = Counter(dict.fromkeys(CONTENTS, 0))
    for instance in pipeline.instances:
        bits.update(instance.engine.content_bits())
    return {kind: -(-size // 8) for kind, size in bits.items()}


def buffer_bytes(pipeline: Pipeline) -> tuple[int, int]:
    """Writable memory: row buffers; queues (partial sums and bypasses)."""
    engines = [x.engine for x in pipeline.instances]
    total, queues = sum(x.buffer_bits() for x in engines), sum(x.queue_bits() for x in engines)
    return -(-(total - queues) // 8), -(-queues // 8)


def resources(pipeline: Pipeline, family: Family) -> dict[str, Resources]:
    """Estimated resources by layer; what stands in front of an engine counts as its own."""
    layers = {x.layer for x in pipeline.links}
    found: dict[str, Resources] = {}
    waiting = Resources()
    for instance in pipeline.instances:
        waiting += estimate(instance.module, instance.parameters, family)
        if instance.name in layers:
            found[instance.name] = waiting
            waiting = Resources()
    return found


def shell_resources(network: Network, pipeline: Pipeline, cycles: int, family: Family) -> Resources:
    """What stands around the network on a board; nothing where there can be no kernel of it."""
    kernel = kernel_of(network, pipeline, cycles)
    return estimate("shell", kernel.parameters(), family) if kernel else Resources()


def memory_bits(pipeline: Pipeline) -> int:
    """Bits that memories of block RAM and UltraRAM are to hold, as far as engines tell."""
    return sum(x.engine.stored_bits() for x in pipeline.instances)


def macs(network: Network) -> tuple[int, int]:
    """Multiplications a frame: by nonzero weights; by all weights, pruned ones included."""
    counts = [x.operator.macs for x in network]
    return sum(nonzero for nonzero, _ in counts), sum(dense for _, dense in counts)
