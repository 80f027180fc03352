# SPDX-License-Identifier: Apache-2.0
"""What is kept is the user's alone, and made once."""

import json
import os
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from command_line import fill, firebrick
from firebrick.checked.documents import parse_json
from firebrick.errors import FirebrickError
from firebrick.files.cache import (
    cache_folder,
    is_kept,
    keep,
    keep_text,
    kept_folder,
    kept_text,
    locked,
)
from firebrick.report.kept import kept
from firebrick.verify import csim_build
from firebrick.verify.simulation import verilator
from networks import small_network

MODULE = csim_build.__name__
NOBODY = 65534
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, where new files are for the group too."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    before = os.umask(0o002)
    yield tmp_path / "home"
    os.umask(before)


def test_folders_are_for_the_user_alone(home: Path) -> None:
    folder = cache_folder("models")
    assert folder == home / ".cache" / "firebrick" / "models"
    assert [mode(x) for x in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3
    assert cache_folder("models") == folder


def test_what_is_kept_is_for_the_user_alone(home: Path) -> None:
    folder = cache_folder("models")
    made = folder / "made"
    (made / "inner").mkdir(parents=True)
    (made / "inner" / "binary").write_text("x")
    (made / "inner" / "binary").chmod(0o775)
    keep(made, folder / "top")
    keep_text(folder / "a.json", "{}")
    assert mode(folder / "top") == mode(folder / "top" / "inner" / "binary") == 0o700
    assert mode(folder / "a.json") == 0o600
    assert is_kept(folder / "top")
    assert is_kept(folder / "a.json")
    assert not is_kept(folder / "none")


@pytest.mark.parametrize("part", [".cache/firebrick", ".cache/firebrick/models"])
@pytest.mark.parametrize("wrong", ["link", "file", "mode", pytest.param("owner", marks=root_only)])
def test_folder_that_is_not_ours_alone_is_refused(home: Path, part: str, wrong: str) -> None:
    folder, elsewhere = home / part, home / "elsewhere"
    cache_folder("models")
    if wrong in ("link", "file"):
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere) if wrong == "link" else folder.touch(0o600)
    elif wrong == "mode":
        folder.chmod(0o777)
    else:
        os.chown(folder, NOBODY, -1)
    words = {"mode": "mode=777 lets others write", "owner": f"belongs to user {NOBODY}"}
    with pytest.raises(
        FirebrickError, match=words.get(wrong, "is a link|cannot be made")
    ) as caught:
        cache_folder("models")
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def spoil(path: Path, wrong: str) -> None:
    if wrong == "link":
        path.rename(path.with_name("elsewhere"))
        path.symlink_to(path.with_name("elsewhere"))
    elif wrong == "mode":
        path.chmod(0o666)
    else:
        os.chown(path, NOBODY, -1)


WRONG = ["link", "mode", pytest.param("owner", marks=root_only)]


@pytest.mark.parametrize("wrong", WRONG)
def test_content_that_is_not_ours_alone_is_refused(home: Path, wrong: str) -> None:
    kept("test", (MODULE,), ("hw",), ("a",), lambda: {"value": 1})
    (path,) = cache_folder("measurements").glob("*.json")
    assert kept("test", (MODULE,), ("hw",), ("a",), lambda: {"value": 2}) == {"value": 1}
    path.write_text(json.dumps({"value": 666}))
    spoil(path, wrong)
    with pytest.raises(FirebrickError, match="remove it, it is made anew"):
        kept("test", (MODULE,), ("hw",), ("a",), lambda: {"value": 2})


@pytest.mark.parametrize("wrong", WRONG)
def test_program_in_a_kept_folder_is_refused(home: Path, wrong: str) -> None:
    folder = cache_folder("models") / "top"
    folder.mkdir(0o700)
    (folder / "top").touch(0o700)
    assert is_kept(folder)
    spoil(folder / "top", wrong)
    with pytest.raises(FirebrickError, match="top/top"):
        is_kept(folder)


def test_lock_follows_no_link_and_empties_no_file(home: Path) -> None:
    folder, victim = cache_folder("models"), home / "thesis.tex"
    victim.write_text("years of work")
    (folder / "lock").symlink_to(victim)
    with pytest.raises(FirebrickError, match="cannot be locked"), locked(folder / "lock"):
        pass
    (folder / "lock").unlink()
    victim.chmod(0o600)
    os.link(victim, folder / "lock")
    with locked(folder / "lock"):
        pass
    assert victim.read_text() == "years of work"
    with locked(folder / "new"):
        assert mode(folder / "new") == 0o600
    os.mkfifo(folder / "pipe", 0o600)
    reader = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)  # or a fault would wait for one
    with pytest.raises(FirebrickError, match="is a link or no file"), locked(folder / "pipe"):
        pass
    os.close(reader)


@pytest.mark.parametrize("place", ["nowhere", "file", "relative"])
def test_home_that_is_none_is_one_line(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    fill(tmp_path, small_network(bypass=False))
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", "home" if place == "relative" else str(tmp_path / place))
    before = sorted(tmp_path.rglob("*"))
    result = firebrick(tmp_path, "verify", "q.onnx", "a.png", "--engines", "rtl")
    assert result.returncode == 2
    (line,) = (x for x in result.stderr.splitlines() if x.startswith("firebrick: "))
    assert "HOME is no folder" in line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is protected from root")
def test_home_that_may_not_be_written_is_one_line(home: Path) -> None:
    home.chmod(0o555)
    with pytest.raises(FirebrickError, match="cannot be made: Permission denied"):
        cache_folder("models")
    home.chmod(0o755)


def test_a_folder_is_made_once_whoever_wants_it(home: Path) -> None:
    folder = cache_folder("models") / "new" / "made"
    calls: list[Path] = []

    def make(scratch: Path) -> Path:
        calls.append(scratch)
        time.sleep(0.05)
        (scratch / "inner").mkdir()
        (scratch / "inner" / "binary").write_text("x")
        return scratch / "inner"

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: kept_folder(folder, make, "*"), range(4)))
    assert (found, len(calls)) == ({folder}, 1)
    assert [x.name for x in folder.iterdir()] == ["binary"]
    assert not calls[0].exists()


def filled(scratch: Path) -> Path:
    made = scratch / "made"
    made.mkdir()
    (made / "binary").write_text("x")
    return made


def test_a_folder_that_lacks_what_is_wanted_is_made_anew(home: Path) -> None:
    folder = cache_folder("models") / "made"
    kept_folder(folder, filled, "bin*")
    (folder / "binary").unlink()
    assert kept_folder(folder, filled, "bin*") == folder
    assert [x.name for x in folder.iterdir()] == ["binary"]


def test_what_was_made_without_what_is_wanted_is_not_kept(home: Path) -> None:
    folder = cache_folder("models") / "made"
    with pytest.raises(FirebrickError, match=r"^made: no \*\.so was made$"):
        kept_folder(folder, filled, "*.so")
    assert not folder.exists()


def test_what_is_no_folder_or_no_file_is_refused(home: Path) -> None:
    path = cache_folder("models") / "made"
    keep_text(path, "x")
    with pytest.raises(FirebrickError, match="made: is no folder: remove it"):
        kept_folder(path, filled, "*")
    path.unlink()
    path.mkdir(0o700)
    with pytest.raises(FirebrickError, match="made: is a folder: remove it"):
        kept_text(path, str, str)


def test_a_folder_that_cannot_be_made_is_not_kept(home: Path) -> None:
    folder = cache_folder("models") / "made"

    def fail(_: Path) -> Path:
        raise FirebrickError("once")

    with pytest.raises(FirebrickError, match="once"):
        kept_folder(folder, fail, "*")
    assert not folder.exists()
    assert kept_folder(folder, filled, "*") == folder
    assert folder.is_dir()


def test_a_text_is_made_once_and_anew_when_it_is_damaged(home: Path) -> None:
    path = cache_folder("plans") / "a.json"
    calls: list[str] = []

    def make() -> str:
        calls.append("made")
        time.sleep(0.05)
        return "[1]"

    def read(text: str) -> object:
        return parse_json(text, str(path))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept_text(path, read, make), range(4)))
    assert (found, len(calls), mode(path)) == ([[1]] * 4, 1, 0o600)
    for damaged in (b"[1", b"\xff"):
        path.write_bytes(damaged)
        assert kept_text(path, read, make) == [1]
        assert path.read_text() == "[1]"
    assert len(calls) == 3


def test_a_compiled_model_is_of_its_sources_and_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compiled(work: Path, log: Path, top: str, *_: object, **__: object) -> Path:
        del log
        (work / top).touch()
        return work

    monkeypatch.setattr(verilator, "_compile", compiled)
    source, other = tmp_path / "top.sv", tmp_path / "part.sv"
    other.write_text("module part; endmodule\n")

    def built(text: str, **options: object) -> Path:
        source.write_text(text)
        return verilator.build([source, other], "top", tmp_path / "models", **options)  # type: ignore[arg-type]

    first = built("module top; endmodule\n")
    assert built("module top; endmodule\n") == first
    found = {
        first,
        built("module top;  endmodule\n"),
        built("module top; endmodule\n", parameters={"WIDTH": 3}),
        built("module top; endmodule\n", parameters={"WIDTH": 4}),
        built("module top; endmodule\n", optimize="-O3"),
        built("module top; endmodule\n", waves=True),
        built("module top; endmodule\n", extra=["-DX"]),
    }
    other.write_text("module part;  endmodule\n")
    found.add(built("module top; endmodule\n"))
    assert len(found) == 8


def test_a_compiled_simulation_is_of_all_its_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(network: object, _: object, folder: Path) -> None:
        (folder / "csim.cpp").write_text(str(network))

    def compiled(_: object, folder: Path, *__: object, **___: object) -> int:
        (folder / "csim").touch()
        return 0

    ours, types = tmp_path / "include", tmp_path / "types"
    for folder in (ours, types):
        folder.mkdir()
        (folder / "a.hpp").write_text("1")
    monkeypatch.setattr(csim_build, "write_sources", write)
    monkeypatch.setattr(csim_build, "include_folders", lambda: [ours])
    monkeypatch.setattr(csim_build, "ap_types", lambda: types)
    monkeypatch.setattr(csim_build, "_compiler", lambda: ("g++", "14"))
    monkeypatch.setattr(csim_build, "run", compiled)

    def built(network: str, **options: bool) -> Path:
        return csim_build.build(network, None, tmp_path / "csim", **options)  # type: ignore[arg-type]

    first = built("one")
    assert built("one") == first
    found = {first, built("two"), built("one", sanitize=True)}
    for folder in (ours, types):
        (folder / "a.hpp").write_text("2")
        found.add(built("one"))
    monkeypatch.setattr(csim_build, "_compiler", lambda: ("g++", "15"))
    found.add(built("one"))
    assert len(found) == 6
