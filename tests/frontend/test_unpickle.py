# SPDX-License-Identifier: Apache-2.0
"""The unpickler admits arrays of floats and nothing else."""

import os
import pickle
import re
import struct
import subprocess
import time
from collections import OrderedDict

import numpy as np
import pytest

from firebrick.errors import FirebrickError
from firebrick.frontend import unpickle
from firebrick.frontend.unpickle import load_arrays


class Attack:
    """Runs a command when a trusting unpickler reads it."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def refuses(data, message):
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        load_arrays(data, "some.pkl")
    assert str(caught.value).startswith("some.pkl: ")


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2"])
def test_arrays_survive(module, dtype):
    arrays = [np.arange(24).reshape(2, 3, 4).astype(dtype), np.ones(5, dtype)]
    arrays.append(np.asfortranarray(arrays[0][0]))
    data = pickle.dumps({"conv/1": arrays}, protocol=3)
    data = re.sub(rb"numpy\._?core\.multiarray", module, data)
    (result,) = load_arrays(data, "some.pkl").values()
    for array, original in zip(result, arrays, strict=True):
        assert array.dtype == original.dtype
        np.testing.assert_array_equal(array, original)


def test_nothing_is_executed(tmp_path):
    victim = tmp_path / "victim"
    for attack, name in (
        (Attack(os.system, f"touch {victim}"), "system"),
        (Attack(eval, f"open({str(victim)!r}, 'w')"), "eval"),
        (Attack(subprocess.call, ["touch", str(victim)]), "call"),
    ):
        refuses(pickle.dumps({"conv1": [attack]}), f".{name} is refused, only NumPy arrays")
    assert not victim.exists()


@pytest.mark.parametrize("function", [np.fromfile, np.load, np.zeros, np.save])
def test_nothing_else_of_numpy_is_called(function, tmp_path):
    (tmp_path / "file").write_bytes(bytes(8))
    attack = Attack(function, str(tmp_path / "file"))
    refuses(pickle.dumps({"conv1": [attack]}, protocol=2), "is refused, only NumPy arrays")


@pytest.mark.parametrize(
    "content, message",
    [
        ({"a": [OrderedDict()]}, "collections.OrderedDict is refused"),
        ({"a": [np.array([None, "x"], object)]}, "element type 'O8' is not one of"),
        ({"a": [np.arange(3)]}, "element type 'i8' is not one of"),
        ({"a": [np.zeros(3, [("x", "f4")])]}, "element type 'V4' is not one of"),
        ({"a": [np.zeros((0, 3), np.float32)]}, "shape (0, 3) is not of positive integers"),
        ({"a": [3]}, "entry 'a' holds something else than arrays"),
        ({"a": np.ones(3, np.float32)}, "entry 'a' is not a named list of arrays"),
        ({3: [np.ones(3, np.float32)]}, "entry 3 is not a named list of arrays"),
        ([np.ones(3, np.float32)], "content is list, not a dictionary"),
    ],
)
def test_other_content(content, message):
    refuses(pickle.dumps(content, protocol=3), message)


def test_a_shape_that_lies():
    data = pickle.dumps({"a": [np.ones((3, 7), np.float32)]}, protocol=3)
    lie = data.replace(b"K\x03K\x07", b"K\xffK\xff")
    assert lie != data
    refuses(lie, "21 values do not fill the shape (255, 255)")


@pytest.mark.parametrize("keep", [0, 1, 10, 60, 100, -1])
def test_truncated(keep):
    data = pickle.dumps({"a": [np.ones(3, np.float32)]}, protocol=3)
    refuses(data[:keep], "not a pickle of arrays")


def test_claimed_length_beyond_the_file():
    refuses(b"\x80\x03" + b"B" + struct.pack("<I", (1 << 31) - 1) + b"x.", "not a pickle of arrays")


def test_size_bound(monkeypatch):
    monkeypatch.setattr(unpickle, "MAX_BYTES", 10)
    refuses(bytes(11), "size=11 exceeds 10 bytes")


def nested(depth):
    """A tuple that holds the same tuple twice, and so on: 2**depth texts once it is printed."""
    value = ("a",)
    for _ in range(depth):
        value = (value, value)
    return value


def itself():
    value = []
    value.append(value)
    return value


class Raw:
    """Pickled as a call of a NumPy name with given arguments and state."""

    def __init__(self, name, arguments, state):
        self.parts = (name, arguments, state)

    def __reduce__(self):
        return self.parts


def array(shape=(3,), order="<", code="f4"):
    kind = Raw(np.dtype, (code, False, True), (3, order, None, None, None, -1, -1, 0))
    return Raw(np.ndarray, ((0,),), (1, shape, kind, False, bytes(12)))


@pytest.mark.parametrize(
    "content, message",
    [
        ({(1, nested(20)): []}, "entry (1, (("),
        ({"a": [array(shape=nested(26))]}, "is not of positive integers"),
        ({"a": [array(order=nested(26))]}, "byte order (("),
        ({"a": [array(code=nested(26))]}, "element type (("),
        ({"a": [array(shape=itself())]}, "is not of positive integers"),
        ({"a": [array(shape=(10**5000,))]}, "is not of positive integers"),
        ({10**5000: []}, "entry a large int is not a named"),
        ({"a": [array(shape=(1,) * 5000)]}, "is of more than 8 axes"),
        ({"a" * 100_000: 3}, "is not a named list"),
    ],
)
def test_what_is_quoted_is_short_and_takes_no_time(content, message):
    start = time.process_time()
    data = pickle.dumps(content, protocol=4)
    with pytest.raises(FirebrickError, match=re.escape(message)) as caught:
        load_arrays(data, "some.pkl")
    assert time.process_time() - start < 1
    assert len(str(caught.value)) < 500


def test_a_key_is_not_hashed():
    twice = b"N" + b"".join(b"q%cq%ch%c\x86" % (2 * n, 2 * n + 1, 2 * n) for n in range(60))
    start = time.process_time()
    for end in (b"Ns.", b"u."):
        mark = b"(" if end == b"u." else b""
        more = b"N" if mark else b""
        refuses(b"\x80\x04}" + mark + twice + more + end, "entry ((")
    refuses(b"\x80\x04(" + twice + b"Nd.", "entry ((")
    assert time.process_time() - start < 1


def test_steps_are_bounded_before_anything_is_made():
    refuses(b"\x80\x04" + b"]" * 100_000 + b".", "more than 65536 instructions")
    refuses(b"\x80\x04\x8f.", "EMPTY_SET is refused")
