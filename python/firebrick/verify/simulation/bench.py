# SPDX-License-Identifier: Apache-2.0
"""The bench around one module with streams: a source per input, a sink and a monitor.

Names of what it reads and writes in its working directory: `input<i>.hex`, `input<i>.<run>.frames`,
`output.<run>.hex`, `output.<run>.frames`, memories `dut.<suffix>.mem`, words to be loaded after
each reset `load.hex`, steering `bench.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from firebrick.data import data_folder
from firebrick.emit.rtl.load_chain import LOAD_PORT, load_connections, load_gate, load_wires
from firebrick.emit.rtl.ports import CLOCK, connect
from firebrick.emit.rtl.systemverilog import Module, ModuleInstance, Signal
from firebrick.files.scratch import scratch_folder
from firebrick.hardware.memory import LOAD_BITS
from firebrick.hardware.tensor import IntArray
from firebrick.ops.base import Engine
from firebrick.verify.simulation.cocotb_run import run
from firebrick.verify.simulation.sources import closure
from firebrick.verify.simulation.verilator import SHORT, build

LOAD = "load"
"""Stem of the words to be loaded, and prefix of their stream."""
PREFIX = "dut"
"""Stem of the memory images of the module under test."""


@dataclass(frozen=True, slots=True)
class Port:
    """One AXI stream port of a module.

    Attributes:
        name: what stands before `_tvalid`.
        width: bits of tdata.
        frame_beats: beats of one frame.
    """

    name: str
    width: int
    frame_beats: int


@dataclass(frozen=True, slots=True)
class BenchRun:
    """One run: reset, then either all frames, or a cut by the next run's reset.

    Attributes:
        run: number, part of the file names.
        source_stall: probability * 256 that a source pauses.
        sink_stall: probability * 256 that the sink pauses.
        seed: of the stalls.
        frames: output frames to wait for.
        limit_cycles: patience.
        cut_cycles: stop after so many cycles; 0 runs to the end.
        reset_cycles: cycles of reset at the start.
        settle_cycles: watched after the last beat, for beats that should not come.
    """

    run: int
    source_stall: int
    sink_stall: int
    seed: int
    frames: int
    limit_cycles: int
    cut_cycles: int = 0
    reset_cycles: int = 2
    settle_cycles: int = 200


@dataclass(frozen=True, slots=True)
class Tap:
    """An inner stream to write down: `path` stands before `_tvalid`, `name` names the files."""

    name: str
    path: str
    width: int


PUBLIC = "verilator public_flat_rw"
STEERING = (
    Signal("rst_n", kind="bit", note=PUBLIC),
    Signal("run", kind="int unsigned", note=PUBLIC),
    Signal("frames", kind="int unsigned", note=PUBLIC),
    Signal("seed", kind="int unsigned", note=PUBLIC),
    Signal("source_stall", 8, kind="bit", note=PUBLIC),
    Signal("sink_stall", 8, kind="bit", note=PUBLIC),
    Signal("done", kind="bit", note=PUBLIC),
    Signal("clk", kind="bit"),
)
"""What cocotb sets and reads, see `sim/lib/stream_bench.py`."""
TICK = ("always #5ns clk = !clk;",)
DONE = ("always_ff @(posedge clk) done <= rst_n && output_frames >= frames;",)


def _wires(signal: str, width: int) -> list[Signal]:
    names = {"tvalid": 1, "tready": 1, "tlast": 1, "tdata": width}
    return [Signal(f"{signal}_{name}", bits) for name, bits in names.items()]


def _monitor(tap: Tap, *, data: bool) -> tuple[list[Signal], ModuleInstance]:
    counters = [
        Signal(f"{tap.name}_frames", kind="int unsigned"),
        Signal(f"{tap.name}_beats", kind="int unsigned", note="verilator public_flat_rd"),
    ]
    taps = {name: f"{tap.path}_{name}" for name in ("tvalid", "tready", "tdata", "tlast")}
    counts = {"frames_o": f"{tap.name}_frames", "beats_o": f"{tap.name}_beats"}
    return counters, ModuleInstance(
        "stream_monitor",
        f"monitor_{tap.name}",
        {"WIDTH": tap.width, "NAME": tap.name, "DATA": int(data)},
        {**CLOCK, "run_i": "run", **taps, **counts},
    )


def _source(name: str, seed: int, port: Port, stem: str, signal: str) -> ModuleInstance:
    return ModuleInstance(
        "stream_source",
        name,
        {"WIDTH": port.width, "FRAME_BEATS": port.frame_beats, "NAME": stem},
        {
            **CLOCK,
            "stall_i": "source_stall",
            "seed_i": f"seed + {seed}",
            **connect("m_axis", signal),
            "done_o": "",
            "beats_o": "",
        },
    )


def bench_text(
    module: str,
    parameters: Mapping[str, int | str],
    inputs: Sequence[Port],
    output: Port,
    taps: Sequence[Tap] = (),
    load_words: int = 0,
    engine: Engine | None = None,
) -> str:
    """SystemVerilog of the bench `bench_<module>`.

    Args:
        module: name of the module under test, instance `u_dut`.
        parameters: of the module, in the case the module has them; a `str` is given as a string.
        inputs: its input ports.
        output: its output port.
        taps: streams inside the module to write down as well.
        load_words: words that are loaded after a reset.
        engine: the module is this one's; if it has memories to load, the bench has the gate that a
            generated top would have, in front of the only input.
    """
    wires = [*STEERING, *_wires("output", output.width)]
    sources, dut = [], dict(CLOCK)
    gated = engine is not None and load_words > 0
    if engine is not None and engine.LOADED:
        dut |= load_connections(0 if gated else None, 1)
    if load_words:
        wires += _wires(LOAD, LOAD_BITS)
        sources.append(_source(LOAD, 1 << 16, Port("", LOAD_BITS, load_words), LOAD, LOAD))
    if load_words and not gated:
        dut |= connect(LOAD_PORT, LOAD)
    watched = [(Tap("output", "output", output.width), True)]
    watched += [(tap, True) for tap in taps]
    for index, port in enumerate(inputs):
        signal = f"input{index}"
        wires += _wires(signal, port.width)
        source = "kept_back" if gated else signal
        sources.append(_source(f"source{index}", 2 * index, port, signal, source))
        if engine is not None and gated:
            wires += [*_wires(source, port.width), *load_wires(1)]
            sources.append(load_gate([engine], port.width, LOAD, source, signal))
        watched.append((Tap(signal, signal, port.width), False))
        dut |= connect(port.name, signal)
    dut |= connect(output.name, "output")
    monitors = []
    for tap, data in watched:
        counters, monitor = _monitor(tap, data=data)
        wires += counters
        monitors.append(monitor)
    sink = ModuleInstance(
        "stream_sink",
        "sink",
        {},
        {
            **CLOCK,
            "stall_i": "sink_stall",
            "seed_i": "seed + 1",
            "s_axis_tready": "output_tready",
        },
    )
    return Module(
        name=f"bench_{module}",
        comment=(
            "SPDX-License-Identifier: Apache-2.0",
            f"Bench of `{module}`, written by firebrick.verify.simulation.bench.",
        ),
        ports=(),
        wires=tuple(wires),
        instances=(*sources, ModuleInstance(module, "dut", parameters, dut), sink, *monitors),
        body=(*TICK, *DONE),
    ).text()


def build_bench(
    texts: Mapping[str, str],
    top: str,
    build_root: Path,
    *,
    waves: bool = False,
    optimize: str = SHORT,
    jobs: int = 1,
) -> Path:
    """Compile generated texts (by module name) with every file they need; see `verilator.build`."""
    with scratch_folder() as scratch:
        paths = [scratch / f"{module}.sv" for module in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            path.write_text(text)
        sources = [*closure(texts.values()), *paths]
        return build(sources, top, build_root, waves=waves, optimize=optimize, jobs=jobs)


def run_bench(
    binary: Path,
    workdir: Path,
    runs: Sequence[BenchRun],
    steering: str = "stream_bench",
    *,
    waves: bool = False,
) -> Path:
    """Run a compiled bench; `steering` is a cocotb module in `sim/lib`."""
    (workdir / "bench.json").write_text(json.dumps([asdict(one) for one in runs], indent=1))
    folder = data_folder("sim") / "lib"
    return run(binary, workdir, steering, python_path=(folder,), waves=waves)


def read_frames(path: Path) -> IntArray:
    """(cycle, beat) of the first beat, then of each beat with tlast."""
    rows = [[int(word) for word in line.split()] for line in path.read_text().splitlines()]
    return np.array(rows, np.int64).reshape(-1, 2)
