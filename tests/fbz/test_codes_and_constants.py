# SPDX-License-Identifier: Apache-2.0
"""Codes in the encoding that suits them, constants of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.errors import FirebrickError
from firebrick.fbz import codes, integers
from firebrick.fbz.codes import DENSE, GAPS, MASK, Part


def test_every_encoding_gives_the_codes_back() -> None:
    rng = np.random.default_rng(1)
    for density in (0.0, 0.002, 0.1, 0.6, 1.0):
        flat = np.where(rng.random(5000) < density, rng.integers(1, 256, 5000), 0).astype(np.uint8)
        tried = list(codes._tried(flat))
        assert [x.encoding for x in tried][:3] == [DENSE, MASK, GAPS]
        for part in tried:
            counts = [len(x) for x in part.numbers]
            codes.check_counts(part.encoding, counts, len(flat))
            assert max(counts) <= len(flat)
            np.testing.assert_array_equal(codes.decode(part, len(flat)), flat)


def test_the_encoding_that_suits() -> None:
    """Values that all come equally often: nothing but their places can be coded in fewer bits."""
    rng = np.random.default_rng(2)
    values = rng.integers(1, 64, 20_000).astype(np.uint8)
    half, every = rng.random(20_000) < 0.5, np.arange(20_000) % 25 == 3
    assert codes.encode(values).encoding == DENSE
    assert codes.encode(values * half).encoding == MASK
    assert codes.encode(values * every).encoding == GAPS


def test_leading_filters_of_centre_taps_are_stored_without_their_rings() -> None:
    rng = np.random.default_rng(3)
    for kernel in (1, 2, 3, 5):
        array = rng.integers(1, 9, (6, 4, kernel, kernel)).astype(np.uint8)
        centre = array[:, :, kernel // 2, kernel // 2].copy()
        array[:2] = 0
        array[:2, :, kernel // 2, kernel // 2] = centre[:2]
        leading = codes.pointwise(array)
        assert leading == (2 if kernel > 1 else 0)
        first, second = codes.parts(array, leading)
        assert (len(first), len(second)) == codes.sizes(array.shape, leading)
        np.testing.assert_array_equal(codes.join(first, second, array.shape), array)
    assert codes.pointwise(np.zeros((5, 1, 3, 3), np.uint8)) == 5


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Part(MASK, (np.array([1, 0, 2]), np.array([3, 3]))), "mask: is not of 2 ones"),
        (Part(MASK, (np.array([1, 0, 1]), np.array([3]))), "mask: is not of 1 ones"),
        (Part(GAPS, (np.array([1, 1]), np.array([3, 3]))), "gaps: position=3 is beyond the 3"),
    ],
)
def test_places_that_are_none(part: Part, message: str) -> None:
    with pytest.raises(FirebrickError, match=message):
        codes.decode(part, 3)


def test_counts_that_do_not_fit() -> None:
    with pytest.raises(FirebrickError, match="count=4 is not 3"):
        codes.check_counts(DENSE, [4], 3)
    with pytest.raises(FirebrickError, match="gaps=2 are not as many as codes=1"):
        codes.check_counts(GAPS, [2, 1], 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(1 << 38) + 1, (1 << 38) - 1), max_size=40))
def test_any_constants_come_back(values: list[int]) -> None:
    array = np.array(values, np.int64)
    assert integers.decode(*integers.encode(array)).tolist() == values


def test_ascending_constants_are_stored_as_differences() -> None:
    differences, _, _ = integers.encode(np.arange(0, 250, 2))
    assert differences
    differences, _, _ = integers.encode(np.random.default_rng(4).integers(-9, 9, 200))
    assert not differences


def test_wrong_constants_are_refused() -> None:
    with pytest.raises(FirebrickError, match="widths: 41 exceeds 40 bits"):
        integers.decode(False, np.array([41], np.uint8), b"12345")
    with pytest.raises(FirebrickError, match="bytes=2 do not hold the 4 bits"):
        integers.decode(False, np.array([5], np.uint8), b"12")
