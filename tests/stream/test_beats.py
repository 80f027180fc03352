# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.hardware.stream import StreamType, from_beats, to_beats
from firebrick.hardware.tensor import TensorType
from firebrick.verify.simulation.beats import read_beats, valid_pixels, write_beats


def test_column_0_is_in_the_low_bits(tmp_path: Path) -> None:
    path = tmp_path / "beats.hex"
    write_beats(path, np.array([[0x12, -1, 5], [0, 1, 2]]), 9)
    expected = [5 << 18 | 0x1FF << 9 | 0x12, 2 << 18 | 1 << 9]
    assert [int(line, 16) for line in path.read_text().split()] == expected
    assert [len(line) for line in path.read_text().split()] == [7, 7]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    bits=st.integers(1, 40), columns=st.integers(1, 9), signed=st.booleans(), seed=st.integers(0, 9)
)
def test_what_is_written_is_read(
    bits: int, columns: int, signed: bool, seed: int, tmp_path_factory: object
) -> None:
    path = tmp_path_factory.mktemp("beats") / "beats.hex"  # type: ignore[attr-defined]
    kind = TensorType(1, 1, columns, bits, signed)
    rng = np.random.default_rng(seed)
    beats = rng.integers(kind.lo, kind.hi, (7, columns), endpoint=True)
    write_beats(path, beats, bits)
    assert np.array_equal(read_beats(path, columns, bits, signed=signed), beats)


def test_padding_is_at_the_end_of_each_row() -> None:
    valid = valid_pixels(StreamType(TensorType(2, 1, 5), 3), 4)
    assert valid.tolist() == [[True] * 3, [True, True, False]] * 2


def test_channels_are_put_back_where_the_stream_took_them_from() -> None:
    kind = TensorType(4, 3, 5)
    tensor = np.arange(2 * kind.values).reshape(2, 4, 3, 5)
    for order in (None, (1, 2, 3, 0), (2, 0, 3, 1)):
        beats = to_beats(tensor, 2, order, padding=-1)
        assert beats[2].tolist() == [tensor[0, order[0] if order else 0, 0, 4], -1]
        assert np.array_equal(from_beats(beats, kind, order), tensor)
