# SPDX-License-Identifier: Apache-2.0
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hls_tests import Bench, hls_tests
from hypothesis import strategies as st
from rounding import met, wanted
from rtl_tests import rtl_tests

import hls_engines
from firebrick.errors import FirebrickError
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ops.add import Add, AddEngine
from firebrick.verify.check import check_engine, random_tensor
from hls_functions import Refused

U8 = TensorType(6, 8, 9)
S8 = TensorType(6, 8, 9, signed=True)
S6, S5 = (TensorType(3, 4, 9, bits, signed=True) for bits in (6, 5))


@dataclass(frozen=True)
class Case:
    left: TensorType
    right: TensorType
    output: TensorType
    multipliers: tuple[int, int]
    shift: int
    columns: int


CASES = {
    "residual": Case(U8, S8, U8, (57344, 40960), 16, 4),  # 7/8 a + 5/8 b
    "signed_3_columns": Case(S6, S6, S5, (32768, 32768), 16, 3),
    "one_pixel_no_shift": Case(
        TensorType(1, 1, 1), TensorType(1, 1, 1), TensorType(1, 1, 1, 20), (3, 5), 0, 1
    ),
    "without_the_lowest": Case(S6, S6, replace(S5, narrow=True), (60000, 60000), 15, 3),
    "without_the_highest": Case(
        S6, S6, replace(S5, signed=False, narrow=True), (60000, 60000), 14, 3
    ),
    "widest_rounding": Case(
        TensorType(2, 2, 5, 16),
        TensorType(2, 2, 5, 6, signed=True),
        TensorType(2, 2, 5, 12, signed=True),
        (65535, 1),
        40,
        8,
    ),
}

WIDE = TensorType(64, 5, 56)
SLOW_CASES = {"bypass_of_a_fire": Case(WIDE, WIDE, WIDE, (30000, 20000), 16, 14)}

TENSOR = st.builds(
    TensorType,
    channels=st.just(2),
    height=st.just(3),
    width=st.just(7),
    bits=st.integers(2, 12),
    signed=st.booleans(),
    narrow=st.booleans(),
)
MULTIPLIER = st.integers(0, 15).map(lambda power: 1 << power) | st.integers(0, 65535)


@st.composite
def draw_cases(draw: st.DrawFn) -> Case:
    """Any types and multipliers; sums are about as large as the output, or some bits off."""
    left, right, output = (draw(TENSOR) for _ in range(3))
    multipliers = draw(MULTIPLIER), draw(MULTIPLIER)
    largest = left.hi * multipliers[0] + right.hi * multipliers[1]
    shift = largest.bit_length() - output.bits + draw(st.integers(-3, 3))
    return Case(left, right, output, multipliers, min(40, max(0, shift)), draw(st.integers(1, 8)))


def real(case: Case) -> bool:
    """Beats with padding, both inputs count, bits are dropped."""
    return case.columns not in (1, 7) and min(case.multipliers) > 0 and case.shift > 0


def bench(case: Case) -> Bench:
    operator = Add("join", case.left, case.right, case.output, case.multipliers, case.shift)
    engine = AddEngine(operator, case.columns)
    rng = np.random.default_rng(7)
    inputs = [random_tensor(rng, StreamType(x, case.columns), 4) for x in operator.inputs]
    return Bench(engine, inputs, seed=7)


def check(case: Case, tmp_path: Path, build_root: Path) -> None:
    run = bench(case)
    check_engine(run.engine, run.inputs, tmp_path, build_root, seed=run.seed)


test_rtl, test_rtl_more, test_rtl_drawn, test_rtl_drawn_more = rtl_tests(
    check, CASES, SLOW_CASES, draw_cases(), draw_cases().filter(real)
)
test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more = hls_tests(
    bench, CASES, SLOW_CASES, draw_cases(), draw_cases().filter(real)
)
REFUSED = Refused(
    hls_engines.add(),
    [
        ({"CHANNELS": 0}, "CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1"),
        ({"MULTIPLIER1": 65536}, "MULTIPLIER0 or MULTIPLIER1 exceeds 16 bits"),
        ({"SHIFT": 41}, "SHIFT exceeds 40"),
        ({"OUT_BITS": 9}, "out_beat does not have COLUMNS pixels of its BITS"),
    ],
)


def scaled(case: Case) -> IntArray:
    """Sums of a case, before half is added."""
    left, right = bench(case).inputs
    return left * case.multipliers[0] + right * case.multipliers[1]


@pytest.mark.parametrize("signed", [False, True])
def test_cases_meet_ties_and_both_clamps(signed: bool) -> None:
    cases = [case for case in CASES.values() if case.output.signed is signed]
    found = sum((met(scaled(case), case.shift, case.output) for case in cases), Counter())
    assert [name for name in wanted(signed) if not found[name]] == [], found


def test_golden_rounds_halves_up_and_clamps() -> None:
    kind = TensorType(1, 1, 6, signed=True)
    operator = Add("join", kind, kind, kind, (1, 1), 1)
    a = np.array([[[[1, -1, -3, 127, -128, 0]]]])
    b = np.array([[[[0, 0, 0, 127, -128, 1]]]])
    assert operator.golden(a, b).ravel().tolist() == [1, 0, -1, 127, -128, 1]


def test_wrong_columns_name_the_field() -> None:
    operator = Add("join", U8, S8, U8, (1, 1), 1)
    with pytest.raises(FirebrickError, match=r"add 'join': columns=0 is less than 1"):
        AddEngine(operator, 0)


@pytest.mark.parametrize("name", ["without_the_lowest", "without_the_highest"])
def test_a_narrow_range_is_met(name: str) -> None:
    run = bench(CASES[name])
    operator = run.engine.operator
    wide = replace(operator, output=replace(operator.output, narrow=False))
    kind, found, left = operator.output, operator.golden(*run.inputs), wide.golden(*run.inputs)
    assert (kind.hi, -kind.lo) == ((15, 15) if kind.signed else (30, 0))
    assert np.array_equal(found, np.clip(left, kind.lo, kind.hi))
    assert np.count_nonzero(found != left) > 0
