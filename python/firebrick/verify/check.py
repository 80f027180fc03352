# SPDX-License-Identifier: Apache-2.0
"""Check the hardware of one engine against its operator's definition, beat for beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firebrick.emit.rtl.memories import memory_text, write_memories
from firebrick.errors import CheckFailed
from firebrick.hardware.memory import LOAD_BITS, Memory
from firebrick.hardware.stream import StreamType, to_beats
from firebrick.hardware.tensor import IntArray
from firebrick.ops.base import Engine
from firebrick.verify.rows import frame_ends
from firebrick.verify.simulation.beats import read_beats, valid_pixels, write_beats
from firebrick.verify.simulation.bench import (
    LOAD,
    PREFIX,
    BenchRun,
    Port,
    bench_text,
    build_bench,
    read_frames,
    run_bench,
)
from firebrick.verify.simulation.verilator import LONG, SHORT

STALLS = ((0, 0), (90, 0), (0, 90), (60, 60), (8, 200), (200, 8))
"""(source, sink) pause probability * 256 of the complete runs; the first measures cycles."""
CUTS = 8
"""Runs that a reset cuts off in mid-frame, one after the other, before the complete ones."""


@dataclass(frozen=True, slots=True)
class Beats:
    """What enters one port: beats (count, columns) of `bits` bits a value, and beats a frame."""

    values: IntArray
    bits: int
    frame_beats: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Cycles of the run without stalls.

    Attributes:
        period: cycles between the last two frames.
        first: cycles from the first input beat to the end of the first frame.
        predicted_period: the same by `Engine.timing()`.
        predicted_first: the same by `Engine.timing()`.
    """

    period: int
    first: int
    predicted_period: int
    predicted_first: int


def random_tensor(rng: np.random.Generator, stream: StreamType, frames: int) -> IntArray:
    """Random values (frames, C, H, W) that reach both ends of the tensor's range."""
    kind = stream.tensor
    shape = (frames, kind.channels, kind.height, kind.width)
    values = rng.integers(kind.lo, kind.hi, shape, endpoint=True)
    extreme = rng.random(shape) < 0.1
    return np.where(extreme, rng.choice([kind.lo, kind.hi], shape), values)


def row_beats(
    tensor: IntArray,
    stream: StreamType,
    rng: np.random.Generator,
    order: Sequence[int] | None = None,
) -> Beats:
    """Beats of a tensor (N, C, H, W), with random garbage beyond the end of each row."""
    beats = to_beats(tensor, stream.columns, order)
    noise = rng.integers(stream.tensor.lo, stream.tensor.hi, beats.shape, endpoint=True)
    beats = np.where(valid_pixels(stream, len(beats)), beats, noise)
    return Beats(beats, stream.tensor.bits, stream.frame_beats)


def check_engine(
    engine: Engine,
    inputs: Sequence[IntArray],
    workdir: Path,
    build_root: Path,
    *,
    in_orders: Sequence[Sequence[int] | None] | None = None,
    out_order: Sequence[int] | None = None,
    beats: Sequence[Beats] | None = None,
    modules: Mapping[str, str] | None = None,
    seed: int = 1,
    period_slack: int = 0,
    latency_slack: int = 0,
    waves: bool = False,
    thorough: bool = True,
) -> Measured:
    """Simulate an engine under all kinds of stall and compare every beat with `golden()`.

    Args:
        engine: whose module is built; one build per geometry serves all runs and contents.
        inputs: one tensor (N, C, H, W) per input, N at least 3 frames.
        workdir: for stimuli, memory images and results; emptied of nothing.
        build_root: where compiled models are kept.
        in_orders: channel order of each input stream; natural if None.
        out_order: channel order of the output stream; natural if None.
        beats: what enters each port, where that is no row stream; overrides `in_orders`.
        modules: texts of further modules by name, for those with no file in `hw/`.
        seed: of the stalls, the padding and the cuts.
        period_slack: cycles by which a frame may take more or less than `timing()` says.
        latency_slack: the same for the first frame, latency included.
        waves: record the run to `dump.fst`.
        thorough: with stalls and resets; else only the run without, compiled to run fast.

    Returns:
        The cycles measured without stalls.

    Raises:
        CheckFailed: at the first difference: values, beats, tlast, cycles, assertions.
    """
    rng = np.random.default_rng(seed)
    operator, kind = engine.operator, engine.operator.kind
    frames = len(inputs[0])
    if frames < 3:
        raise ValueError(f"{frames} frames cannot show a steady state: at least 3")
    if beats is None:
        streams = [StreamType(*x) for x in zip(operator.inputs, engine.in_columns, strict=True)]
        orders = in_orders or [None] * len(inputs)
        beats = [row_beats(*x[:2], rng, x[2]) for x in zip(inputs, streams, orders, strict=True)]
    out = StreamType(operator.output, engine.out_columns)

    workdir.mkdir(parents=True, exist_ok=True)
    names = ["s_axis"] if len(beats) == 1 else [f"s_axis_{letter}" for letter in "abcdefgh"]
    ports = []
    for index, (name, one) in enumerate(zip(names, beats, strict=False)):
        write_beats(workdir / f"input{index}.hex", one.values, one.bits)
        ports.append(Port(name, one.bits * one.values.shape[1], one.frame_beats))
    memories = engine.memories()
    write_memories(workdir, PREFIX, memories)
    parameters: dict[str, int | str] = {k.upper(): v for k, v in engine.parameters().items()}
    if memories:
        parameters["PREFIX"] = PREFIX
    load = engine.load_words()
    (workdir / f"{LOAD}.hex").write_text(memory_text(Memory(LOAD_BITS, load)))
    text = bench_text(
        kind,
        parameters,
        ports,
        Port("m_axis", out.data_bits, out.frame_beats),
        load_words=len(load),
        engine=engine,
    )
    bench = f"bench_{kind}"
    binary = build_bench(
        {**(modules or {}), bench: text},
        bench,
        build_root,
        waves=waves,
        optimize=SHORT if thorough else LONG,
    )

    ends = frame_ends(engine.timing(), frames)
    limit = 60 * (ends[-1] + len(load)) + 100_000
    runs = _complete_runs(limit, frames, seed)
    runs = [*_cut_runs(len(load), ends, seed), *runs] if thorough else runs[:1]
    run_bench(binary, workdir, runs, waves=waves)

    expected = to_beats(operator.golden(*inputs), engine.out_columns, out_order)
    for run in sorted(runs, key=lambda run: run.run):
        _compare(workdir, run, out, expected, f"{kind} {operator.name!r}")
    return _check_cycles(workdir, ends, period_slack, latency_slack, f"{kind} {operator.name!r}")


def _complete_runs(limit: int, frames: int, seed: int) -> list[BenchRun]:
    """A run under each kind of stall."""
    return [
        BenchRun(n, source, sink, seed + 16 * n, frames, limit)
        for n, (source, sink) in enumerate(STALLS)
    ]


def _cut_runs(load: int, ends: Sequence[int], seed: int) -> list[BenchRun]:
    """Runs that end anywhere in their first frames, or when some of the memories have been loaded.

    What a reset forgets to clear shows in the run behind it, if that goes on for long enough, and
    only if it was not clear before.

    Args:
        load: cycles that it takes to load what is loaded after a reset.
        ends: cycle in which each frame ends.
        seed: of stalls and cuts.
    """
    rng = np.random.default_rng(seed)
    runs = []
    for n in range(CUTS):
        loading = load > 0 and n % 4 == 0
        first, last = (load // 2, load) if loading else (1, load + ends[2])
        cut = int(rng.integers(first, last, endpoint=True))
        source, sink = 0 if loading else 30, 120 if n % 2 else 30
        number, reset = len(STALLS) + n, 1 + n // 2 % 2
        runs.append(
            BenchRun(number, source, sink, seed + 16 * number, 0, 0, cut, reset_cycles=reset)
        )
    return runs


def _compare(workdir: Path, run: BenchRun, out: StreamType, expected: IntArray, who: str) -> None:
    """Compare values and tlast of one run; a cut run must be right as far as it got."""
    path = workdir / f"output.{run.run}.hex"
    if run.cut_cycles and not path.exists():
        return  # cut before anything was written
    signed = out.tensor.signed
    actual = read_beats(path, out.columns, out.tensor.bits, signed=signed)
    where = f"{who}, run {run.run} (stalls {run.source_stall}, {run.sink_stall}, seed {run.seed})"
    if len(actual) > len(expected) or (not run.cut_cycles and len(actual) != len(expected)):
        raise CheckFailed(f"{where}: {len(actual)} beats, {len(expected)} expected")
    expected = expected[: len(actual)]
    wrong = np.argwhere((actual != expected) & valid_pixels(out, len(actual)))
    if len(wrong):
        beat, column = wrong[0]
        raise CheckFailed(
            f"{where}: {len(wrong)} values differ, first in beat {beat}, column {column}: "
            f"{actual[beat, column]}, expected {expected[beat, column]}"
        )
    lasts = read_frames(path.with_suffix(".frames"))[:, 1].tolist()
    should = [n for n in range(len(actual)) if (n + 1) % out.frame_beats == 0]
    # The first line is the first beat; if that ends a frame there is one line for both.
    if lasts[: bool(lasts) and out.frame_beats > 1] + should != lasts:
        raise CheckFailed(f"{where}: tlast with beats {lasts[1:]}, expected {should}")


def _check_cycles(
    workdir: Path, ends: Sequence[int], period_slack: int, latency_slack: int, who: str
) -> Measured:
    begin = int(read_frames(workdir / "input0.0.frames")[0, 0])
    lasts = read_frames(workdir / "output.0.frames")[:, 0].tolist()[-len(ends) :]
    measured = Measured(
        period=lasts[-1] - lasts[-2],
        first=lasts[0] - begin,
        predicted_period=ends[-1] - ends[-2],
        predicted_first=ends[0],
    )
    if abs(measured.period - measured.predicted_period) > period_slack:
        raise CheckFailed(
            f"{who}: a frame takes {measured.period} cycles, timing() says "
            f"{measured.predicted_period} (slack {period_slack})"
        )
    for n, (last, end) in enumerate(zip(lasts, ends, strict=True)):
        taken, predicted = last - lasts[0], end - ends[0]
        if abs(taken - predicted) > period_slack + latency_slack:
            raise CheckFailed(
                f"{who}: frame {n} ends {taken} cycles after frame 0, timing() says {predicted} "
                f"(slack {period_slack + latency_slack})"
            )
    if abs(measured.first - measured.predicted_first) > latency_slack:
        raise CheckFailed(
            f"{who}: the first frame takes {measured.first} cycles, timing() says "
            f"{measured.predicted_first} (slack {latency_slack})"
        )
    return measured
