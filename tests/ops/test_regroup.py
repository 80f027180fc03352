# SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hls_tests import Bench, hls_tests
from hypothesis import strategies as st
from rtl_tests import rtl_tests

import hls_engines
from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.ops.regroup import RegroupEngine
from firebrick.verify.check import check_engine, random_tensor
from hls_functions import Refused


@dataclass(frozen=True)
class Case:
    shape: tuple[int, int, int]
    in_columns: int
    out_columns: int
    bits: int = 8


CASES = {
    "wider": Case((3, 4, 14), 4, 14),
    "narrower": Case((3, 4, 14), 14, 4),
    "odd_tails": Case((4, 3, 5), 3, 4),
    "needs_deepest_queue": Case((3, 3, 4), 2, 3),
    "padding_beyond_a_beat": Case((1, 3, 1), 1, 7, bits=3),
}
SLOW_CASES = {
    "halves": Case((16, 3, 56), 28, 56),
    "narrower_odd": Case((5, 3, 11), 5, 2),
    "identity": Case((2, 3, 7), 3, 3),
    "one_pixel": Case((4, 2, 1), 5, 3, bits=12),
    "wider_than_row": Case((4, 2, 6), 16, 16),
}

CASE = st.builds(
    Case,
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 20)),
    in_columns=st.integers(1, 9),
    out_columns=st.integers(1, 9),
    bits=st.integers(1, 9),
)


def real(case: Case) -> bool:
    """Several rows, several beats a row on both sides, with padding on one."""
    width, beats = case.shape[2], (case.in_columns, case.out_columns)
    ragged = width > max(beats) and any(width % beat for beat in beats)
    return min(case.shape[:2]) > 1 and len(set(beats)) > 1 and ragged


def bench(case: Case) -> Bench:
    engine = RegroupEngine(
        "gear", TensorType(*case.shape, case.bits), *(case.in_columns, case.out_columns)
    )
    tensor = random_tensor(np.random.default_rng(5), engine.source, 4)
    return Bench(engine, [tensor], seed=5)


def check(case: Case, tmp_path: Path, build_root: Path) -> None:
    run = bench(case)
    check_engine(run.engine, run.inputs, tmp_path, build_root, seed=run.seed)


test_rtl, test_rtl_more, test_rtl_drawn, test_rtl_drawn_more = rtl_tests(
    check, CASES, SLOW_CASES, CASE, CASE.filter(real)
)
test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more = hls_tests(
    bench, CASES, SLOW_CASES, CASE, CASE.filter(real)
)
REFUSED = Refused(
    hls_engines.regroup(),
    [
        ({"WIDTH": 0}, "CHANNELS, HEIGHT, WIDTH and BITS must be at least 1"),
        ({"IN_COLUMNS": 0}, "IN_COLUMNS and OUT_COLUMNS must be at least 1"),
        ({"OUT_COLUMNS": 5}, "out_beat does not have its COLUMNS pixels of BITS"),
        ({"WIDTH": 9000, "OUT_COLUMNS": 4099}, "4,096 units or more cannot be registers"),
    ],
)


@pytest.mark.parametrize(("field", "columns"), [("in_columns", (0, 1)), ("out_columns", (1, 0))])
def test_wrong_columns_name_the_field(field: str, columns: tuple[int, int]) -> None:
    with pytest.raises(FirebrickError, match=rf"regroup 'gear': {field}=0 is less than 1"):
        RegroupEngine("gear", TensorType(1, 1, 1), *columns)
