# SPDX-License-Identifier: Apache-2.0
"""Outputs appear whole or not at all."""

from pathlib import Path

import pytest

from firebrick import console
from firebrick.errors import FirebrickError
from firebrick.output import check_file, whole_file, whole_folder


def test_file_appears_when_the_block_succeeds(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with whole_file(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_old_file_stays_when_the_block_fails(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FirebrickError, match="does not exist"), whole_file(tmp_path / "no" / "a"):
        pass


def test_folder_of_ours_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "rtl"
    for text in ("one", "two"):
        with whole_folder(target, "manifest.json") as temporary:
            (temporary / "manifest.json").write_text(text)
    assert (target / "manifest.json").read_text() == "two"
    assert list(tmp_path.iterdir()) == [target]


def test_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    target = tmp_path / "home"
    target.mkdir()
    (target / "thesis.tex").write_text("years of work")
    with (
        pytest.raises(FirebrickError, match="not a generated folder"),
        whole_folder(target, "manifest.json"),
    ):
        pass
    assert (target / "thesis.tex").exists()


def test_folder_of_ours_stays_when_the_block_fails(tmp_path: Path) -> None:
    target = tmp_path / "rtl"
    target.mkdir()
    (target / "manifest.json").write_text("old")
    with pytest.raises(ZeroDivisionError), whole_folder(target, "manifest.json") as temporary:
        (temporary / "manifest.json").write_text("half")
        raise ZeroDivisionError
    assert (target / "manifest.json").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_folder_of_ours_stays_when_it_cannot_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "rtl"
    target.mkdir()
    (target / "manifest.json").write_text("old")
    with pytest.raises(FileNotFoundError), whole_folder(target, "manifest.json") as temporary:
        temporary.rmdir()
    assert (target / "manifest.json").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_file_is_refused_before_work_is_done(tmp_path: Path) -> None:
    check_file(tmp_path / "new")
    with pytest.raises(FirebrickError, match="is a folder, a file is to be written"):
        check_file(tmp_path)
    with pytest.raises(FirebrickError, match="does not exist"):
        check_file(tmp_path / "no" / "a")


@pytest.mark.parametrize("text", ["[/nothing]", "photo[red].jpg", ":smile:"])
def test_tables_show_texts_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    console.table(text, (text,), [[text]])
    assert capsys.readouterr().out.count(text) == 3
