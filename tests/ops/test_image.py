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
from firebrick.ops.image import ImageEngine, pixel_beats
from firebrick.verify.check import Beats, check_engine, random_tensor
from hls_functions import Refused


@dataclass(frozen=True)
class Case:
    shape: tuple[int, int, int]
    pixels: int
    columns: int
    bits: int = 8
    memory: MemoryKind | None = None


CASES = {
    "rgb": Case((3, 4, 13), 4, 6),
    "narrower": Case((3, 3, 13), 8, 3, memory=MemoryKind.BLOCK),
    "gray_equal": Case((1, 3, 7), 2, 2, bits=5),
    "one_beat_a_row": Case((3, 4, 5), 8, 16),
}
SLOW_CASES = {
    "rgb_227": Case((3, 6, 227), 8, 8),
    "one_pixel_a_beat": Case((3, 3, 9), 1, 2),
    "one_pixel": Case((4, 1, 1), 1, 1),
}

CASE = st.builds(
    Case,
    shape=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 20)),
    pixels=st.integers(1, 9),
    columns=st.integers(1, 9),
    bits=st.integers(1, 9),
    memory=st.sampled_from(MemoryKind),
)


def real(case: Case) -> bool:
    """Several channels and rows, several beats a row on both sides, with padding on one."""
    width, beats = case.shape[2], (case.pixels, case.columns)
    ragged = width > max(beats) and any(width % beat for beat in beats)
    return min(case.shape[:2]) > 1 and len(set(beats)) > 1 and ragged


def bench(case: Case) -> Bench:
    kind = TensorType(*case.shape, case.bits)
    engine = ImageEngine(kind, case.pixels, case.columns, memory=case.memory)
    tensor = random_tensor(np.random.default_rng(9), StreamType(kind, 1), 4)
    values = pixel_beats(tensor, case.pixels, padding=kind.hi)
    beats = Beats(values, case.bits, len(values) // len(tensor))
    return Bench(engine, [tensor], seed=9, beats=[beats])


def check(case: Case, tmp_path: Path, build_root: Path) -> None:
    run = bench(case)
    check_engine(run.engine, run.inputs, tmp_path, build_root, beats=run.beats, seed=run.seed)


test_rtl, test_rtl_more, test_rtl_drawn, test_rtl_drawn_more = rtl_tests(
    check, CASES, SLOW_CASES, CASE, CASE.filter(real)
)
test_hls, test_hls_more, test_hls_drawn, test_hls_drawn_more = hls_tests(
    bench, CASES, SLOW_CASES, CASE, CASE.filter(real)
)
REFUSED = Refused(
    hls_engines.image(),
    [
        ({"HEIGHT": 0}, "CHANNELS, HEIGHT, WIDTH and BITS must be at least 1"),
        ({"PIXELS": 0}, "PIXELS and COLUMNS must be at least 1"),
        ({"PIXELS": 3}, "out_beat does not have its pixels of BITS"),
    ],
)


def test_pixel_beats_interleave_and_pad() -> None:
    image = np.array([[[[1, 2, 3]], [[4, 5, 6]]]])
    assert pixel_beats(image, 2, padding=9).tolist() == [[1, 4, 2, 5], [3, 6, 9, 9]]


@pytest.mark.parametrize(("field", "folding"), [("pixels", (0, 1)), ("columns", (1, 0))])
def test_wrong_folding_names_the_field(field: str, folding: tuple[int, int]) -> None:
    with pytest.raises(FirebrickError, match=rf"image 'image': {field}=0 is less than 1"):
        ImageEngine(TensorType(3, 1, 1), *folding)
