# SPDX-License-Identifier: Apache-2.0
"""The bench must be able to say no: right hardware against wrong expectations."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.errors import CheckFailed
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hardware.timing import RowTiming
from firebrick.ops.add import Add, AddEngine
from firebrick.verify import check
from firebrick.verify.check import Beats, check_engine, random_tensor, row_beats
from firebrick.verify.rows import frame_ends
from firebrick.verify.simulation.beats import write_beats
from firebrick.verify.simulation.bench import BenchRun

KIND = TensorType(2, 2, 5)


@dataclass(frozen=True, slots=True, eq=False)
class OneValueOff(Add):
    def golden(self, *inputs: IntArray) -> IntArray:
        result = Add.golden(self, *inputs).copy()
        result[2, 1, 1, 4] ^= 1
        return result


@dataclass(frozen=True, slots=True, eq=False)
class OneCycleOff(AddEngine):
    def timing(self) -> RowTiming:
        timing = AddEngine.timing(self)
        return replace(timing, lag=timing.lag + 1)


@dataclass(frozen=True, slots=True, eq=False)
class SlowRows(AddEngine):
    def timing(self) -> RowTiming:
        return replace(AddEngine.timing(self), cycles=(1, 0))


def inputs_for(engine: AddEngine) -> list[IntArray]:
    rng = np.random.default_rng(19)
    return [random_tensor(rng, StreamType(KIND, engine.columns), 3) for _ in range(2)]


@pytest.mark.parametrize(
    ("operator", "engine", "message"),
    [
        (
            OneValueOff,
            AddEngine,
            r"add 'join', run 0 .*: 1 values differ, first in beat 35, column 0",
        ),
        (Add, OneCycleOff, r"add 'join': the first frame takes \d+ cycles"),
        (Add, SlowRows, r"add 'join': a frame takes 12 cycles, timing\(\) says 13"),
    ],
)
def test_wrong_expectation_is_found(
    operator: type[Add], engine: type[AddEngine], message: str, tmp_path: Path, build_root: Path
) -> None:
    one = engine(operator("join", KIND, KIND, KIND, (3, 2), 2), 2)
    with pytest.raises(CheckFailed, match=message):
        check_engine(one, inputs_for(one), tmp_path, build_root)


def test_tlast_out_of_place_stops_the_simulation(tmp_path: Path, build_root: Path) -> None:
    engine = AddEngine(Add("join", KIND, KIND, KIND, (3, 2), 2), 2)
    inputs = inputs_for(engine)
    rng = np.random.default_rng(19)
    beats = [row_beats(x, StreamType(KIND, 2), rng) for x in inputs]
    wrong = [beats[0], Beats(beats[1].values, 8, 5)]
    with pytest.raises(CheckFailed, match="tlast is 1 with beat 4 of 12"):
        check_engine(engine, inputs, tmp_path, build_root, beats=wrong)


def test_rows_wait_for_a_place_in_the_ring() -> None:
    timing = RowTiming((1, 2), (1, 2), (10, 10), lag=2, ring=1, in_beats=4, out_beats=4)
    assert frame_ends(timing, 2) == [29, 57]
    assert frame_ends(replace(timing, ring=2), 2) == [25, 45]
    assert frame_ends(replace(timing, release=3), 2) == [32, 66]


OUT = StreamType(TensorType(1, 2, 3), 2)
"""Two rows of two beats, the second of which has one value and a pixel of padding."""


def compared(folder: Path, beats: list[list[int]], lasts: list[int], cut: int = 0) -> None:
    """Let the bench look at these beats of two frames, the right ones of which are all 7."""
    run = BenchRun(0, 0, 0, 1, 2, 1000, cut_cycles=cut)
    write_beats(folder / "output.0.hex", np.array(beats).reshape(-1, 2), 8)
    lines = [f"{n} {n}\n" for n in (0, *lasts)]
    (folder / "output.0.frames").write_text("".join(lines))
    check._compare(folder, run, OUT, np.full((8, 2), 7), "an engine")


RIGHT = [[7, 7], [7, 0], [7, 7], [7, 9]] * 2


def test_right_beats_are_right_as_far_as_a_cut_run_got(tmp_path: Path) -> None:
    compared(tmp_path, RIGHT, [3, 7])
    compared(tmp_path, RIGHT[:5], [3], cut=9)


@pytest.mark.parametrize(
    ("beats", "lasts", "cut", "message"),
    [
        (RIGHT[:7], [3], 0, "7 beats, 8 expected"),
        ([*RIGHT, [7, 7]], [3, 7], 0, "9 beats, 8 expected"),
        ([*RIGHT[:7], [6, 9]], [3, 7], 0, "1 values differ, first in beat 7, column 0"),
        ([[7, 7], [6, 0]], [], 9, "1 values differ, first in beat 1, column 0"),
        (RIGHT, [3], 0, r"tlast with beats \[3\], expected \[3, 7\]"),
        (RIGHT, [2, 7], 0, r"tlast with beats \[2, 7\]"),
        (RIGHT, [3, 5, 7], 0, r"tlast with beats \[3, 5, 7\]"),
    ],
)
def test_wrong_beats_are_wrong(
    beats: list[list[int]], lasts: list[int], cut: int, message: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckFailed, match=message):
        compared(tmp_path, beats, lasts, cut)


def test_benches_stall_both_sides_and_are_cut_off() -> None:
    whole, cut = check._complete_runs(1000, 3, 1), check._cut_runs(0, [100, 200, 300], 1)
    stalls = {(bool(x.source_stall), bool(x.sink_stall)) for x in whole}
    assert len(stalls) == 4
    assert not any(x.cut_cycles for x in whole)
    assert len(cut) == 8
    assert all(1 <= x.cut_cycles <= 300 and x.source_stall and x.sink_stall for x in cut)
