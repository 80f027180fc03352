# SPDX-License-Identifier: Apache-2.0
"""Pixels of a photograph on a board are those of `firebrick.images`; hostile files are refused."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from firebrick import images
from firebrick.errors import FirebrickError
from firebrick.web import photographs
from firebrick.web.photographs import PNG_START, read_pixels, to_pixels
from lossless_webp import many_tables
from peak_memory import measured


def noise(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(width * height)
    array = rng.integers(0, 256, (height, width, len(mode)), np.uint8)
    return Image.fromarray(array.squeeze(), mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# --- the same pixels ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket", "china", "camera"])
@pytest.mark.parametrize("shape", [(256, 227, 227), (40, 24, 33)])
def test_pixels_are_those_of_the_package(name: str, shape: tuple[int, int, int]) -> None:
    path = images.resolve(name)
    expected = images.load_pixels(path, *shape).transpose(1, 2, 0)
    assert np.array_equal(read_pixels(path, *shape), expected)


def turned() -> bytes:
    image = noise()
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    return encoded(image, "JPEG", exif=exif)


def sixteen_bits() -> bytes:
    return encoded(Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(30, 40) * 50))


def several_pictures() -> bytes:
    """As phones make them: a preview and depth maps behind the photograph."""
    return encoded(noise(), "MPO", save_all=True, append_images=[noise(30, 30)])


KINDS = {
    "grey": lambda: encoded(noise(mode="L")),
    "transparent": lambda: encoded(noise(mode="RGBA")),
    "palette": lambda: encoded(noise().quantize(16)),
    "transparent palette": lambda: encoded(noise().quantize(16), transparency=3),
    "bits": lambda: encoded(noise(mode="L").convert("1")),
    "sixteen bits": sixteen_bits,
    "interlaced or not": lambda: encoded(noise(7, 5)),
    "thin": lambda: encoded(noise(3, 900)),
    "one pixel": lambda: encoded(Image.new("RGB", (1, 1), "teal")),
    "progressive": lambda: encoded(noise(), "JPEG", progressive=True),
    "four inks": lambda: encoded(noise().convert("CMYK"), "JPEG"),
    "turned": turned,
    "several pictures": several_pictures,
    "appended to": lambda: encoded(noise(), "JPEG") + b"trailer of some phone",
    "webp": lambda: encoded(noise(), "WEBP", quality=60),
    "webp, lossless": lambda: encoded(noise(mode="RGBA"), "WEBP", lossless=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_the_same_pixels(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(KINDS[kind]())
    expected = images.load_pixels(path, 20, 16, 19).transpose(1, 2, 0)
    assert np.array_equal(read_pixels(path, 20, 16, 19), expected)


# --- what is refused ------------------------------------------------------------------------------


def chunk(name: bytes, data: bytes = b"") -> bytes:
    crc = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG_START + header + b"".join(chunks) + chunk(b"IEND")


def bomb() -> bytes:
    """A few kB that would be 7.5 GB of pixels."""
    return png(50_000, 50_000, chunk(b"IDAT", zlib.compress(bytes(1 << 20))))


def many_scans() -> bytes:
    data = encoded(noise(), "JPEG", progressive=True)
    return data[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 200 + data[-2:]


def animated(kind: str) -> bytes:
    return encoded(noise(), kind, save_all=True, append_images=[noise(60, 40, "L").convert("RGB")])


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
HOSTILE = {
    "empty": (b"", "does not begin"),
    "text": (b"hello", "does not begin"),
    "svg": (SVG, "does not begin"),
    "html": (HTML, "does not begin"),
    "pdf": (b"%PDF-1.7\n1 0 obj", "does not begin"),
    "zip": (b"PK\x03\x04" + bytes(30), "does not begin"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n", "does not begin"),
    "gif": (encoded(noise(), "GIF"), "does not begin"),
    "tiff": (encoded(noise(), "TIFF"), "does not begin"),
    "bmp": (encoded(noise(), "BMP"), "does not begin"),
    "riff that is a sound": (b"RIFF" + bytes(4) + b"WAVEfmt ", "does not begin"),
    "html, then png": (HTML + encoded(noise()), "does not begin"),
    "png, then html": (encoded(noise()) + HTML, "goes on behind"),
    "webp, then zip": (encoded(noise(), "WEBP") + b"PK\x03\x04", "goes on behind"),
    "half a png": (encoded(noise())[:2000], "damaged"),
    "half a jpeg": (encoded(noise(200, 200), "JPEG")[:9000], "damaged"),
    "half a webp": (encoded(noise(), "WEBP")[:900], "damaged"),
    "start of a jpeg": (b"\xff\xd8\xff\xe0", "damaged"),
    "start of a png": (PNG_START, "damaged"),
    "start of a webp": (b"RIFF\x04\x00\x00\x00WEBP", "damaged"),
    "png with html for pixels": (png(9, 9, chunk(b"IDAT", HTML)), "damaged"),
    "png with a chunk of 4 GB": (PNG_START + b"\xff\xff\xff\xffIDAT" + bytes(20), "damaged"),
    "png with chunks galore": (png(9, 9, *[chunk(b"teXt")] * 70_000), "more than 65,536 chunks"),
    "png of no pixels": (png(0, 9, chunk(b"IDAT", zlib.compress(b""))), "damaged|pixels"),
    "bomb": (bomb(), "too large: at most 25,000,000 pixels"),
    "large": (encoded(Image.new("1", (5001, 5000))), "is of 25,005,000 pixels; at most 25,000,000"),
    "scans": (many_scans(), "more than 100 scans"),
    "animated png": (animated("PNG"), "animated"),
    "animated webp": (animated("WEBP"), "animated"),
    "too many bytes": (PNG_START + bytes(photographs.MAX_BYTES), "larger than 10,485,760 bytes"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    data, message = HOSTILE[name]
    with pytest.raises(FirebrickError, match=message) as caught:
        to_pixels(data, 20, 16, 16)
    assert "script" not in str(caught.value)
    assert "\n" not in str(caught.value)


SMALL = {kind: encoded(noise(12, 9), kind) for kind in ("PNG", "JPEG", "WEBP")}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_give_pixels_or_one_line(data: st.DataObject) -> None:
    good = bytearray(SMALL[data.draw(st.sampled_from(sorted(SMALL)))])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(good) - 1), st.integers(0, 255)), max_size=6)
    ):
        good[place] = value
    cut = data.draw(st.integers(0, len(good)))
    for damaged in (bytes(good), bytes(good[:cut])):
        try:
            pixels = to_pixels(damaged, 8, 8, 8)
        except FirebrickError as error:
            assert str(error).isprintable()
        else:
            assert (pixels.shape, pixels.dtype) == ((8, 8, 3), np.uint8)


def test_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match=r"none\.png: cannot be read: No such file"):
        read_pixels(tmp_path / "none.png", 8, 8, 8)
    (tmp_path / "x.png").write_bytes(HTML)
    with pytest.raises(FirebrickError, match=r"x\.png: is not a photograph"):
        read_pixels(tmp_path / "x.png", 8, 8, 8)


def test_input_larger_than_resize_is_refused() -> None:
    with pytest.raises(FirebrickError, match="resize=20 is less than the input, 30x8"):
        to_pixels(SMALL["PNG"], 20, 30, 8)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(FirebrickError, match="pip install pillow"):
        to_pixels(SMALL["PNG"], 8, 8, 8)


# --- memory ---------------------------------------------------------------------------------------

PAGE = """
import json, sys
from pathlib import Path
from PIL import Image
from firebrick.errors import FirebrickError
from firebrick.web import server, photographs
waiting = [bytes(photographs.MAX_BYTES) for _ in range(5)]
answers = []
for name in sys.argv[1:]:
    try:
        answers.append(list(photographs.to_pixels(Path(name).read_bytes(), 40, 32, 32).shape))
    except FirebrickError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""
SIDE = 5000
REFUSED = "takes .* MB of memory to decode, more than 128: send a smaller one, or a JPEG file"


def plain(mode: str, kind: str, side: int = SIDE, **options: object) -> bytes:
    return encoded(Image.new(mode, (side, side)), kind, **options)


def wide_grey() -> bytes:
    return encoded(Image.fromarray(np.zeros((SIDE, SIDE), np.uint16)))


def turned_plain(kind: str) -> bytes:
    image = Image.new("RGB", (SIDE, SIDE))
    exif = image.getexif()
    exif[0x0112] = 6
    return encoded(image, kind, exif=exif)


def texts() -> bytes:
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000)))
    return png(9, 9, *[text] * 60, chunk(b"IDAT", zlib.compress(bytes(9 * 28))))


LARGE = {
    "webp, lossless": (lambda: plain("RGB", "WEBP", lossless=True, method=0), REFUSED),
    "webp of 8 million pixels": (lambda: plain("RGB", "WEBP", 2800, method=0), None),
    "webp, tables": (many_tables, "cannot be decoded|more memory"),
    "png": (lambda: plain("RGB", "PNG"), None),
    "grey": (lambda: plain("L", "PNG"), None),
    "transparent": (lambda: plain("RGBA", "PNG"), REFUSED),
    "transparent palette": (lambda: plain("P", "PNG", transparency=0), None),
    "transparent colour": (lambda: plain("RGB", "PNG", transparency=(0, 0, 0)), REFUSED),
    "sixteen bits": (wide_grey, REFUSED),
    "turned png": (lambda: turned_plain("PNG"), REFUSED),
    "turned jpeg": (lambda: turned_plain("JPEG"), None),
    "four inks": (lambda: plain("CMYK", "JPEG"), None),
    "progressive": (lambda: plain("RGB", "JPEG", progressive=True), None),
    "progressive, no subsampling": (
        lambda: plain("RGB", "JPEG", progressive=True, subsampling=0),
        REFUSED,
    ),
    "texts": (texts, "has more than 16 compressed texts"),
}


def test_the_page_stays_within_300_mb(tmp_path: Path) -> None:
    for name, (make, _) in LARGE.items():
        (tmp_path / name).write_bytes(make())
    run = measured(PAGE, *(str(tmp_path / name) for name in LARGE))
    for (name, (_, message)), answer in zip(LARGE.items(), json.loads(run.out), strict=True):
        if message is None:
            assert answer == [32, 32, 3], name
        else:
            assert re.search(message, str(answer)), (name, answer)
    assert run.peak < 300
