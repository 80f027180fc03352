# SPDX-License-Identifier: Apache-2.0
"""Outputs appear whole or not at all, and only what is ours is replaced."""

import os
import socket
import stat
from pathlib import Path

import pytest

from firebrick import console
from firebrick.errors import FirebrickError
from firebrick.files.output import check_file, whole_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text)


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


def test_file_is_refused_before_work_is_done(tmp_path: Path) -> None:
    check_file(tmp_path / "new")
    with pytest.raises(FirebrickError, match="is a folder, a file is to be written"):
        check_file(tmp_path)
    with pytest.raises(FirebrickError, match="does not exist"):
        check_file(tmp_path / "no" / "a")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is protected from root")
def test_what_is_protected_is_refused_before_work_is_done(tmp_path: Path) -> None:
    protected = tmp_path / "a.txt"
    protected.write_text("old")
    protected.chmod(0o444)
    with pytest.raises(FirebrickError, match="may not be written"):
        check_file(protected)
    tmp_path.chmod(0o555)
    with pytest.raises(FirebrickError, match="may not be written"):
        check_file(tmp_path / "new")
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "a.txt", "new")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a.txt") == 0o666 & ~mask


def test_file_that_is_replaced_passes_on_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o640)
    write(target, "new")
    assert (target.read_text(), mode(target)) == ("new", 0o640)


@pytest.mark.parametrize("exists", [False, True])
def test_link_stays_and_what_it_leads_to_is_written(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / "real.txt", tmp_path / "a.txt"
    if exists:
        real.write_text("old")
    link.symlink_to(real)
    write(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe, "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


def test_device_is_written_into(own_device: Path) -> None:
    before = set(own_device.parent.iterdir())
    link = own_device.with_name("link")
    for path in (own_device, link):
        if path == link:
            link.symlink_to(own_device)
        write(path, "nothing")
        assert stat.S_ISCHR(own_device.lstat().st_mode)
    assert link.is_symlink()
    assert set(own_device.parent.iterdir()) == before | {link}


def test_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's whole path has at most 108 bytes
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(FirebrickError, match="neither a file nor a pipe"):
            write(Path("socket"), "nothing")
    assert stat.S_ISSOCK(Path("socket").lstat().st_mode)


def test_what_becomes_a_folder_meanwhile_is_not_touched(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(FirebrickError, match="is a folder"), whole_file(target) as temporary:
        temporary.write_text("new")
        target.mkdir()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("text", ["[/nothing]", "photo[red].jpg", ":smile:"])
def test_tables_show_texts_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    console.table(text, (text,), [[text]])
    assert capsys.readouterr().out.count(text) == 3
