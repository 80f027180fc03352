# SPDX-License-Identifier: Apache-2.0
"""What a pipeline promises: its schedule and its memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from firebrick.area.estimate import estimate
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family, Resources
from firebrick.hardware.timing import NO_TIMING, Role
from firebrick.ir.network import Network
from firebrick.ops.avgpool import AvgPoolEngine
from firebrick.ops.conv.engine import FIFO_DEPTH, ConvEngine
from firebrick.ops.conv.operator import Conv
from firebrick.ops.image import ImageEngine
from firebrick.ops.regroup import RegroupEngine
from firebrick.plan.kernel import kernel_of
from firebrick.plan.pipeline import Instance, Pipeline
from firebrick.plan.schedule import Schedule, play
from firebrick.plan.stage import Stage

CONTENTS = (
    *("codes", "gaps", "codebooks", "biases", "multipliers"),
    *("lengths", "positions", "channels", "padding"),
)
"""What read-only memories hold; the names of the images of other engines begin with these."""
GEARBOX_BEATS = 2
"""Output beats that the gearbox in `image` makes ready while its output is blocked."""

ROLES = {
    "conv": Role.WORK,
    "image": Role.WORK,
    "avgpool": Role.WORK,
    "maxpool": Role.STREAM,
    "regroup": Role.STREAM,
    "add": Role.JOIN,
    "broadcast": Role.FORK,
    "fifo": Role.FIFO,
}
"""What each module does with rows."""


def stages(pipeline: Pipeline) -> list[Stage]:
    """The pipeline as the schedule sees it."""
    rows = {x.name: x.stream.row_beats for x in pipeline.links}
    return [_stage(x, pipeline, rows) for x in pipeline.instances]


def _stage(instance: Instance, pipeline: Pipeline, rows: dict[str, int]) -> Stage:
    engine = instance.engine
    stage = Stage(
        instance.name,
        ROLES[instance.module],
        tuple(x for x in instance.inputs if x != pipeline.input_link),
        instance.outputs,
        engine.timing() if engine else NO_TIMING,
    )
    if isinstance(engine, AvgPoolEngine):
        # Rows are folded into sums; only the next frame's last row waits for the sums to leave.
        ring = 2 * engine.operator.input.height - 1
        return replace(stage, timing=replace(stage.timing, ring=ring))
    if isinstance(engine, ConvEngine):
        return replace(stage, held=engine.queue_depth + FIFO_DEPTH)
    if isinstance(engine, ImageEngine):
        return replace(stage, held=GEARBOX_BEATS)
    if stage.role is Role.FIFO:
        return replace(stage, rows=instance.parameters["depth"] // rows[instance.inputs[0]])
    return stage


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
        if isinstance(instance.engine, ConvEngine):
            bits.update(instance.engine.content_bits())
            continue
        for suffix, memory in instance.memories.items():
            kind = next(x for x in CONTENTS if suffix.startswith(x))
            bits[kind] += memory.bits
    return {kind: -(-size // 8) for kind, size in bits.items()}


def buffer_bytes(pipeline: Pipeline) -> tuple[int, int]:
    """Writable memory: row buffers; queues (partial sums and bypasses)."""
    total = queues = 0
    for instance in pipeline.instances:
        engine = instance.engine
        if engine:
            total += engine.buffer_bits()
        if isinstance(engine, ConvEngine):
            # one queue a lane, a partial sum of each column in a word
            size = engine.lanes * engine.columns * engine.operator.acc_bits
            queues += min(engine.buffer_bits(), size * engine.queue_depth)
        elif instance.module == "fifo":
            size = instance.parameters["width"] * instance.parameters["depth"]
            total += size
            queues += size
    return -(-(total - queues) // 8), -(-queues // 8)


def resources(pipeline: Pipeline, family: Family) -> dict[str, Resources]:
    """Estimated resources by layer; what stands in front of an engine counts as its own."""
    found: dict[str, Resources] = {}
    waiting = Resources()
    for instance in pipeline.instances:
        waiting += estimate(instance.module, instance.parameters, family)
        if instance.engine and not isinstance(instance.engine, RegroupEngine | ImageEngine):
            found[instance.name] = waiting
            waiting = Resources()
    return found


def shell_resources(network: Network, pipeline: Pipeline, cycles: int, family: Family) -> Resources:
    """What stands around the network on a board; nothing where there can be no kernel of it."""
    kernel = kernel_of(network, pipeline, cycles)
    return estimate("shell", kernel.parameters(), family) if kernel else Resources()


def memory_bits(pipeline: Pipeline) -> int:
    """Bits that the memories of convolutions in block RAM and UltraRAM are to hold."""
    total = 0
    for instance in pipeline.instances:
        engine = instance.engine
        if isinstance(engine, ConvEngine):
            bits, where = engine.stored_bits(), engine.placement
            kinds = {name: getattr(where, name) for name in bits}
            total += sum(bits[n] for n, kind in kinds.items() if kind is not MemoryKind.LUT)
    return total


def macs(network: Network) -> tuple[int, int]:
    """Multiplications a frame: by nonzero weights; by all weights, pruned ones included."""
    nonzero = dense = 0
    for layer in network:
        operator = layer.operator
        if isinstance(operator, Conv):
            pixels = operator.output.height * operator.output.width
            nonzero += operator.nonzero * pixels
            dense += int(operator.true_weights.sum()) * pixels
    return nonzero, dense
