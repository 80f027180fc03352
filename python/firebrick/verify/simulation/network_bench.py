# SPDX-License-Identifier: Apache-2.0
"""Simulate a whole generated network: photographs in, every layer's stream written down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firebrick.emit.rtl.generate import load_words, top_text, write_all_memories
from firebrick.emit.rtl.memories import memory_text
from firebrick.emit.rtl.network_top import TOP
from firebrick.errors import CheckFailed
from firebrick.hardware.memory import LOAD_BITS, Memory
from firebrick.hardware.stream import from_beats
from firebrick.hardware.tensor import IntArray
from firebrick.ir.network import Network
from firebrick.ops.image import pixel_beats
from firebrick.plan.pipeline import Link, Pipeline
from firebrick.progress import Progress
from firebrick.verify.simulation.beats import read_beats, write_beats
from firebrick.verify.simulation.bench import (
    LOAD,
    BenchRun,
    Port,
    Tap,
    bench_text,
    build_bench,
    read_frames,
    run_bench,
)
from firebrick.verify.simulation.verilator import LONG

BENCH = f"bench_{TOP}"
POLL_SECONDS = 0.5
PATIENCE = 40
"""Cycles to wait for a frame, in multiples of the plan's prediction, before it counts as stuck."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """What a simulation showed.

    Attributes:
        tensors: every layer's output, int64 (N, C, H, W), channels in natural order; the last
            one's in the order in which they left the top.
        start: cycle in which the first beat of the image stream was taken.
        ends: cycle in which each frame's last logit left.
    """

    tensors: dict[str, IntArray]
    start: int
    ends: tuple[int, ...]


def layer_links(pipeline: Pipeline) -> list[Link]:
    """The links that carry a layer's output, the last one excepted: it leaves the top."""
    return [x for x in pipeline.links if x.layer is not None and x.name != pipeline.output_link]


def build_network(
    network: Network,
    pipeline: Pipeline,
    build_root: Path,
    *,
    waves: bool = False,
    optimize: str = LONG,
) -> Path:
    """Compile the generated top in its bench; kept under a key of its sources."""
    links = {link.name: link for link in pipeline.links}
    image, logits = (links[x].stream for x in (pipeline.input_link, pipeline.output_link))
    bench = bench_text(
        TOP,
        {},
        [Port("s_axis", image.data_bits, image.frame_beats)],
        Port("m_axis", logits.data_bits, logits.frame_beats),
        [Tap(x.name, f"u_dut.{x.name}", x.stream.data_bits) for x in layer_links(pipeline)],
        load_words=sum(x.engine.load_count for x in pipeline.instances),
    )
    texts = {TOP: top_text(network, pipeline), BENCH: bench}
    return build_bench(texts, BENCH, build_root, waves=waves, optimize=optimize, jobs=2)


def simulate(
    binary: Path,
    pipeline: Pipeline,
    pixels: NDArray[np.integer],
    workdir: Path,
    cycles_per_frame: int,
    *,
    stalls: tuple[int, int] = (0, 0),
    seed: int = 1,
    progress: Progress,
    waves: bool = False,
) -> Simulated:
    """Run a compiled network over photographs, back to back.

    Args:
        binary: from `build_network`, of the same pipeline.
        pipeline: whose links say how to read the streams.
        pixels: uint8 values (N, C, H, W), as in `Job`.
        workdir: empty folder for stimuli, memory images and results.
        cycles_per_frame: predicted, for patience and progress.
        stalls: probability * 256 that source and sink pause in a cycle.
        seed: of the stalls.
        progress: told the share of image beats taken.
        waves: write `dump.fst`; the binary must be built for it.

    Raises:
        CheckFailed: when an assertion fires, a frame does not come, or beats are missing.
    """
    links = {link.name: link for link in pipeline.links}
    image, logits = links[pipeline.input_link], links[pipeline.output_link]
    write_all_memories(pipeline, workdir)
    load = load_words(pipeline)
    (workdir / f"{LOAD}.hex").write_text(memory_text(Memory(LOAD_BITS, load)))
    values = pixel_beats(pixels.astype(np.int64), image.stream.columns)
    write_beats(workdir / "input0.hex", values, image.stream.data_bits // values.shape[1])
    frames = len(pixels)
    limit = PATIENCE * (cycles_per_frame * (frames + 2) + len(load))
    run = BenchRun(0, *stalls, seed=seed, frames=frames, limit_cycles=limit)
    total = image.stream.frame_beats * frames
    with _watch(workdir / "progress.txt", total, progress):
        run_bench(binary, workdir, [run], "network_bench", waves=waves)
    tensors = {
        str(link.layer): read_tensor(workdir / f"{link.name}.0.hex", link, frames)
        for link in layer_links(pipeline)
    }
    tensors[str(logits.layer)] = read_output(workdir / "output.0.hex", logits, frames)
    ends = read_frames(workdir / "output.0.frames")[-frames:, 0]
    start = int(read_frames(workdir / "input0.0.frames")[0, 0])
    return Simulated(tensors, start, tuple(int(x) for x in ends))


def read_tensor(path: Path, link: Link, frames: int) -> IntArray:
    """Tensor (N, C, H, W) of the stream a monitor wrote down.

    Raises:
        CheckFailed: when there are not exactly `frames` frames of beats.
    """
    stream = link.stream
    beats = read_beats(path, stream.columns, stream.tensor.bits, signed=stream.tensor.signed)
    expected = frames * stream.frame_beats
    if len(beats) != expected:
        raise CheckFailed(f"layer {link.layer!r}: beats={len(beats)} is not {expected}")
    return from_beats(beats, stream.tensor, link.order)


def read_output(path: Path, link: Link, frames: int) -> IntArray:
    """The same of what leaves the top, as who reads it does: whatever comes first is class 0.

    Raises:
        CheckFailed: when there are not exactly `frames` frames of beats.
    """
    natural = tuple(range(link.stream.tensor.channels))
    return read_tensor(path, replace(link, order=natural), frames)


@contextmanager
def _watch(path: Path, total: int, progress: Progress) -> Iterator[None]:
    """Report the number in `path` (image beats taken so far) while the block runs."""
    stop = threading.Event()

    def poll() -> None:
        while not stop.wait(POLL_SECONDS):
            text = path.read_text() if path.exists() else ""
            progress("simulating", min(1.0, int(text or 0) / total))

    thread = threading.Thread(target=poll, daemon=True)
    progress("simulating", 0.0)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    progress("simulating", 1.0)
