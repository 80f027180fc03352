# SPDX-License-Identifier: Apache-2.0
"""The schedule of the whole pipeline, row by row.

Weights are constants, so every engine's cycles a row are known, and a few frames can be played
without simulating any hardware. A row moves along a link from the time `first` to the time `last`.
Four kinds of stages keep rows (`WORK`, `FIFO`) or pass them on beat by beat (`STREAM`, `FORK`,
`JOIN`); back-pressure goes through the latter. Every event follows from earlier ones, so events
are fired as soon as what they wait for is known; when none can fire before the last row is out,
the pipeline would deadlock.

What is exact: the period wherever one engine is busy all the time. Where engines wait for each
other's rows it is within a few cycles a row, which in images of few rows or beats can be percents:
an engine that the drain holds up catches up after a wait, and pipelines hold a few beats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firebrick.errors import CheckFailed
from firebrick.plan.rows.events import Events
from firebrick.plan.rows.stage import Stage

FRAMES = 6
"""Frames played: the pipeline is in its steady state after the second or third."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was found.

    Attributes:
        cycles_per_frame: between two frames leaving, in the steady state.
        latency_cycles: from the first beat in to the last beat of the first frame out.
        busy: per WORK stage, its share of the cycles it works.
        peaks: per FIFO, the most rows it held or was receiving at one time.
    """

    cycles_per_frame: int
    latency_cycles: int
    busy: Mapping[str, float]
    peaks: Mapping[str, int]


def play(stages: Sequence[Stage], frames: int = FRAMES) -> Schedule:
    """Play some frames, three or more.

    Raises:
        CheckFailed: the pipeline deadlocks; names the stages that wait.
    """
    game = Events(stages)
    targets = {n: frames * len(x.timing.needs) for n, x in game.workers.items()}
    moved = True
    while moved:
        moved = False
        for name, stage in game.workers.items():
            while len(game.finish[name]) < targets[name] and game.work(stage):
                moved = True
            while game.send(stage):
                moved = True
        for stage in game.fifos:
            while game.shift(stage):
                moved = True
        for stage in game.streams:
            while game.follow(stage):
                moved = True
    waiting = [n for n, x in game.workers.items() if len(game.moves[x.outputs[0]]) < targets[n]]
    if waiting:
        row = len(game.finish[waiting[0]])
        raise CheckFailed(
            f"schedule: deadlock, {', '.join(repr(x) for x in waiting)} wait for ever "
            f"({waiting[0]!r} at row {row}): a bypass FIFO is too short"
        )
    rows = game.output_rows()
    ends = [rows[len(rows) // frames * (f + 1) - 1] for f in range(frames)]
    work = {n: sum(x.timing.cycles) for n, x in game.workers.items()}
    # In a few frames rings and queues may hide that an engine is a little slower than others.
    period = max(round((ends[-1] - ends[1]) / (frames - 2)), *work.values())
    return Schedule(
        cycles_per_frame=period,
        latency_cycles=round(ends[0]),
        busy={n: w / period for n, w in work.items()},
        peaks={x.name: game.peak(x) for x in game.fifos},
    )
