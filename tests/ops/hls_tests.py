# SPDX-License-Identifier: Apache-2.0
"""The tests that every operator's C++ has: the cases and the stimuli of the RTL benches."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from rtl_tests import AT_ONCE

from firebrick.hardware.stream import StreamType, to_beats
from firebrick.hardware.tensor import IntArray
from firebrick.ops.base import Engine
from firebrick.verify.check import Beats, row_beats
from firebrick.verify.simulation.beats import read_beats, valid_pixels, write_beats
from hls_compiler import command, compiled
from hls_functions import bench_source

Case = TypeVar("Case")
Test = Callable[..., None]

REFUSALS = (0, 90, 230, 256)
"""How often a look for input is refused, * 256; the last only waits."""


@dataclass(frozen=True)
class Bench:
    """What RTL and HLS of a case are tested with; see `check_engine` for each field."""

    engine: Engine
    inputs: Sequence[IntArray]
    seed: int
    in_orders: Sequence[Sequence[int] | None] | None = None
    out_order: Sequence[int] | None = None
    beats: Sequence[Beats] | None = None

    def entering(self) -> list[Beats]:
        """What enters each port, padding included: the very beats of the RTL bench."""
        if self.beats is not None:
            return list(self.beats)
        rng = np.random.default_rng(self.seed)
        engine, orders = self.engine, self.in_orders or [None] * len(self.inputs)
        types = zip(engine.operator.inputs, engine.in_columns, strict=True)
        ports = zip(self.inputs, (StreamType(*x) for x in types), orders, strict=True)
        return [row_beats(tensor, stream, rng, order) for tensor, stream, order in ports]


def build(benches: Mapping[str, Bench], root: Path, start: Sequence[str]) -> Path:
    """The binary that serves some cases of one operator; `start` is from `command`."""
    kind = next(iter(benches.values())).engine.operator.kind
    text = bench_source({name: (one.engine, one.entering()) for name, one in benches.items()})
    return compiled(text, f"hls_{kind}", root, start)


def check_function(name: str, bench: Bench, binary: Path, workdir: Path) -> None:
    """Run one case and compare every beat with `golden()`, padding aside, and every `last`."""
    workdir.mkdir(parents=True, exist_ok=True)
    frames = len(bench.inputs[0])
    for index, beats in enumerate(bench.entering()):
        write_beats(workdir / f"input{index}.hex", beats.values, beats.bits)
    run = [str(binary), name, str(workdir), str(frames), *map(str, REFUSALS)]
    result = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, f"{name}: {result.stderr[-3000:]}"

    operator, columns = bench.engine.operator, bench.engine.out_columns
    out = StreamType(operator.output, columns)
    expected = to_beats(operator.golden(*bench.inputs), columns, bench.out_order)
    valid = valid_pixels(out, len(expected))
    lasts = (np.arange(len(expected)) + 1) % out.frame_beats == 0
    for number in range(len(REFUSALS)):
        path = workdir / f"output{number}.txt"
        lines = [line.split() for line in path.read_text().splitlines()]
        assert len(lines) == len(expected), f"{name}: beats"
        data = workdir / "output.hex"
        data.write_text("".join(f"{beat}\n" for beat, _ in lines))
        actual = read_beats(data, columns, out.tensor.bits, signed=out.tensor.signed)
        wrong = np.argwhere((actual != expected) & valid)
        assert wrong.tolist() == [], f"{name}: (beat, column) that differ"
        assert np.array_equal([last == "1" for _, last in lines], lasts), f"{name}: last"


def hls_tests(
    bench: Callable[[Case], Bench],
    cases: Mapping[str, Case],
    slow_cases: Mapping[str, Case],
    drawn: SearchStrategy[Case],
    real: SearchStrategy[Case] | None = None,
) -> tuple[Test, Test, Test, Test]:
    """Tests for a module's namespace, as `rtl_tests`; one build serves all cases of a test.

    Args:
        bench: makes operator, folding and stimuli of a case.
        cases: by name, run always.
        slow_cases: by name, run by `make test-all`, like all others with sanitizers.
        drawn: strategy for geometries, run by `make test-all`.
        real: the same, run always, as in `rtl_tests`.
    """

    def check_all(some: Mapping[str, Case], folder: Path, root: Path, *, sanitized: bool) -> None:
        benches = {name: bench(case) for name, case in some.items()}
        binary = build(benches, root, command(sanitized=sanitized))
        for name, one in benches.items():
            check_function(name, one, binary, folder / name)

    def check_drawn(some: Sequence[Case], folder: Path, root: Path) -> None:
        named = {f"drawn{n}": case for n, case in enumerate(some)}
        check_all(named, folder, root, sanitized=False)

    @pytest.mark.parametrize("name", cases)
    def test_hls(name: str, tmp_path: Path, build_root: Path) -> None:
        benches = {key: bench(case) for key, case in cases.items()}
        check_function(name, benches[name], build(benches, build_root, command()), tmp_path)

    @pytest.mark.slow
    def test_hls_more(tmp_path: Path, build_root: Path) -> None:
        check_all({**cases, **slow_cases}, tmp_path, build_root, sanitized=True)

    @settings(AT_ONCE, max_examples=1)
    @given(some=st.lists(drawn if real is None else real, min_size=4, max_size=4, unique=True))
    def test_hls_drawn(
        some: list[Case], tmp_path_factory: pytest.TempPathFactory, build_root: Path
    ) -> None:
        check_drawn(some, tmp_path_factory.mktemp("drawn"), build_root)

    @pytest.mark.slow
    @settings(max_examples=6, deadline=None, derandomize=True)
    @given(some=st.lists(drawn, min_size=8, max_size=8))
    def test_hls_drawn_more(
        some: list[Case], tmp_path_factory: pytest.TempPathFactory, build_root: Path
    ) -> None:
        check_drawn(some, tmp_path_factory.mktemp("drawn"), build_root)

    return test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more
