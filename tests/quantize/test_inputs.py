# SPDX-License-Identifier: Apache-2.0
"""What networks are given: grey photographs, borders, arrays; or one line that says why not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_networks import conv_node

from firebrick import arrays, images, inputs
from firebrick.arrays import array_of, read_array
from firebrick.errors import FirebrickError
from firebrick.ir.graph import Graph, Shape
from firebrick.preprocessing import Preprocessing, channel_orders
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.quality import sqnr_db
from firebrick.quantize.quantizer import TRIAL_CROPS, quantize

BORDER = (1, 2, 3, 4)
COLOUR = Preprocessing(9, "BGR", (1.0, 2.0, 3.0), (2.0, 4.0, 8.0), BORDER, (7, 8, 9))
GREY = Preprocessing(9, "GREY", (100.0,), (50.0,))
RAW = Preprocessing(9, "RAW", (100.0, 0.0), (50.0, 1.0))


def graph(how: Preprocessing) -> Graph:
    """A small network with 4 x 5 images."""
    channels = len(how.mean)
    node = conv_node(np.random.default_rng(0), "only", "image", (2, channels, 3))
    return Graph("tiny", Shape(channels, 4, 5), (node,), how)


# --- photographs ----------------------------------------------------------------------------------


def test_grey_is_that_of_pillow() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (500, 400, 3)).astype(np.uint8)
    wanted = np.asarray(Image.fromarray(rgb).convert("L"))
    assert np.array_equal(GREY.of_photographs(rgb[None])[0, :, :, 0], wanted)
    same = np.arange(256, dtype=np.uint8)[None, None, :, None].repeat(3, -1)
    assert GREY.of_photographs(same).ravel().tolist() == list(range(256))


def test_a_photograph_gets_the_border_and_stays_rgb(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), (200, 100, 50)).save(tmp_path / "x.png")
    (pixels,) = inputs.load(tmp_path / "x.png", COLOUR, 8, 11)
    assert (pixels.shape, pixels.dtype) == ((3, 8, 11), np.uint8)
    inside = np.zeros((8, 11), bool)
    inside[1:5, 2:7] = True
    for plane, photograph, fill in zip(pixels, (200, 100, 50), (7, 8, 9), strict=True):
        assert set(plane[inside].tolist()) == {photograph}
        assert set(plane[~inside].tolist()) == {fill}


def test_a_grey_photograph_has_one_channel(tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), (200, 100, 50)).save(tmp_path / "x.png")
    (pixels,) = inputs.load(tmp_path / "x.png", GREY, 4, 5)
    assert (pixels.shape, np.unique(pixels).tolist()) == ((1, 4, 5), [124])


def test_channels_that_are_no_colours_take_no_photograph() -> None:
    with pytest.raises(FirebrickError, match=r"image of 2 channels is no photograph.*give \.npy"):
        inputs.load("chelsea", RAW, 4, 5)
    with pytest.raises(FirebrickError, match="tiny: an image of 2 channels is no photograph"):
        quantize(graph(RAW), QuantizeOptions(), [np.zeros((3, 9, 9), np.uint8)])


@pytest.mark.parametrize(
    ("channels", "orders"), [(1, ("GREY",)), (3, ("RGB", "BGR")), (2, ("RAW",)), (10, ("RAW",))]
)
def test_orders_of_so_many_channels(channels: int, orders: tuple[str, ...]) -> None:
    assert channel_orders(channels) == orders


# --- arrays become images -------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (1, 4, 5, 1), (3, 4, 5, 1)])
def test_pixels_of_an_array_are_taken_as_they_are(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    np.save(tmp_path / "x.npy", array)
    assert np.array_equal(inputs.load(tmp_path / "x.npy", GREY, 4, 5), array.reshape(-1, 1, 4, 5))


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_become_the_pixels_that_stand_for_them(
    kind: str, order: str, tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 4, 5)).astype(np.uint8)
    plain = Preprocessing(9, "BGR", (1.0, 2.0, 3.0), (2.0, 4.0, 8.0))
    floats = images.to_float(pixels, plain)[0].transpose(1, 2, 0)
    np.save(tmp_path / "x.npy", np.asarray(floats, kind, order=order))
    assert np.array_equal(inputs.load(tmp_path / "x.npy", plain, 4, 5), pixels)
    bordered = inputs.load(tmp_path / "x.npy", COLOUR, 8, 11)
    assert np.array_equal(bordered, images.framed(pixels, COLOUR))


def test_floats_beyond_the_pixels_are_clipped_and_halves_go_to_even(tmp_path: Path) -> None:
    values = np.zeros((4, 5), np.float64)
    values[0] = [-1e308, 1e308, -2.01, 3.099, 3.11]
    values[1, :2] = 0.01, 0.03
    np.save(tmp_path / "x.npy", values)
    pixels = inputs.load(tmp_path / "x.npy", GREY, 4, 5)[0, 0]
    assert pixels[0].tolist() == [0, 255, 0, 255, 255]
    assert pixels[1].tolist() == [100, 102, 100, 100, 100]


@pytest.mark.parametrize("shape", [(5, 4), (4, 5, 3), (1, 4, 5), (4, 5, 1, 1), (20,), (8, 11)])
def test_an_array_of_another_size_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(shape, np.uint8))
    with pytest.raises(FirebrickError, match=r"x.npy: shape=.* is not \(4, 5, 1\): rows, columns"):
        inputs.load(tmp_path / "x.npy", GREY, 4, 5)


# --- hostile files --------------------------------------------------------------------------------


def saved(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


GOOD = saved(np.zeros((4, 5), np.float32))


def header(text: str, data: bytes = b"") -> bytes:
    """A file with that header."""
    line = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + data


def described(kind: str, shape: str) -> str:
    return f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}}}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a .npy file of version 1"),
        (b"\x93NUMPY\x01", "is not a .npy file of version 1"),
        (GOOD.replace(b"\x01\x00", b"\x02\x00", 1), "is not a .npy file of version 1"),
        (b"PK\x03\x04" + bytes(40), "is not a .npy file of version 1"),
        (GOOD[:-1], "bytes=207, its header says 208"),
        (GOOD + b"x", "bytes=209, its header says 208"),
        (GOOD[:60], "its header is damaged"),
        (header("[" * 900), "its header is damaged"),
        (header("__import__('os').abort()"), "its header is damaged"),
        (header(described("|O", "(1,)"), b"cos\nsystem\n."), "type=object is none of uint8, float"),
        (header(described("<i8", "(1,)"), bytes(8)), "type=int64 is none of"),
        (header(described("|u1", "(True,)"), bytes(1)), "is not up to 4 axes of 1 and more"),
        (header(described("|b1", "(1,)"), b"1"), "type=bool is none of"),
        (header(described("<c8", "(1,)"), bytes(8)), "type=complex64 is none of"),
        (header(described("|S4", "(1,)"), bytes(4)), "is none of"),
        (header(described("|u1", "(-1, -1)"), b"1"), r"shape=\(-1, -1\) is not up to 4 axes"),
        (header(described("|u1", "(0, 5)")), r"shape=\(0, 5\) is not up to 4 axes of 1"),
        (header(described("|u1", "(1,) * 5"), b"1"), "its header is damaged"),
        (header(described("|u1", "(1, 1, 1, 1, 1)"), b"1"), "is not up to 4 axes"),
        (header(described("|u1", f"({1 << 28}, {1 << 28})")), "its header says"),
        (header(described("|u1", f"({1 << 80},)")), "is not up to 4 axes"),
        (header(" " * 2000), "header=2001 exceeds 1024 bytes"),
        (saved(np.array([1, np.nan], np.float32)), "not all of its values are finite"),
        (saved(np.array([np.inf])), "not all of its values are finite"),
    ],
)
def test_bad_arrays_are_refused_by_name(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.npy"
    path.write_bytes(data)
    with pytest.raises(FirebrickError, match=message) as caught:
        read_array(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_any_damaged_byte_gives_an_array_or_one_line() -> None:
    """Whatever a header says, it is numbers or an error of ours."""
    rng = np.random.default_rng(0)
    outcomes = {"array": 0, "refused": 0}
    for _ in range(3000):
        data = bytearray(GOOD)
        for place in rng.integers(0, 128, rng.integers(1, 4)):
            data[place] = rng.integers(0, 256)
        try:
            array = array_of(bytes(data), "x")
            assert array.dtype.name in arrays.TYPES
            outcomes["array"] += 1
        except FirebrickError as error:
            assert "\n" not in str(error)
            assert str(error).isprintable()
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0


def test_large_and_missing_arrays_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FirebrickError, match=r"none.npy: cannot be read: No such file"):
        read_array(tmp_path / "none.npy")
    with pytest.raises(FirebrickError, match="cannot be read: Is a directory"):
        read_array(tmp_path)
    monkeypatch.setattr(arrays, "MAX_BYTES", len(GOOD))
    assert array_of(GOOD, "x").shape == (4, 5)
    with pytest.raises(FirebrickError, match="x: exceeds 208 bytes"):
        array_of(GOOD + b"x", "x")


# --- to calibrate on ------------------------------------------------------------------------------


def test_arrays_are_calibrated_on_as_they_are() -> None:
    """Any number of them, at most as many as crops and those of trials, from all over them."""
    rng = np.random.default_rng(2)
    how = Preprocessing(9, "RAW", (128.0, 100.0), (50.0, 40.0))
    many = rng.integers(0, 256, (40, 2, 4, 5)).astype(np.uint8)
    options = QuantizeOptions(8, crops=16, patches=6)
    network = quantize(graph(how), options, many)
    assert sqnr_db(graph(how), network, many[:5]) > 30
    chosen = many[np.linspace(0, 39, 16 + TRIAL_CROPS).astype(int)]
    assert quantize(graph(how), options, chosen).digest() == network.digest()
    few = QuantizeOptions(8, crops=3, patches=6)
    first = quantize(graph(how), options, many[:3])
    assert first.digest() == quantize(graph(how), few, many[:3]).digest()
    with pytest.raises(FirebrickError, match="images=0 is less than 1"):
        quantize(graph(how), options, many[:0])
    with pytest.raises(FirebrickError, match="photographs=0 is less than 1"):
        sqnr_db(graph(how), network, many[:0])
