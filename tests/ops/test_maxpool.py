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
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right; less than kernel

    def windows(self, size: int, before: int, after: int) -> int:
        over = before + size + after - self.kernel + (self.stride - 1 if self.ceil else 0)
        # a window beyond the last pixel does not count
        return min(max(0, over // self.stride) + 1, -(-(before + size) // self.stride))

    def engine(self) -> MaxPoolEngine:
        kind = TensorType(self.channels, *self.size, self.bits, self.signed)
        top, left, *far = (min(x, self.kernel - 1) for x in self.pads)
        sides = zip(self.size, (top, left), far, strict=True)
        out = [self.windows(*side) for side in sides]
        out[0] -= self.left_out
        output = TensorType(self.channels, *out, self.bits, self.signed)
        operator = MaxPool("pool", kind, output, self.kernel, self.stride, top, left)
        return MaxPoolEngine(operator, self.columns, self.memory)


CASES = {
    "squeezenet_ceil": Case(5, (8, 14), 3, 2, 4),
    "clipped_at_a_full_beat": Case(3, (6, 8), 5, 2, 1),
    "floor": Case(3, (8, 14), 3, 2, 3, ceil=False),
    "gaps_2_3": Case(2, (8, 11), 2, 3, 2, bits=5, left_out=1),
    "one_column_signed": Case(2, (7, 9), 4, 2, 1, signed=True, memory=MemoryKind.BLOCK),
    "overlapping_3_1": Case(2, (5, 7), 3, 1, 1),
    "one_word": Case(1, (5, 4), 4, 2, 2),
    "resnet_stem": Case(3, (8, 12), 3, 2, 2, ceil=False, pads=(1, 1, 1, 1)),
    "same_size": Case(3, (5, 9), 3, 1, 2, signed=True, pads=(1, 1, 1, 1)),
    "three_rows_end_together": Case(2, (6, 7), 5, 1, 3, pads=(2, 2, 2, 2)),
    "wider_than_the_input": Case(2, (4, 6), 4, 1, 2, pads=(2, 3, 1, 3), memory=MemoryKind.BLOCK),
    "past_beats": Case(2, (5, 7), 5, 1, 1, signed=True, pads=(0, 4, 0, 0)),
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
    "same_upper": Case(4, (8, 8), 2, 1, 3, pads=(0, 0, 1, 1)),
    "same_lower": Case(4, (8, 7), 2, 1, 3, pads=(1, 1, 0, 0)),
    "one_word_padded": Case(1, (3, 2), 3, 1, 3, signed=True, pads=(1, 1, 1, 1)),
    "padded_gaps": Case(2, (7, 10), 3, 3, 1, pads=(2, 1, 2, 2)),
    "one_row": Case(3, (1, 7), 2, 1, 2, bits=4, signed=True, pads=(1, 0, 1, 1)),
    "one_pixel": Case(2, (1, 1), 3, 1, 1, pads=(1, 1, 1, 1)),
    "begins_in_mid_window": Case(2, (9, 9), 5, 3, 1, pads=(4, 4, 4, 4)),
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
    pads=st.tuples(*[st.integers(0, 4)] * 4),
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
        ({"PAD_LEFT": 3}, "PAD_TOP or PAD_LEFT is not less than KERNEL"),
        ({"KERNEL": 4100}, "4,096 pixels or more cannot be registers"),
        ({"BITS": 7}, "out_beat does not have its COLUMNS pixels of BITS"),
    ],
)


@pytest.mark.parametrize(
    "pads, rule",
    [
        ({"pad_top": 3}, "pad_top=3 is not in 0..2"),
        ({"pad_left": -1}, "pad_left=-1 is not in 0..2"),
        ({}, "output.width=6 has windows outside the image"),
    ],
)
def test_windows_that_lie_in_the_padding_are_refused(pads, rule) -> None:
    kind, out = TensorType(1, 5, 5), TensorType(1, 5, 6)
    with pytest.raises(FirebrickError, match=rf"maxpool 'pool': {rule}"):
        MaxPool("pool", kind, out, 3, 1, **pads)


def test_padding_never_wins() -> None:
    kind, out = TensorType(1, 2, 2, signed=True), TensorType(1, 3, 3, signed=True)
    operator = MaxPool("pool", kind, out, 2, 1, pad_top=1, pad_left=1)
    maxima = operator.golden(np.array([[[[-5, -7], [-3, -9]]]]))
    assert maxima.tolist() == [[[[-5, -5, -7], [-3, -3, -7], [-3, -3, -9]]]]
