# SPDX-License-Identifier: Apache-2.0
"""Photographs: every kind of file gives pixels or one line that names it."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firebrick import images, pixels
from firebrick.errors import FirebrickError
from firebrick.images import (
    centre_crop,
    list_tree,
    load_photograph,
    load_pixels,
    to_float,
)
from firebrick.ir.graph import Preprocessing
from peak_memory import measured


def test_calibration_and_evaluation_share_no_photograph() -> None:
    assert not set(images.CALIBRATION) & set(images.EVALUATION)
    assert {"chelsea", "coffee"} <= set(images.EVALUATION)
    assert {*images.CALIBRATION, *images.EVALUATION} <= set(images.SAMPLES)
    assert len(set(images.EVALUATION)) == 10


@pytest.mark.parametrize("name", sorted(images.SAMPLES))
def test_every_sample_is_a_photograph(name: str) -> None:
    pixels = load_pixels(name, 256, 227, 227)
    assert (pixels.shape, pixels.dtype) == ((3, 227, 227), np.uint8)
    assert pixels.std() > 10


def test_centre_of_the_resized_photograph(tmp_path: Path) -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = (200, 100, 50)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    pixels = load_pixels(tmp_path / "wide.png", 20, 20, 20)
    assert pixels[:, :, 2:-2].reshape(3, -1).T.tolist() == [[200, 100, 50]] * 320
    assert load_photograph(tmp_path / "wide.png").shape == (3, 100, 300)


@pytest.mark.parametrize("shape", [(21, 34), (34, 21), (21, 21), (20, 35)])
def test_crop_is_centred_to_a_fraction_of_a_pixel(shape: tuple[int, int]) -> None:
    """A ramp and the same turned by half a circle are as bright together everywhere."""
    ramp = sum(np.meshgrid(*(np.linspace(0, 120, n) for n in shape), indexing="ij"))
    pixels = centre_crop(np.stack([np.rint(ramp).astype(np.uint8)] * 3), 16, 16, 14).astype(int)
    together = pixels + pixels[:, ::-1, ::-1]
    assert abs(together - 240).max() <= 2
    assert pixels[0, 0, 0] < 60
    assert pixels[0, -1, -1] > 180


def _grey(path: Path) -> None:
    Image.fromarray(np.full((30, 40), 77, np.uint8)).save(path)


def _transparent(path: Path) -> None:
    rgba = np.full((30, 40, 4), 77, np.uint8)
    rgba[..., 3] = 0
    Image.fromarray(rgba).save(path)


def _sixteen_bits(path: Path) -> None:
    Image.fromarray(np.full((30, 40), 77 << 8, np.uint16)).save(path)


def _sixteen_bits_of_pgm(path: Path) -> None:
    """Pillow's mode of it is I, as of 32 bits."""
    path.write_bytes(b"P5 40 30 65535\n" + np.full((30, 40), 77 << 8, ">u2").tobytes())


def _palette(path: Path) -> None:
    Image.new("RGB", (40, 30), (77, 77, 77)).quantize(4).save(path)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (_grey, 77),
        (_transparent, 255),
        (_sixteen_bits, 77),
        (_sixteen_bits_of_pgm, 77),
        (_palette, 77),
    ],
)
def test_other_kinds_of_pixels_become_rgb(
    make: Callable[[Path], None], value: int, tmp_path: Path
) -> None:
    make(tmp_path / "x.png")
    assert np.unique(load_pixels(tmp_path / "x.png", 8, 8, 8)).tolist() == [value]


def test_tiny_and_thin_images_are_enlarged_within_bounds(tmp_path: Path) -> None:
    for size in ((1, 1), (1, 5000), (5000, 1)):
        Image.new("RGB", size, (9, 8, 7)).save(tmp_path / "x.png")
        pixels = load_pixels(tmp_path / "x.png", 256, 227, 227)
        assert pixels[:, 100, 100].tolist() == [9, 8, 7]
        assert max(load_photograph(tmp_path / "x.png").shape) <= images.MAX_SIDE


def test_orientation_is_respected(tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    image.save(tmp_path / "x.jpg", exif=exif)
    assert load_photograph(tmp_path / "x.jpg").shape == (3, 40, 20)


def _huge(path: Path) -> None:
    Image.new("1", (10_000, 8_000)).save(path)


def _truncated(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    os.truncate(path, 3000)


def _text(path: Path) -> None:
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")


def _empty(path: Path) -> None:
    path.touch()


def _float(path: Path) -> None:
    Image.fromarray(np.ones((8, 8), np.float32)).save(path, format="TIFF")


def _wide(path: Path) -> None:
    Image.fromarray(np.full((8, 8), 200 << 8, np.int32)).save(path, format="TIFF")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_huge, "pixels=80000000 exceeds"),
        (_truncated, "cannot be read as an image"),
        (_text, "cannot be read as an image"),
        (_empty, "cannot be read as an image"),
        (_float, "mode=F, 32 bits a channel, is not 8 or 16"),
        (_wide, "mode=I, 32 bits a channel, is not 8 or 16"),
    ],
)
def test_bad_files_are_refused_by_name(
    make: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.png"
    make(path)
    with pytest.raises(FirebrickError, match=message) as caught:
        load_pixels(path, 8, 8, 8)
    assert "bad.png" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_large_files_are_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "bad.png"
    path.touch()
    os.truncate(path, images.MAX_BYTES + 1)
    with pytest.raises(FirebrickError, match="bytes=67108865 exceeds 67108864"):
        load_pixels(path, 8, 8, 8)


def test_unknown_names_and_folders_are_refused(tmp_path: Path) -> None:
    for source, rule in (("no_such_cat", "no such file, nor a sample"), (tmp_path, "is a folder")):
        with pytest.raises(FirebrickError, match=f"{rule}.*: give an image file"):
            load_pixels(source, 8, 8, 8)


def test_input_larger_than_resize_is_refused() -> None:
    with pytest.raises(FirebrickError, match="resize=200 is less than the input, 227x227"):
        load_pixels("chelsea", 200, 227, 227)


def test_tree_of_folders_is_listed_in_order_without_hidden_files_or_links(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a/c/3.png", "0.png", "b/.hidden", ".git/4.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "a" / "circle").symlink_to(tmp_path)
    found = [str(x.relative_to(tmp_path)) for x in list_tree(tmp_path)]
    assert found == ["0.png", "a/c/3.png", "b/1.png", "b/2.png"]
    with pytest.raises(FirebrickError, match="files=4 exceed 3"):
        list_tree(tmp_path, 3)
    with pytest.raises(FirebrickError, match="cannot be read: No such file"):
        list_tree(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FirebrickError, match="files=0"):
        list_tree(tmp_path / "empty")


def test_preprocessing_orders_and_scales() -> None:
    pixels = np.arange(3, dtype=np.uint8).reshape(1, 3, 1, 1) + 10
    how = Preprocessing(1, "BGR", (1.0, 2.0, 3.0), (1.0, 2.0, 4.0))
    assert to_float(pixels, how).reshape(-1).tolist() == [11.0, 4.5, 1.75]


LOAD = """
import json, sys
from firebrick.errors import FirebrickError
from firebrick.images import load_photograph, load_pixels
answers = []
for path in sys.argv[1:]:
    for load in (load_photograph, lambda x: load_pixels(x, 40, 32, 32)):
        try:
            answers.append(list(load(path).shape))
        except FirebrickError as error:
            answers.append(str(error))
print(json.dumps(answers))
"""
SIDE = 7000
DEFLATE = {"format": "TIFF", "compression": "tiff_adobe_deflate"}


def _grey_array(path: Path, kind: type) -> None:
    Image.fromarray(np.zeros((SIDE, SIDE), kind)).save(path, **DEFLATE)


def test_small_files_of_many_pixels_are_served_or_refused_within_1_gb(tmp_path: Path) -> None:
    paths = [tmp_path / x for x in ("int32", "int16", "transparent", "one strip", "webp", "cmyk")]
    _grey_array(paths[0], np.int32)
    _grey_array(paths[1], np.uint16)
    Image.new("RGBA", (SIDE, SIDE)).save(paths[2], **DEFLATE)
    Image.new("RGB", (SIDE, SIDE)).save(paths[3], tiffinfo={278: SIDE}, **DEFLATE)
    Image.new("RGB", (SIDE, SIDE)).save(paths[4], "WEBP", lossless=True, method=0)
    Image.new("CMYK", (SIDE, SIDE)).save(paths[5], "JPEG")
    run = measured(LOAD, *map(str, paths))
    answers = dict(zip((x.name for x in paths), json.loads(run.out)[::2], strict=True))
    wide = f"image {str(paths[0])!r}: cannot be read as an image: mode=I, 32 bits a channel, is not"
    assert answers.pop("int32") == f"{wide} 8 or 16"
    refused = f"image {str(paths[4])!r}: takes 747 MB of memory to decode, more than 600"
    assert answers.pop("webp") == refused
    assert all(x == [3, 1024, 1024] for x in answers.values()), answers
    assert run.peak < 1000


def test_threads_that_decode_side_by_side_share_a_limit_and_leave_none() -> None:
    """The limit is the process's: each would put back what it found, which may be another's."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    large, small = (1 << 30), (1 << 20)
    outer, inner = (ExitStack() for _ in range(2))
    outer.enter_context(pixels._limited(large))
    alone, _ = resource.getrlimit(resource.RLIMIT_DATA)
    assert alone != before[0]
    inner.enter_context(pixels._limited(small))
    both, _ = resource.getrlimit(resource.RLIMIT_DATA)
    assert alone - (1 << 24) < both < alone + large
    outer.close()
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] == both
    inner.close()
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_photographs_are_decoded_side_by_side(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        Image.new("RGB", (300, 200), (number, 0, 0)).save(path)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda x: load_pixels(x, 8, 8, 8), paths * 4))
    assert [int(x[0, 0, 0]) for x in found] == list(range(12)) * 4
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
