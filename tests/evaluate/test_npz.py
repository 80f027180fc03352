# SPDX-License-Identifier: Apache-2.0
"""Labelled images in .npz files: what NumPy writes is read, nothing else is, whatever it costs."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firebrick import arrays
from firebrick.errors import FirebrickError
from firebrick.evaluate import labelled, npz
from firebrick.evaluate.npz import MAX_LIST, MAX_MEMBERS, read_npz
from firebrick.preprocessing import Preprocessing

GREY = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4)
MIB = 1 << 20


def member(array: np.ndarray) -> bytes:
    data = io.BytesIO()
    np.save(data, array)
    return data.getvalue()


def written(path: Path, **options: object) -> Path:
    """A file of two images whose members and archive may be spoilt."""
    members = {"images.npy": member(GREY), "labels.npy": member(np.array([1, 0]))}
    compression = int(options.pop("compression", zipfile.ZIP_STORED))  # type: ignore[call-overload]
    members |= {f"{x}.npy": y for x, y in options.items()}
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            if data is not None:
                file.writestr(name, data if isinstance(data, bytes) else member(data))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(FirebrickError) as caught:
        read_npz(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(save: object, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    save(path, images=GREY, labels=np.array([300, 0], np.uint16), others=np.zeros(3))  # type: ignore[operator]
    images, labels = read_npz(path)
    np.testing.assert_array_equal(images, GREY)
    assert isinstance(labels, np.ndarray)
    assert (labels.tolist(), labels.dtype) == ([300, 0], np.int64)


def test_labels_may_be_names(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, images=GREY, labels=np.array(["Egyptian cat", "ä"]))
    assert read_npz(path)[1] == ["Egyptian cat", "ä"]
    assert labelled.read(path).names == ("Egyptian cat", "ä")


OBJECTS = member(np.zeros(2, np.int64)).replace(b"'<i8'", b"'|O' ")
NO_LETTERS = member(np.array(["a", "b"])).replace(b"<U1", b"<U0")[:-8]
NO_TEXT = np.full((2, 4), 0x7FFFFFFF, np.uint32).view("<U4").reshape(2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"images": None}, ["no array 'images'"]),
        ({"labels": None}, ["no array 'labels'"]),
        ({"labels": np.array([1, 0, 2])}, ["labels: shape=(3,)", "(2,)"]),
        ({"labels": np.array([[1], [0]])}, ["labels: shape=(2, 1)"]),
        ({"labels": np.array([1.0, 0.0])}, ["labels: type=float64"]),
        ({"labels": np.array([b"a", b"b"])}, ["labels: type="]),
        ({"labels": np.array([1 << 63, 0], np.uint64)}, ["labels", "exceeds"]),
        ({"labels": NO_LETTERS}, ["labels: type=<U0"]),
        ({"labels": NO_TEXT}, ["labels", "Unicode"]),
        ({"labels": NO_TEXT.astype(">U4")}, ["labels", "Unicode"]),
        ({"labels": OBJECTS}, ["labels: type=object"]),
        ({"images": OBJECTS}, ["images: type=object"]),
        ({"images": b"\x80\x04N."}, ["images: is not a .npy file"]),
        ({"images": GREY.astype(np.int32)}, ["images: type=int32"]),
        ({"images": GREY[0]}, ["images: shape=(4, 4)"]),
        ({"images": np.array([[[np.nan]]] * 2)}, ["finite"]),
        ({"compression": zipfile.ZIP_BZIP2}, ["savez"]),
        ({"compression": zipfile.ZIP_LZMA}, ["savez"]),
    ],
)
def test_what_is_no_labelled_images_is_refused(
    options: dict[str, object], words: list[str], tmp_path: Path
) -> None:
    message = refusal(written(tmp_path / "x.npz", **options))
    for word in words:
        assert word in message


def test_damage_anywhere_is_refused_or_without_effect(tmp_path: Path) -> None:
    path = written(tmp_path / "x.npz", compression=zipfile.ZIP_DEFLATED)
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            data[place] = rng.integers(256)
        path.write_bytes(bytes(data[: rng.integers(len(data))] if rng.random() < 0.2 else data))
        try:
            images, labels = read_npz(path)
        except FirebrickError:
            continue
        assert len(images) == len(labels)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\5\6", b"PK\5\6" + bytes(18), bytes(100)])
def test_archives_of_nothing_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(data)
    refusal(tmp_path / "x.npz")


def test_an_array_that_unpacks_without_end_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 times what is taken, of zeros: a thousandth of it on disk."""
    monkeypatch.setattr(npz, "MAX_BYTES", MIB)
    monkeypatch.setattr(arrays, "MAX_BYTES", MIB)
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        file.writestr("images.npy", bytes(64 * MIB))
    assert path.stat().st_size < MIB // 8
    tracemalloc.start()
    try:
        assert f"exceeds {MIB} bytes" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_an_archive_of_a_million_arrays_is_not_listed(tmp_path: Path) -> None:
    """Of each, NumPy's reader would make an object of half a kilobyte."""
    path = tmp_path / "x.npz"
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", *[0] * 16) + b""
    count, most = MAX_LIST // len(entry) + 1, MAX_MEMBERS + 1
    for number, size in ((1, count * len(entry)), (most, most * len(entry)), (0xFFFF, 0)):
        end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, number, number, size, 0, 0)
        path.write_bytes(entry * (size // len(entry)) + end)
        assert "list of arrays" in refusal(path)


def test_an_archive_whose_list_is_told_elsewhere_is_refused(tmp_path: Path) -> None:
    """By a longer record before the last, or by another one behind a comment."""
    path = written(tmp_path / "x.npz")
    data = path.read_bytes()
    path.write_bytes(data[:-22] + b"PK\6\7" + bytes(16) + data[-22:])
    assert "list of arrays" in refusal(path)
    path.write_bytes(data[:-2] + b"\1\0")
    assert "list of arrays" in refusal(path)
    path.write_bytes(data[:-2] + b"\1\0x")
    refusal(path)


def test_a_wrong_checksum_is_seen(tmp_path: Path) -> None:
    path = written(tmp_path / "x.npz")
    data = path.read_bytes()
    at = data.index(GREY.tobytes())
    path.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    assert "is no .npz file" in refusal(path)


# --- what becomes of them -------------------------------------------------------------------------


def pixels(path: Path, how: Preprocessing, height: int, width: int) -> np.ndarray:
    return np.concatenate(list(labelled.read(path).pixels(how, height, width, 1, 2)))


def test_grey_ones_are_photographs_of_three_equal_channels(tmp_path: Path) -> None:
    for images in (GREY, GREY[..., None]):
        np.savez(tmp_path / "x.npz", images=images, labels=np.zeros(2, np.int64))
        found = pixels(tmp_path / "x.npz", Preprocessing(4), 4, 4)
        np.testing.assert_array_equal(found, np.stack([GREY] * 3, 1))


def test_coloured_ones_become_grey_where_the_network_is(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (2, 4, 4, 3)).astype(np.uint8)
    np.savez(tmp_path / "x.npz", images=rgb, labels=np.zeros(2, np.int64))
    how = Preprocessing(4, "GREY", (0.0,), (1.0,))
    found = pixels(tmp_path / "x.npz", how, 4, 4)
    np.testing.assert_array_equal(found[:, 0], how.of_photographs(rgb)[..., 0])
    np.savez(tmp_path / "x.npz", images=GREY, labels=np.zeros(2, np.int64))
    np.testing.assert_array_equal(pixels(tmp_path / "x.npz", how, 4, 4)[:, 0], GREY)


def test_other_sizes_are_resized_as_photographs_are(tmp_path: Path) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (2, 9, 12, 3)).astype(np.uint8)
    np.savez(tmp_path / "x.npz", images=rgb, labels=np.array(["a", "b"]))
    for name, image in zip("ab", rgb, strict=True):
        (tmp_path / "folder" / name).mkdir(parents=True)
        Image.fromarray(image).save(tmp_path / "folder" / name / "x.png")
    how = Preprocessing(6, mean=(9.0,) * 3, border=(1, 1, 1, 1), fill=(9, 9, 9))
    found = pixels(tmp_path / "x.npz", how, 6, 6)
    np.testing.assert_array_equal(found, pixels(tmp_path / "folder", how, 6, 6))
    assert set(found[:, :, 0].ravel().tolist()) == {9}


def test_floats_are_the_input_of_the_network(tmp_path: Path) -> None:
    how = Preprocessing(4, "BGR", (8.0,) * 3, (2.0,) * 3)
    floats = np.zeros((1, 4, 4, 3), np.float32)
    floats[..., 0] = 1.6  # blue, rounded to 11
    floats[0, 0, 0, 2], floats[0, 0, 1, 2] = 40, -4  # red: 88 and 0
    np.savez(tmp_path / "x.npz", images=floats, labels=np.zeros(1, np.int64))
    found = pixels(tmp_path / "x.npz", how, 4, 4)
    assert [set(x.ravel().tolist()) for x in found[0]] == [{8, 88, 0}, {8}, {11}]


@pytest.mark.parametrize("scale", [255.0, 2 / 255])
def test_floats_that_are_not_in_the_units_of_the_network_are_refused(
    tmp_path: Path, scale: float
) -> None:
    """Of 0 to 255 where it takes 0 to 1, or of 0 to almost nothing."""
    rng, how = np.random.default_rng(1), Preprocessing(4, "RGB", (0.0,) * 3, (255.0,) * 3)
    floats = rng.random((5, 4, 4, 3)).astype(np.float32)
    np.savez(tmp_path / "x.npz", images=floats, labels=np.zeros(5, np.int64))
    assert pixels(tmp_path / "x.npz", how, 4, 4).max() > 250
    np.savez(tmp_path / "x.npz", images=floats * scale, labels=np.zeros(5, np.int64))
    with pytest.raises(FirebrickError, match=r"x\.npz: values=.* import the model with mean"):
        pixels(tmp_path / "x.npz", how, 4, 4)


def test_arrays_of_other_channels_have_the_size_of_the_network(tmp_path: Path) -> None:
    how = Preprocessing(4, "RAW", (0.0,) * 2, (1.0,) * 2)
    raw = np.random.default_rng(1).integers(0, 256, (2, 4, 4, 2)).astype(np.uint8)
    np.savez(tmp_path / "x.npz", images=raw, labels=np.zeros(2, np.int64))
    found = pixels(tmp_path / "x.npz", how, 4, 4)
    np.testing.assert_array_equal(found, raw.transpose(0, 3, 1, 2))
    with pytest.raises(FirebrickError, match=r"x\.npz: shape="):
        pixels(tmp_path / "x.npz", how, 5, 5)
