# SPDX-License-Identifier: Apache-2.0
"""Images and logits in memory, written out by hand."""

import numpy as np
import pytest
from fake_kernel import tiny_description

from bundles import document
from firebrick.errors import FirebrickError
from firebrick.runtime.description import read_description
from firebrick.runtime.layout import pack_images, unpack_logits


def test_rows_are_whole_beats_and_frames_whole_blocks() -> None:
    x = tiny_description(height=2, width=3, channels=3, pixels=2)
    assert (x.pixel_bytes, x.row_bytes, x.image_stride) == (4, 16, 64)
    images = np.arange(1, 37, dtype=np.uint8).reshape(2, 2, 3, 3)
    memory = np.zeros(128, np.uint8)
    pack_images(images, x, memory)
    first = [
        *(1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0),
        *(10, 11, 12, 0, 13, 14, 15, 0, 16, 17, 18, 0, 0, 0, 0, 0),
    ]
    assert memory[:32].tolist() == first
    assert memory[64:96].tolist() == [value + 18 if value else 0 for value in first]
    assert not memory[32:64].any()


@pytest.mark.parametrize(
    ("channels", "expected"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (128, 128)]
)
def test_bytes_of_a_pixel(channels: int, expected: int) -> None:
    assert tiny_description(channels=channels).pixel_bytes == expected


@pytest.mark.parametrize(("classes", "expected"), [(1, 64), (15, 64), (16, 64), (17, 128)])
def test_bytes_from_one_frames_logits_to_the_next(classes: int, expected: int) -> None:
    assert tiny_description(classes=classes).logits_stride == expected


def test_what_lies_between_is_not_touched() -> None:
    x = tiny_description(height=3, width=5, channels=3, pixels=4)
    memory = np.full(3 * x.image_stride, 0xDB, np.uint8)
    pack_images(np.zeros((3, 3, 5, 3), np.uint8), x, memory)
    assert (memory == 0).sum() == 3 * 3 * 5 * 3


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_logits_are_little_endian_words(frames: int) -> None:
    x = tiny_description(classes=17)
    assert x.logits_stride == 128
    memory = np.full(256, 0xDB, np.uint8)
    values = np.array([1, -1, 1 << 30, -(1 << 31), *range(13)])
    for frame in range(2):
        data = b"".join(int(v + frame).to_bytes(4, "little", signed=True) for v in values)
        memory[128 * frame : 128 * frame + 68] = np.frombuffer(data, np.uint8)
    logits = unpack_logits(memory, x, frames)
    memory[:] = 0  # a copy
    assert logits.dtype == np.int32
    assert np.array_equal(logits, [values + frame for frame in range(frames)] or logits)
    assert logits.shape == (frames, 17)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"height": 0}, r"height=0 is not in 1\.\.65535"),
        ({"width": 65536}, r"width=65536 is not in 1\.\.65535"),
        ({"height": 65535, "width": 65535}, r"height \* width=4294836225 is not in"),
        ({"channels": 129}, r"channels=129 is not in 1\.\.128"),
        ({"pixels": 3}, "pixels=3 is not a power of two"),
        ({"pixels": 8192}, "pixels=8192 is not in"),
        ({"classes": 0}, "classes=0 is not in"),
        ({"classes": 1 << 24}, "classes=16777216 is not in"),
        ({"logit_bits": 33}, r"logit_bits=33 is not in 1\.\.32"),
        ({"weights_bytes": 63}, "weights_bytes=63 is not a multiple of 64"),
        ({"weights_bytes": 1 << 29}, "weights_bytes=536870912 is not in"),
        ({"weights_bytes": -64}, "weights_bytes=-64 is not in"),
        ({"logits_scale": 0.0}, "logits scale=0.0 is not a positive number"),
        ({"logits_scale": float("inf")}, "logits scale=inf"),
        ({"model": ""}, "model: not a name"),
        ({"model": "a\nb"}, "model: not a name"),
        ({"model_hash": "f" * 63}, "model_hash: not 64"),
        ({"model_hash": "F" * 64}, "model_hash: not 64"),
        ({"model_hash": "f" * 64 + "\n"}, "model_hash: not 64"),
    ],
    ids=str,
)
def test_every_field_has_its_range(change: dict, message: str) -> None:
    with pytest.raises(FirebrickError, match=message):
        tiny_description(**change)


def test_a_description_comes_back_from_its_document() -> None:
    x = tiny_description(weights_bytes=64)
    assert read_description(document(x)) == x


@pytest.mark.parametrize("name", ["pixel_bytes", "image_stride", "logits_stride", "height"])
def test_what_follows_must_follow(name: str) -> None:
    fields = document(tiny_description())
    fields["kernel"][name] += 1
    with pytest.raises(FirebrickError, match=rf"kernel\.{name}=\d+ contradicts the rest"):
        read_description(fields)


def test_other_registers_are_refused() -> None:
    fields = document(tiny_description())
    fields["kernel"]["registers"]["FRAMES"] = 0x2C
    with pytest.raises(FirebrickError, match=r"kernel\.registers\.FRAMES=44 is not 40"):
        read_description(fields)
