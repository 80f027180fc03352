# SPDX-License-Identifier: Apache-2.0
"""Streams of small numbers: what goes in comes out, in about as many bits as its entropy says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.errors import FirebrickError
from firebrick.fbz import rans, streams, tables
from firebrick.fbz.rans import CHUNK, Coded
from firebrick.fbz.streams import Stream

LENGTHS = (1, 2, 255, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7)


def skewed(seed: int, count: int, symbols: int) -> np.ndarray:
    """Numbers of which small ones are more frequent."""
    rng = np.random.default_rng(seed)
    return np.minimum(rng.geometric(0.15, count) - 1, symbols - 1).astype(np.uint8)


def coded(numbers: list[np.ndarray]) -> list[Coded]:
    made = rans.encode(numbers)
    return [Coded(f"s{n}", x, len(y)) for n, (x, y) in enumerate(zip(made, numbers, strict=True))]


def test_streams_of_all_lengths_are_decoded_together() -> None:
    numbers = [
        skewed(n, count, symbols) for n, count in enumerate(LENGTHS) for symbols in (1, 2, 64, 256)
    ]
    found = rans.decode(coded(numbers))
    for a, b in zip(found, numbers, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 255), min_size=1, max_size=60), max_size=5))
def test_any_numbers_come_back(lists: list[list[int]]) -> None:
    numbers = [np.array(x, np.uint8) for x in lists]
    assert [x.tolist() for x in rans.decode(coded(numbers))] == lists
    found = streams.encode(numbers)
    again = streams.decode([("s", x, data) for x, data in found])
    assert [x.tolist() for x in again] == lists
    assert [x.size for x, _ in found] == [len(data) for _, data in found]


def test_more_streams_than_are_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rans, "BATCH", 2)
    numbers = [skewed(n, 30 + n, 9) for n in range(5)]
    for a, b in zip(rans.decode(coded(numbers)), numbers, strict=True):
        np.testing.assert_array_equal(a, b)


def test_bytes_are_those_of_the_entropy() -> None:
    numbers = skewed(1, 50 * CHUNK, 64)
    counts = np.bincount(numbers)
    share = counts[counts > 0] / len(numbers)
    entropy = -(share * np.log2(share)).sum() * len(numbers) / 8
    (data,) = rans.encode([numbers])
    assert entropy < len(data) < 1.005 * entropy + 100 + rans.CHUNK_BYTES * 50
    assert abs(rans.estimate(counts) - len(data)) < 4 * 50


def test_the_smaller_of_both_forms_is_taken() -> None:
    even = np.random.default_rng(2).integers(0, 64, 9000).astype(np.uint8)
    (plain, _), (zeros, _), (few, _), (none, _) = streams.encode(
        [even, np.zeros(9000, np.uint8), skewed(3, 9000, 64), np.zeros(0, np.uint8)]
    )
    assert (plain, zeros) == (Stream("plain", 9000, 6, 6750), Stream("plain", 9000, 0, 0))
    assert few.coder == "rans"
    assert few.size < 6750
    assert none == Stream("plain", 0, 0, 0)


@pytest.mark.parametrize("bits", range(9))
def test_packed_numbers_of_every_width(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BLOCK", 64)
    numbers = np.random.default_rng(bits).integers(0, 1 << bits, 333).astype(np.uint8)
    numbers[0] = (1 << bits) - 1
    stream, data = streams._plain(numbers)
    assert (stream.bits, len(data)) == (bits, -(-333 * bits // 8))
    np.testing.assert_array_equal(streams.decode([("s", stream, data)])[0], numbers)


def test_a_table_sums_up_and_has_all_that_occurs() -> None:
    counts = np.array([10**9, 1, 0, 5, *([1] * 200)])
    table = tables.frequencies(counts)
    assert table.sum() == tables.TOTAL
    assert np.array_equal(table > 0, counts > 0)
    data = tables.to_bytes(table)
    again, length = tables.from_bytes(data + b"more")
    assert np.array_equal(again, table)
    assert length == len(data)
    assert tables.frequencies(np.array([0, 3])).tolist() == [0, 4096]


def test_a_wrong_table_is_refused() -> None:
    data = tables.to_bytes(np.array([4000, 96]))
    for wrong, message in (
        (b"", "sum=0 is not 4096"),
        (data[:2], "bytes=2 end before symbol 0"),
        (data[:3], "bytes=3 end before symbol 1"),
        (data[:-1] + b"\x61", "sum=4097 is not 4096"),
    ):
        with pytest.raises(FirebrickError, match=message):
            tables.from_bytes(wrong)


def test_whatever_is_damaged_is_noticed() -> None:
    """A chunk that was changed does not end as it should: with its state at the start, no word."""
    numbers = skewed(4, 400, 50)
    (stream,) = coded([numbers])
    start = tables.from_bytes(stream.data)[1] + 2
    rng = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(stream.data)
        data[rng.integers(start, len(data))] ^= 1 << rng.integers(8)
        with pytest.raises(FirebrickError, match="s0: is damaged"):
            rans.decode([Coded("s0", bytes(data), stream.count)])
    for cut in (1, 2, len(stream.data) // 2):
        with pytest.raises(FirebrickError, match="s0: bytes="):
            rans.decode([Coded("s0", stream.data[:-cut], stream.count)])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["plain", 3], "is not a list of coder, count, and bits or bytes"),
        ("plain", "is not a list"),
        (["zip", 3, 4], "coder='zip' is neither plain nor rans"),
        ([["plain"], 3, 4], "is neither plain nor rans"),
        (["plain", 11, 4], "count=11 is not in 0..10"),
        (["plain", True, 4], "count=True is not in 0..10"),
        (["plain", 3, 9], "bits=9 is not in 0..8"),
        (["rans", 0, 9], "count=0 is not in 1..10"),
        (["rans", 3, 1.5], "bytes=1.5 is not in 1.."),
    ],
)
def test_what_a_head_may_not_say_of_a_stream(value: object, message: str) -> None:
    with pytest.raises(FirebrickError, match=message):
        streams.read_stream(value, 10, "s")
