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
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ops.avgpool import AvgPool, AvgPoolEngine, sum_type
from firebrick.verify.check import check_engine, random_tensor
from hls_functions import Refused


@dataclass(frozen=True)
class Case:
    kind: TensorType
    columns: int
    bias: tuple[int, int] = (0, 0)  # least and largest
    memory: MemoryKind | None = None
    output: tuple[int, bool] | None = None  # bits, signed; those of the sums if None
    multiplier: int = 1
    shift: int = 0

    def operator(self) -> AvgPool:
        rng = np.random.default_rng(11)
        bias = rng.integers(*self.bias, self.kind.channels, endpoint=True)
        bias[[0, -1]] = self.bias
        output = sum_type(self.kind, bias)
        if self.output is not None:
            output = TensorType(self.kind.channels, 1, 1, *self.output)
        return AvgPool("logits", self.kind, output, bias, self.multiplier, self.shift)


CASES = {
    "classes": Case(TensorType(10, 5, 7), 3),
    # Sums down to -4097 and up to 4095: with a bit less, the former would not fit.
    "signed_with_ring": Case(TensorType(5, 3, 4, signed=True), 4, bias=(-2561, 2571)),
    "one_channel": Case(TensorType(1, 4, 3, 5), 3, bias=(140, 140)),  # sums up to 512
    "one_pixel": Case(TensorType(6, 1, 1), 2),
    "block_of_two_chunks": Case(TensorType(1030, 2, 1), 1, bias=(-9, 9), memory=MemoryKind.BLOCK),
    # Sums as wide as pixels, with which they agree.
    "one_signed_pixel": Case(TensorType(6, 1, 1, signed=True), 1),
    # 3/32 of the sum of 4 pixels; largest ones are clamped.
    "requantized": Case(
        TensorType(100, 2, 2), 2, bias=(-40, 400), output=(6, False), multiplier=3 << 14, shift=19
    ),
    # 5/8 of the sum of 2 pixels.
    "requantized_signed": Case(
        TensorType(40, 1, 2, 5, signed=True), 2, output=(4, True), multiplier=5 << 12, shift=15
    ),
    "one_pixel_requantized": Case(
        TensorType(3, 1, 1, signed=True), 1, output=(8, True), multiplier=40_000, shift=16
    ),
}
SLOW_CASES = {
    "squeezenet": Case(TensorType(1000, 14, 14), 14, bias=(-100, 100)),
    "two_channels": Case(TensorType(2, 3, 1, signed=True), 1),
    "one_channel_segments": Case(TensorType(1, 3, 5), 2),
    "one_row": Case(TensorType(3, 1, 9), 4),
    "one_value": Case(TensorType(1, 1, 1), 1),
    "two_values": Case(TensorType(2, 1, 1), 1),
    # As many bits as the sums have, but not their range.
    "unsigned_sums": Case(TensorType(3, 2, 2), 1, output=(11, False)),
    "clamped_alone": Case(TensorType(3, 2, 2), 2, output=(9, True)),
    "doubled": Case(TensorType(3, 2, 2), 2, output=(12, True), multiplier=2),
    "halved": Case(TensorType(3, 2, 2), 2, output=(11, True), shift=1),
    "widest_rounding": Case(
        TensorType(5, 1, 3, 2), 2, output=(12, True), multiplier=65535, shift=40
    ),
    "widest_output": Case(TensorType(5, 1, 3, 2), 2, output=(44, True), multiplier=65535),
    "no_factor": Case(TensorType(5, 1, 3, 2), 2, output=(4, True), multiplier=0),
}

CASE = st.builds(
    Case,
    kind=st.builds(
        TensorType,
        channels=st.integers(1, 6),
        height=st.integers(1, 4),
        width=st.integers(1, 8),
        bits=st.integers(2, 9),
        signed=st.booleans(),
    ),
    columns=st.integers(1, 5),
    bias=st.integers(0, 5000).map(lambda bias: (-bias, bias)),
    memory=st.sampled_from([MemoryKind.LUT, MemoryKind.BLOCK]),
    output=st.none() | st.tuples(st.integers(1, 12), st.booleans()),
    multiplier=st.integers(0, 65535),
    shift=st.integers(12, 20),
).map(lambda case: case if case.output else replace(case, multiplier=1, shift=0))


def real(case: Case) -> bool:
    """Several channels and rows, several beats a row, of which the last has padding."""
    kind = case.kind
    ragged = kind.width > case.columns and kind.width % case.columns > 0
    return min(kind.channels, kind.height) > 1 and ragged and case.output is not None


def bench(case: Case) -> Bench:
    operator = case.operator()
    rng = np.random.default_rng(13)
    order = tuple(int(c) for c in rng.permutation(case.kind.channels))
    engine = AvgPoolEngine(operator, case.columns, order, case.memory)
    tensor = random_tensor(rng, StreamType(case.kind, case.columns), 8)
    tensor[:2] = np.array([case.kind.lo, case.kind.hi])[:, None, None, None]  # sums at their ends
    return Bench(engine, [tensor], seed=13, in_orders=[order])


def check(case: Case, tmp_path: Path, build_root: Path) -> None:
    run = bench(case)
    orders, seed = run.in_orders, run.seed
    check_engine(run.engine, run.inputs, tmp_path, build_root, in_orders=orders, seed=seed)


test_rtl, test_rtl_more, test_rtl_drawn, test_rtl_drawn_more = rtl_tests(
    check, CASES, SLOW_CASES, CASE, CASE.filter(real)
)
test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more = hls_tests(
    bench, CASES, SLOW_CASES, CASE, CASE.filter(real)
)
REFUSED = Refused(
    hls_engines.avgpool(),
    [
        ({"HEIGHT": 0}, "CHANNELS, HEIGHT, WIDTH and COLUMNS must be at least 1"),
        ({"SUM_BITS": 8}, "SUM_BITS does not hold pixels of BITS"),
        ({"MULTIPLIER": 65536}, "MULTIPLIER exceeds 16 bits"),
        ({"SHIFT": 41}, "SHIFT exceeds 40"),
        ({"COLUMNS": 4}, "out_beat does not have its pixels of BITS or OUT_BITS"),
        ({"MEMORY_KIND": 3}, "KIND is not 0, 1 or 2"),
    ],
)


def test_cases_reach_sums_one_beyond_a_power_of_two() -> None:
    runs = [bench(CASES[name]) for name in ("one_channel", "signed_with_ring")]
    above, below = (run.engine.operator.golden(*run.inputs) for run in runs)
    assert (above.max(), below.min()) == (512, -4097)


def scaled(case: Case) -> IntArray:
    """Sums of a case, multiplied, before half is added."""
    run = bench(case)
    operator = run.engine.operator
    sums = run.inputs[0].sum((2, 3)) + operator.bias
    return sums * operator.multiplier


@pytest.mark.parametrize("signed", [False, True])
def test_cases_meet_ties_and_both_clamps(signed: bool) -> None:
    cases = [x for x in CASES.values() if x.output is not None and x.output[1] is signed]
    found = sum((met(scaled(x), x.shift, x.operator().output) for x in cases), Counter())
    assert [name for name in wanted(signed) if not found[name]] == [], found


def test_sums_that_nobody_reads_cost_what_they_cost_before_there_was_a_factor() -> None:
    engine = bench(CASES["classes"]).engine
    assert engine.operator.is_exact
    assert engine.timing().lag == 12
    assert [x.module for x in engine.area(engine.parameters(), Family.XC7)] == ["avgpool"]
    requantized = bench(CASES["requantized"]).engine
    assert not requantized.operator.is_exact
    parts = [x.module for x in engine.area(requantized.parameters(), Family.XC7)]
    assert parts == ["avgpool", "avgpool_requantize"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"output": TensorType(6, 2, 1)}, r"output=\(6, 2, 1\) is not of shape \(6, 1, 1\)"),
        ({"multiplier": 65536}, r"multiplier=65536 is not in 0\.\.65535"),
        ({"shift": 41}, r"shift=41 is not in 0\.\.40"),
    ],
    ids=["output", "multiplier", "shift"],
)
def test_wrong_numbers_name_the_field(fields: dict[str, object], message: str) -> None:
    with pytest.raises(FirebrickError, match=f"avgpool 'logits': {message}"):
        replace(CASES["one_pixel"].operator(), **fields)


@pytest.mark.parametrize("bias", [(-7, 9), (-400, 300), (-129, 271), (-128, 270)])
@pytest.mark.parametrize("signed", [False, True])
def test_sums_reach_the_ends_of_their_type_and_no_further(
    signed: bool, bias: tuple[int, int]
) -> None:
    kind = TensorType(2, 3, 5, signed=signed)
    bias = np.array(bias)
    operator = AvgPool("logits", kind, sum_type(kind, bias), bias)
    out = operator.output
    extremes = [
        int(operator.golden(np.full((1, 2, 3, 5), value)).ravel()[c])
        for value in (kind.lo, kind.hi)
        for c in range(2)
    ]
    assert out.lo <= min(extremes)
    assert max(extremes) <= out.hi
    narrower = TensorType(2, 1, 1, out.bits - 1, signed=True)
    assert min(extremes) < narrower.lo or max(extremes) > narrower.hi


def test_order_must_be_a_permutation() -> None:
    operator = CASES["one_pixel"].operator()
    with pytest.raises(FirebrickError, match=r"avgpool 'logits': in_order=\(0, 0\) is no perm"):
        AvgPoolEngine(operator, 1, (0, 0))


def test_ultra_ram_is_refused() -> None:
    operator = CASES["one_pixel"].operator()
    with pytest.raises(FirebrickError, match=r"avgpool 'logits': memory=2 has no contents at"):
        AvgPoolEngine(operator, 1, tuple(range(6)), MemoryKind.ULTRA)
