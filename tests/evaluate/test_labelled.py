# SPDX-License-Identifier: Apache-2.0
"""Labelled images as folders and CSV files, and the part of them that is drawn."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from firebrick.errors import FirebrickError
from firebrick.evaluate import labelled
from firebrick.images import PixelArray
from firebrick.preprocessing import Preprocessing

HOW = Preprocessing(4)


def image(path: Path, shade: int = 0, size: tuple[int, int] = (4, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade,) * 3).save(path)


def pixels(data: Path, how: Preprocessing = HOW, chunk: int = 2) -> PixelArray:
    return np.concatenate(list(labelled.read(data).pixels(how, 4, 4, chunk, 2)))


def refusal(data: Path) -> str:
    with pytest.raises(FirebrickError) as caught:
        pixels(data)
    return caught.value.message


def test_a_folder_a_class_nested_ones_allowed(tmp_path: Path) -> None:
    for number, name in enumerate(("dog/a.png", "cat/b.png", "cat/more/deep/a.png", ".git/x.png")):
        image(tmp_path / name, number)
    (tmp_path / "eel").mkdir()
    found = labelled.read(tmp_path)
    assert list(found.classes) == ["cat", "cat", "dog"]
    assert found.names == ("cat", "dog", "eel")
    assert pixels(tmp_path)[:, 0, 0, 0].tolist() == [1, 2, 0]


def test_arrays_are_images_too(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    np.save(tmp_path / "cat" / "a.npy", np.full((4, 4, 3), 7, np.uint8))
    assert set(pixels(tmp_path).ravel().tolist()) == {7}
    np.save(tmp_path / "cat" / "b.npy", np.zeros((2, 4, 4, 3), np.uint8))
    assert "b.npy: images=2" in refusal(tmp_path)


def test_folders_that_are_none_of_classes_are_refused(tmp_path: Path) -> None:
    assert "files=0" in refusal(tmp_path)
    image(tmp_path / "cat" / "a.png")
    (tmp_path / "README.txt").write_text("passed over")
    (tmp_path / "cat" / "Thumbs.db").write_text("passed over")
    (tmp_path / "__MACOSX").mkdir()
    assert labelled.read(tmp_path).names == ("cat",)
    image(tmp_path / "loose.png")
    assert "'loose.png' lies in no folder" in refusal(tmp_path)
    (tmp_path / "loose.png").unlink()
    (tmp_path / "lynx").symlink_to(tmp_path / "cat")
    assert "'lynx' is a link" in refusal(tmp_path)
    (tmp_path / "lynx").unlink()
    (tmp_path / "cat" / "b.png").write_text("no image")
    assert "b.png" in refusal(tmp_path)


def test_a_csv_file_lists_files_from_where_it_lies(tmp_path: Path) -> None:
    for number, name in enumerate(("x/a, b.png", "out/c.png", "x/d.png")):
        image(tmp_path / name, number)
    rows = ['"a, b.png",9,cat', "../out/c.png, 9 , dog ", f"{tmp_path / 'x' / 'd.png'},9,cat"]
    path = tmp_path / "x" / "list.csv"
    path.write_text("\ufefffile,size,class\r\n" + "\r\n".join(rows) + "\r\n", newline="")
    found = labelled.read(path)
    assert list(found.classes) == ["cat", "dog", "cat"]
    assert found.names == ("cat", "dog")
    assert pixels(path)[:, 0, 0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "'file'", "file,class"]),
        ("file;class\na.png;cat\n", ["line 1", "file,class"]),
        ("file,label\na.png,cat\n", ["line 1", "'class'"]),
        ("file,class\n", ["images=0"]),
        ("file,class\na.png,cat\na.png\n", ["line 3"]),
        ("file,class\na.png, \n", ["line 2"]),
        ("file,class\na\0.png,cat\n", ["line 2"]),
        (f"file,class\na.png,{'x' * 200_000}\n", ["list.csv: line", "field limit"]),
        ("file,class\nnone.png,cat\n", ["none.png", "no such file"]),
        ("file,class\nchelsea,cat\n", ["chelsea", "no such file"]),
        ("file,class\n/dev/zero,cat\n", ["/dev/zero", "no such file"]),
        ("file,class\n.,cat\n", ["no such file"]),
        ("file,class\nlist.csv,cat\n", ["list.csv", "cannot be read as an image"]),
    ],
)
def test_a_csv_file_that_is_none_is_refused(
    text: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the name of a sample has no folder before it
    Path("list.csv").write_text(text)
    image(Path("a.png"))
    message = refusal(Path("list.csv"))
    for word in words:
        assert word in message
    assert "\n" not in message


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("")
    os.mkfifo(tmp_path / "x.npz")
    os.mkfifo(tmp_path / "x.csv")
    for name in ("x.txt", "x.npz", "x.csv", "none.npz"):
        assert "give a folder with a folder a class" in refusal(tmp_path / name)


def data_of(counts: dict[str, int]) -> labelled.Labelled:
    classes = [x for x, count in counts.items() for _ in range(count)]
    return labelled.Labelled("data", classes, tuple(sorted(counts)), np.arange(len(classes)))


def test_a_part_is_drawn_evenly_and_always_the_same() -> None:
    data = data_of({"a": 40, "b": 3, "c": 40})
    drawn = data.drawn(20)
    counts = Counter(drawn.classes)
    assert counts["b"] == 3
    assert sorted(counts.values()) == [3, 8, 9]
    chosen = list(drawn.sources)
    assert chosen == sorted(set(chosen))
    assert chosen == list(data.drawn(20).sources)
    assert chosen[:9] != list(range(9))
    assert set(chosen) < set(data.drawn(30).sources)
    assert [data.classes[x] for x in chosen] == list(drawn.classes)


def test_of_more_classes_than_images_any_are_drawn() -> None:
    data = data_of({f"{n:03}": 2 for n in range(100)})
    drawn = data.drawn(10)
    assert len(set(drawn.classes)) == 10
    assert max(drawn.classes) > "050"
    assert drawn.names == data.names


def test_all_are_taken_as_they_come() -> None:
    data = data_of({"b": 2, "a": 1})
    assert data.drawn(3) is data
    assert data.drawn(None) is data


def test_indices_are_drawn_like_names() -> None:
    named = data_of({"a": 5, "b": 9})
    indexed = labelled.Labelled("d", np.array([0] * 5 + [1] * 9), (), np.arange(14))
    assert list(indexed.drawn(6).sources) == list(named.drawn(6).sources)
