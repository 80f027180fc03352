# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hls_tests import Bench, hls_tests
from hypothesis import strategies as st
from rtl_tests import rtl_tests

from firebrick.errors import FirebrickError
from firebrick.ops.add import Add, AddEngine
from firebrick.ops.base import TensorType
from firebrick.ops.stream import StreamType
from firebrick.verify.check import check_engine, random_tensor

U8 = TensorType(3, 4, 9)
S8 = TensorType(3, 4, 9, signed=True)


@dataclass(frozen=True)
class Case:
    left: TensorType
    right: TensorType
    output: TensorType
    multipliers: tuple[int, int]
    shift: int
    columns: int


CASES = {
    "residual": Case(U8, S8, U8, (40000, 20000), 16, 4),
    "signed_3_columns": Case(S8, S8, S8, (65535, 65535), 17, 3),
    "one_pixel_no_shift": Case(
        TensorType(1, 1, 1), TensorType(1, 1, 1), TensorType(1, 1, 1, 20), (3, 5), 0, 1
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
)
CASE = st.builds(
    Case,
    left=TENSOR,
    right=TENSOR,
    output=TENSOR,
    multipliers=st.tuples(st.integers(0, 65535), st.integers(0, 65535)),
    shift=st.integers(0, 20),
    columns=st.integers(1, 8),
)


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
    check, CASES, SLOW_CASES, CASE
)
test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more = hls_tests(
    bench, CASES, SLOW_CASES, CASE
)


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
