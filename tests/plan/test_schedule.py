# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebrick.errors import CheckFailed
from firebrick.hardware.timing import Role, RowTiming
from firebrick.plan.bypass import fewest_rows, with_rows
from firebrick.plan.rows.play import play
from firebrick.plan.rows.stage import Stage

ROWS = 12


def timing(cycles, *, kernel=1, beats=4, lag=3, ring=None):
    """A convolution with stride 1 that keeps its height."""
    pad = kernel // 2
    return RowTiming(
        needs=tuple(min(ROWS, y - pad + kernel) for y in range(ROWS)),
        frees=tuple(ROWS if y == ROWS - 1 else max(0, y + 1 - pad) for y in range(ROWS)),
        cycles=(cycles,) * ROWS,
        lag=lag,
        ring=ring or kernel + 1,
        in_beats=beats,
        out_beats=beats,
    )


def chain(timings):
    return [
        Stage(f"s{i}", Role.WORK, (f"l{i}",) if i else (), (f"l{i + 1}",), x, held=2)
        for i, x in enumerate(timings)
    ]


@given(
    st.lists(st.tuples(st.integers(10, 500), st.sampled_from([1, 3, 5])), min_size=1, max_size=6)
)
def test_chain_is_as_fast_as_its_slowest_stage(shape):
    stages = chain([timing(c, kernel=k) for c, k in shape])
    result = play(stages)
    slowest = max(c for c, _ in shape) * ROWS
    assert result.cycles_per_frame == slowest
    assert max(result.busy.values()) == pytest.approx(1)


@given(st.lists(st.integers(10, 300), min_size=1, max_size=5))
def test_latency_of_a_chain_of_1x1(cycles):
    """Rows flow: the last leaves the slowest stage, then passes the others one row each."""
    result = play(chain([timing(c) for c in cycles]))
    expected = 4 + sum(c + 3 for c in cycles) + (ROWS - 1) * max(cycles)
    assert result.latency_cycles == expected


def test_short_ring_costs_throughput():
    """A ring of one row: working on it and receiving the next exclude each other."""
    fast, slow = timing(100), timing(100, ring=1)
    assert play(chain([fast, fast])).cycles_per_frame == 100 * ROWS
    assert play(chain([fast, slow])).cycles_per_frame > 150 * ROWS


def test_rows_make_room_only_when_they_are_released():
    fast, slow = timing(100), timing(100, ring=1)
    late = play(chain([fast, replace(slow, release=7)])).cycles_per_frame
    assert late == play(chain([fast, slow])).cycles_per_frame + 7 * ROWS


def test_streams_pass_back_pressure_on():
    """A pool between a fast and a slow stage: the fast one is held back, nothing is lost."""
    half = RowTiming(
        needs=tuple(range(2, ROWS + 1, 2)),
        frees=tuple(range(2, ROWS + 1, 2)),
        cycles=(0,) * (ROWS // 2),
        lag=2,
        ring=1,
        in_beats=4,
        out_beats=2,
    )
    slow = replace(
        timing(400),
        needs=tuple(range(1, ROWS // 2 + 1)),
        frees=tuple(range(1, ROWS // 2 + 1)),
        cycles=(400,) * (ROWS // 2),
    )
    stages = [
        Stage("a", Role.WORK, (), ("x",), timing(50), held=2),
        Stage("pool", Role.STREAM, ("x",), ("y",), half),
        Stage("b", Role.WORK, ("y",), ("z",), slow),
    ]
    result = play(stages)
    assert result.cycles_per_frame == 400 * ROWS // 2
    assert result.busy["a"] == pytest.approx(50 * ROWS / (400 * ROWS / 2))


def test_rows_that_end_together_leave_one_after_the_other():
    """Three rows of windows end with the last row: the next frame waits behind two of them."""
    padded = RowTiming(
        needs=(*range(3, ROWS), ROWS, ROWS, ROWS),
        frees=(*(0,) * (ROWS - 1), ROWS),
        cycles=(*(0,) * (ROWS - 2), 4, 4),
        lag=3,
        ring=5,
        in_beats=4,
        out_beats=2,
    )

    def cycles(ring):
        stages = [
            Stage("a", Role.WORK, (), ("x",), timing(4, lag=0), held=2),
            Stage("pool", Role.STREAM, ("x",), ("y",), padded),
            Stage("b", Role.WORK, ("y",), ("z",), timing(1, beats=2, ring=ring)),
        ]
        return play(stages).cycles_per_frame

    assert cycles(ring=4) == (ROWS + 2) * 4
    assert cycles(ring=1) > (ROWS + 2) * 4  # slower, but nothing waits for ever


def residual(rows):
    """conv, then a Fire module with a bypass FIFO of some rows around it."""
    rate = RowTiming(tuple(range(1, ROWS + 1)), tuple(range(1, ROWS + 1)), (0,) * ROWS, 3, 1, 4, 4)
    return [
        Stage("conv", Role.WORK, (), ("x",), timing(100), held=2),
        Stage("split", Role.FORK, ("x",), ("x0", "x1")),
        Stage("squeeze", Role.WORK, ("x0",), ("s",), timing(90), held=2),
        Stage("expand", Role.WORK, ("s",), ("e",), timing(100, kernel=3), held=2),
        Stage("skip", Role.FIFO, ("x1",), ("q",), rows=rows),
        Stage("add", Role.JOIN, ("e", "q"), ("y",), rate),
        Stage("last", Role.WORK, ("y",), ("z",), timing(80), held=2),
    ]


def test_bypass_is_as_deep_as_needed_and_no_deeper():
    stages = residual(0)
    rows = fewest_rows(stages, ["skip"])["skip"]
    assert play(with_rows(stages, {"skip": rows})).cycles_per_frame == 100 * ROWS
    assert play(with_rows(stages, {"skip": rows - 1})).cycles_per_frame > 100 * ROWS


@pytest.mark.parametrize(("ring", "rows"), [(2, 1), (3, 0)])
def test_a_ring_may_be_queue_enough(ring, rows):
    """Both ways lead through a convolution; the shorter one's ring holds what the other needs."""
    stages = [x for x in residual(9) if x.name != "skip"]
    stages = [replace(x, timing=timing(100)) if x.name == "expand" else x for x in stages]
    stages[2:2] = [
        Stage("skip", Role.FIFO, ("x1",), ("q",), rows=9),
        Stage("other", Role.WORK, ("q",), ("o",), timing(95, ring=ring), held=2),
    ]
    stages = [replace(x, inputs=("e", "o")) if x.name == "add" else x for x in stages]
    assert fewest_rows(stages, ["skip"]) == {"skip": rows}


def test_a_bypass_row_leaves_no_sooner_than_the_row_it_is_added_to():
    """Its queue holds two rows: one that spreads over the branch's work, and the next."""
    branch = Stage("branch", Role.WORK, ("x0",), ("e",), timing(100), held=4)
    stages = [x for x in residual(9) if x.name not in ("squeeze", "expand")]
    stages.insert(2, branch)
    assert fewest_rows(stages, ["skip"]) == {"skip": 2}


def test_queues_of_several_rows_decouple_work_from_output():
    """The last stage works on two rows at a time; what it blocks meanwhile is done ahead."""
    slow = replace(
        timing(180),
        needs=tuple(range(2, ROWS + 1, 2)),
        frees=tuple(range(2, ROWS + 1, 2)),
        cycles=(180,) * (ROWS // 2),
        ring=2,
    )
    stages = chain([timing(85), slow])
    assert play(stages).cycles_per_frame > 200 * ROWS // 2
    stages[0] = replace(stages[0], held=8)
    assert play(stages).cycles_per_frame < 200 * ROWS // 2
    # Up to a row and a half each of a row's four beats saves as much.
    periods = [play([replace(stages[0], held=x), stages[1]]).cycles_per_frame for x in range(2, 7)]
    assert np.ptp(np.diff(periods)) <= 1


def test_deadlock_is_found_and_named():
    """Expand needs two rows before its first output; until then the bypass must hold them."""
    assert play(residual(2)).cycles_per_frame > 100 * ROWS  # slow, but it runs
    with pytest.raises(CheckFailed, match=r"^schedule: deadlock, .*'expand'.* too short$"):
        play(residual(1))
    with pytest.raises(CheckFailed, match=r"deadlock"):
        play(with_rows(residual(9), {"skip": 0}))


def test_convolution_in_the_bypass_needs_no_queue_for_a_pointwise_branch():
    stages = [x for x in residual(9) if x.name != "skip"]
    stages = [replace(x, timing=timing(100), held=2) if x.name == "expand" else x for x in stages]
    other = Stage("other", Role.WORK, ("x1",), ("o",), timing(95), held=2)
    stages.insert(2, other)
    stages = [replace(x, inputs=("e", "o")) if x.name == "add" else x for x in stages]
    assert play(stages).cycles_per_frame >= 100 * ROWS
