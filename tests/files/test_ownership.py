# SPDX-License-Identifier: Apache-2.0
"""A folder is replaced only if its marker is ours and lists all that is in it."""

import json
import os
import stat
from pathlib import Path

import pytest

from firebrick.errors import FirebrickError
from firebrick.files import ownership
from firebrick.files.output import whole_folder
from firebrick.files.ownership import Marker, write_marker

MARKER = Marker("manifest.json", {"target": "rtl"})


def make(folder: Path, text: str = "one") -> None:
    with whole_folder(folder, MARKER) as temporary:
        (temporary / "hw").mkdir()
        (temporary / "hw" / "conv.sv").write_text(text)
        (temporary / "top.sv").write_text(text)
        write_marker(temporary, MARKER)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    make(tmp_path / "rtl")
    return tmp_path / "rtl"


def tree(folder: Path) -> dict[str, str]:
    """All that is in a folder, nothing followed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        text = path.read_text() if stat.S_ISREG(mode) else ""
        found[path.relative_to(folder).as_posix()] = f"{stat.S_IFMT(mode):o} {text}"
    return found


def refused(folder: Path) -> str:
    """The line that says why a folder is not replaced; nothing has changed then."""
    before = tree(folder.parent)
    with pytest.raises(FirebrickError) as caught:
        make(folder, "two")
    assert tree(folder.parent) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folder_of_ours_is_replaced(made: Path) -> None:
    make(made, "two")
    assert (made / "hw" / "conv.sv").read_text() == "two"
    assert list(made.parent.iterdir()) == [made]


def test_folder_of_ours_with_a_file_less_is_replaced(made: Path) -> None:
    (made / "top.sv").unlink()
    make(made, "two")
    assert (made / "top.sv").read_text() == "two"


def test_empty_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "rtl").mkdir(0o700)
    make(tmp_path / "rtl")
    assert stat.S_IMODE((tmp_path / "rtl").stat().st_mode) == 0o700


def test_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    target = tmp_path / "home"
    target.mkdir()
    (target / "thesis.tex").write_text("years of work")
    assert "not a generated folder (no manifest.json)" in refused(target)
    (tmp_path / "file").write_text("years of work")
    assert "not a generated folder" in refused(tmp_path / "file")


FOREIGN = {
    "empty": "",
    "no JSON": "{",
    "list": "[]",
    "text": '"firebrick"',
    "null": "null",
    "deep": "[" * 100_000,
    "of a browser": '{"manifest_version": 3, "name": "x", "files": {}}',
    "version is a number": '{"firebrick": 1, "target": "rtl", "files": {}}',
    "of another kind": '{"firebrick": "0.1.0", "target": "hls", "files": {}}',
    "of no kind": '{"firebrick": "0.1.0", "files": {}}',
    "lists nothing": '{"firebrick": "0.1.0", "target": "rtl"}',
    "lists a list": '{"firebrick": "0.1.0", "target": "rtl", "files": ["a"]}',
    "lists numbers": '{"firebrick": "0.1.0", "target": "rtl", "files": {"a": 1}}',
    "binary": "\udcff\udcfe",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_marker_of_somebody_else_marks_nothing(tmp_path: Path, text: str) -> None:
    target = tmp_path / "rtl"
    target.mkdir()
    (target / "manifest.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(FirebrickError, match=r"manifest\.json: .*choose another folder"):
        make(target)
    assert [x.name for x in target.iterdir()] == ["manifest.json"]


def test_huge_marker_is_not_read(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "LARGEST_MARKER", 10)
    assert "is no file of at most 10 bytes" in refused(made)


def test_marker_that_is_a_link_or_pipe_marks_nothing(made: Path) -> None:
    marker = made / "manifest.json"
    marker.rename(made.parent / "elsewhere.json")
    marker.symlink_to(made.parent / "elsewhere.json")
    assert "manifest.json" in refused(made)
    marker.unlink()
    os.mkfifo(marker)
    assert "manifest.json" in refused(made)


@pytest.mark.parametrize(
    "name", [".git/config", "note.txt", "hw/mine.sv", "vivado/build.log", "hw/a\nb", "Ü \udcff"]
)
def test_what_is_not_listed_is_named_and_kept(made: Path, name: str) -> None:
    path = made / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    first = repr(name if name.startswith("hw/") else name.split("/", maxsplit=1)[0])
    assert f"holds {first}, which is not of firebrick: move it away" in refused(made)


def test_empty_folder_and_link_that_are_not_listed_are_kept(made: Path) -> None:
    (made / "mine").mkdir()
    assert "holds 'mine'" in refused(made)
    (made / "mine").rmdir()
    (made / "link").symlink_to(made.parent)
    assert "holds 'link'" in refused(made)


def test_what_is_changed_or_another_thing_is_kept(made: Path) -> None:
    source = made / "hw" / "conv.sv"
    source.write_text("mine")
    assert "'hw/conv.sv' is not as firebrick wrote it" in refused(made)
    source.rename(made.parent / "conv.sv")
    source.symlink_to(made.parent / "conv.sv")
    assert "'hw/conv.sv' is not as firebrick wrote it" in refused(made)
    source.unlink()
    source.mkdir()
    (source / "inner").write_text("mine")
    assert "'hw/conv.sv' is not as firebrick wrote it" in refused(made)


def test_folder_that_became_a_link_is_not_followed(made: Path) -> None:
    (made / "hw").rename(made.parent / "mine")
    (made / "hw").symlink_to(made.parent / "mine")
    assert "holds 'hw'" in refused(made)


def test_links_and_empty_folders_that_were_written_are_listed(tmp_path: Path) -> None:
    target, away = tmp_path / "work", tmp_path / "away"
    away.mkdir()
    (away / "kept").write_text("mine")
    for _ in range(2):
        with whole_folder(target, MARKER) as temporary:
            (temporary / "link").symlink_to(away)
            (temporary / "empty").mkdir()
            write_marker(temporary, MARKER)
    assert (away / "kept").read_text() == "mine"
    (target / "empty" / "mine").write_text("mine")
    assert "holds 'empty/mine'" in refused(target)


def test_what_is_put_in_meanwhile_is_kept(made: Path) -> None:
    with (
        pytest.raises(FirebrickError, match=r"holds 'late\.txt'"),
        whole_folder(made, MARKER) as temporary,
    ):
        write_marker(temporary, MARKER)
        (made / "late.txt").write_text("mine")
    assert (made / "late.txt").read_text() == "mine"
    assert (made / "top.sv").read_text() == "one"
    assert list(made.parent.iterdir()) == [made]


def test_only_what_is_listed_is_removed(made: Path) -> None:
    (made / "hw" / "late.txt").write_text("mine")
    with pytest.raises(FirebrickError, match="somebody put something in"):
        ownership.remove(made, {"top.sv": "", "hw/conv.sv": "", "manifest.json": ""})
    assert list(tree(made)) == ["hw", "hw/late.txt"]


def test_folder_of_ours_stays_when_the_block_fails(made: Path) -> None:
    before = tree(made)
    with pytest.raises(ZeroDivisionError), whole_folder(made, MARKER) as temporary:
        (temporary / "manifest.json").write_text("half")
        raise ZeroDivisionError
    assert tree(made) == before
    assert list(made.parent.iterdir()) == [made]


def test_folder_of_ours_stays_when_it_cannot_be_replaced(made: Path) -> None:
    before = tree(made)
    with pytest.raises(FileNotFoundError), whole_folder(made, MARKER) as temporary:
        temporary.rmdir()
    assert tree(made) == before
    assert list(made.parent.iterdir()) == [made]


def test_folder_that_a_link_leads_to_is_replaced(made: Path) -> None:
    link = made.parent / "link"
    link.symlink_to(made)
    make(link, "two")
    assert link.is_symlink()
    assert (made / "top.sv").read_text() == "two"


def test_folder_in_use_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made / "hw")
    for path in (".", "..", "../hw", "../../rtl", str(made)):
        with pytest.raises(FirebrickError, match="is in use"):
            make(Path(path))


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_modes_follow_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with whole_folder(tmp_path / "rtl", MARKER) as temporary:
            (temporary / "hw").mkdir()
            (temporary / "hw" / "copied.sv").write_text("x")
            (temporary / "hw" / "copied.sv").chmod(0o444)
            (temporary / "run.sh").write_text("x")
            (temporary / "run.sh").chmod(0o755)
            (temporary / "hw").chmod(0o555)
            write_marker(temporary, MARKER)
    finally:
        os.umask(before)
    modes = {x.name: stat.S_IMODE(x.stat().st_mode) for x in tmp_path.rglob("*")}
    assert modes.pop("manifest.json") == modes.pop("copied.sv") == 0o666 & ~mask
    assert set(modes.values()) == {0o777 & ~mask}


def test_marker_lists_files_by_what_is_in_them(made: Path) -> None:
    fields = json.loads((made / "manifest.json").read_text())
    assert fields["target"] == "rtl"
    assert list(fields["files"]) == ["hw/conv.sv", "top.sv"]
