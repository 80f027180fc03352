# SPDX-License-Identifier: Apache-2.0
"""The bench must be able to say no: right hardware against wrong expectations."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from firebrick.errors import CheckFailed
from firebrick.ops.add import Add, AddEngine
from firebrick.ops.base import IntArray, RowTiming, TensorType
from firebrick.ops.stream import StreamType
from firebrick.verify.check import Beats, check_engine, random_tensor, row_beats
from firebrick.verify.rows import frame_ends

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
