# SPDX-License-Identifier: Apache-2.0
"""Columns of the operators between convolutions."""

import pytest

from firebrick.hardware.tensor import TensorType
from firebrick.ops.base import SHARE
from firebrick.ops.maxpool import MaxPool, MaxPoolEngine
from firebrick.plan.streams import IMAGE_SHARE, MOST_PIXELS, image_pixels

POOL = MaxPool("pool", TensorType(256, 55, 55), TensorType(256, 27, 27), 3, 2)


@pytest.mark.parametrize(
    ("cycles", "wishes", "columns"),
    [
        (10**6, [27], 27),
        (10**6, [], 1),
        (40_000, [27], 27),
        (25_000, [27], 28),  # 27 columns take 54 of the 55 pixels of a row in a beat
        (1000, [27], 28),  # too slow, but no beat can carry more
    ],
)
def test_a_pool_keeps_pace(cycles, wishes, columns):
    found = MaxPoolEngine.suited_columns(POOL, [55], wishes, cycles)
    assert found == columns
    beats = MaxPoolEngine(POOL, found).timing().in_beats * POOL.input.height
    assert beats <= SHARE * cycles or beats == POOL.input.channels * POOL.input.height


IMAGE = TensorType(3, 227, 227)


@pytest.mark.parametrize("pixels", [1, 2, 4, 8])
def test_pixels_of_the_image_are_the_fewest_that_leave_time(pixels: int) -> None:
    """Each row is read once a channel."""
    beats = 3 * 227 * -(-227 // pixels)
    cycles = beats / IMAGE_SHARE
    assert image_pixels(IMAGE, cycles) == pixels
    assert image_pixels(IMAGE, cycles - 1) == 2 * pixels


def test_an_image_has_no_more_pixels_a_beat_than_its_engine_takes() -> None:
    assert image_pixels(IMAGE, 1) == MOST_PIXELS == 16


def test_a_padded_pool_keeps_pace_with_what_it_puts_in():
    """Of 13 rows of 5x5 windows the last three end together: two more rows pass."""
    kind = TensorType(64, 13, 13)
    pool = MaxPool("pool", kind, kind, 5, 1, 2, 2)
    exact = 64 * 15 * 7 / SHARE  # seven beats of two pixels in each of 15 rows
    assert MaxPoolEngine.suited_columns(pool, [1], [], exact) == 2
    assert MaxPoolEngine.suited_columns(pool, [1], [], exact - 1) == 3
    timing = MaxPoolEngine(pool, 2).timing()
    assert timing.in_beats * 13 + sum(timing.cycles) == exact * SHARE
