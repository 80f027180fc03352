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
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.ops.maxpool import MaxPool, MaxPoolEngine
from firebrick.verify.check import check_engine, random_tensor
from hls_functions import Refused


@dataclass(frozen=True)
class Case:
    channels: int
    size: tuple[int, int]
    kernel: int
    stride: int
    columns: int
    ceil: bool = True
    left_out: int = 0  # rows of windows at the bottom
    bits: int = 8
    signed: bool = False
    memory: MemoryKind | None = None

    def windows(self, size: int) -> int:
        over = size - self.kernel + (self.stride - 1 if self.ceil else 0)
        # a window beyond the last pixel does not count
        return min(max(0, over // self.stride) + 1, -(-size // self.stride))

    def engine(self) -> MaxPoolEngine:
        kind = TensorType(self.channels, *self.size, self.bits, self.signed)
        out = [self.windows(n) for n in self.size]
        out[0] -= self.left_out
        output = TensorType(self.channels, *out, self.bits, self.signed)
        operator = MaxPool("pool", kind, output, self.kernel, self.stride)
        return MaxPoolEngine(operator, self.columns, self.memory)


CASES = {
    "squeezenet_ceil": Case(5, (8, 14), 3, 2, 4),
    "clipped_at_a_full_beat": Case(3, (6, 8), 5, 2, 1),
    "floor": Case(3, (8, 14), 3, 2, 3, ceil=False),
    "gaps_2_3": Case(2, (8, 11), 2, 3, 2, bits=5, left_out=1),
    "one_column_signed": Case(2, (7, 9), 4, 2, 1, signed=True, memory=MemoryKind.BLOCK),
    "overlapping_3_1": Case(2, (5, 7), 3, 1, 1),
    "one_word": Case(1, (5, 4), 4, 2, 2),
}
SLOW_CASES = {
    "squeezenet_112": Case(64, (20, 112), 3, 2, 14),
    "one_word_3_2": Case(1, (9, 4), 3, 2, 2),
    "no_overlap": Case(4, (6, 6), 2, 2, 5),
    "kernel_1": Case(3, (5, 5), 1, 2, 2),
    "kernel_5_1": Case(2, (9, 9), 5, 1, 2),
    "kernel_4_3": Case(2, (11, 12), 4, 3, 1, signed=True),
    "larger_than_image": Case(3, (2, 3), 4, 2, 1),
    "wide_beat": Case(3, (5, 5), 3, 2, 16),
}

CASE = st.builds(
    Case,
    channels=st.integers(1, 4),
    size=st.tuples(st.integers(4, 10), st.integers(4, 12)),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    columns=st.integers(1, 5),
    ceil=st.booleans(),
    bits=st.integers(2, 9),
    signed=st.booleans(),
    memory=st.sampled_from(MemoryKind),
)


def real(case: Case) -> bool:
    """Several beats a row, of which the last has padding; windows of several pixels."""
    beat = case.columns * case.stride
    return case.kernel > 1 and case.size[1] > beat and case.size[1] % beat > 0


def bench(case: Case) -> Bench:
    engine = case.engine()
    stream = StreamType(engine.operator.input, engine.in_columns[0])
    tensor = random_tensor(np.random.default_rng(3), stream, 4)
    return Bench(engine, [tensor], seed=3)


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
    hls_engines.maxpool(),
    [
        ({"STRIDE": 0}, "CHANNELS, COLUMNS, BITS, KERNEL and STRIDE must be at least 1"),
        ({"OUT_WIDTH": 9}, "no windows, or some outside"),
        ({"KERNEL": 4, "OUT_HEIGHT": 4}, "two rows of windows end with the last input row"),
        ({"KERNEL": 4100}, "4,096 pixels or more cannot be registers"),
        ({"BITS": 7}, "out_beat does not have its COLUMNS pixels of BITS"),
    ],
)


def test_two_clipped_rows_of_windows_are_refused() -> None:
    kind, out = TensorType(1, 5, 5), TensorType(1, 4, 3)
    with pytest.raises(FirebrickError, match=r"maxpool 'pool': output.height=4 exceeds 3"):
        MaxPoolEngine(MaxPool("pool", kind, out, 3, 1), 1)
