# SPDX-License-Identifier: Apache-2.0
"""A command that a signal ends leaves no scratch, no half-written file and no child."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import fill
from firebrick import processes
from firebrick.files.output import whole_file, whole_folder
from firebrick.files.ownership import Marker, write_marker
from firebrick.files.scratch import at_end, scratch_folder
from firebrick.processes import ended_by_signals, run, started
from networks import small_network

PATIENCE = 60.0
BURIAL = 5
"""Seconds that a killed process may still be listed on a busy machine."""
VARIABLE = "FIREBRICK_TEST"


def family(token: str) -> list[str]:
    """Commands of living processes that have a token in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{VARIABLE}={token}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def survivors(token: str) -> list[str]:
    """The same, once the system has had time to bury what was killed."""
    end = time.monotonic() + BURIAL
    while (found := family(token)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def until(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def leftovers(*folders: Path) -> list[Path]:
    return [x for folder in folders for x in folder.rglob(".firebrick-*")]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a process whose home, scratch and working folder are below `tmp_path`."""
    running: list[subprocess.Popen[bytes]] = []
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "tmp"),
            VARIABLE: str(tmp_path),
        }
        pipe = subprocess.PIPE
        running.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=tmp_path,
                env=environment,
                stdout=pipe,
                stderr=pipe,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def test_report_that_is_ended_leaves_no_compiler_and_no_scratch(
    tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    fill(tmp_path, small_network(bypass=False))
    before = sorted(tmp_path.iterdir())
    code = "from firebrick.cli import main; main()"
    options = ("--targets", "2000", "--boards", "", "--synth", "")
    process = start("-c", code, "report", "q.onnx", "-o", "page.md", *options)
    until(lambda: any("cc1plus" in x for x in family(str(tmp_path))), process)
    assert leftovers(tmp_path)
    process.send_signal(signal.SIGTERM)
    status = process.wait(PATIENCE)
    assert survivors(str(tmp_path)) == []
    assert leftovers(tmp_path) == []
    assert sorted(tmp_path.iterdir()) == before
    assert status == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", processes.SIGNALS)
def test_children_of_threads_end_too(
    number: int, tmp_path: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    code = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # the background jobs of a shell ignore it
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # what `nohup` starts ignores it
from concurrent.futures import ThreadPoolExecutor
from firebrick.processes import ended_by_signals, run
from firebrick.files.scratch import scratch_folder

def one(_):
    with scratch_folder() as folder, (folder / "log").open("w") as log:
        run(["sh", "-c", "sleep 300 & sleep 300"], folder, log)

with ended_by_signals(), ThreadPoolExecutor(2) as pool:
    list(pool.map(one, range(6)))
"""
    process = start("-c", code)
    until(lambda: sum("sleep" in x for x in family(str(tmp_path))) >= 6, process)
    process.send_signal(number)
    status = process.wait(PATIENCE)
    assert status == (-number if number == signal.SIGINT else 128 + number)
    assert survivors(str(tmp_path)) == []
    assert leftovers(tmp_path) == []


def ended(number: int = signal.SIGTERM) -> None:
    """What a signal from outside does."""
    signal.raise_signal(number)


def test_a_child_that_is_gone_while_others_are_killed_saves_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread that waits for it forgets it at once."""
    children, killed = {object() for _ in range(9)}, []

    def kill(child: object) -> None:
        killed.append(child)
        processes._running.discard(child)

    monkeypatch.setattr(processes, "_running", set(children))
    monkeypatch.setattr(processes, "kill", kill)
    with pytest.raises(SystemExit) as stop, ended_by_signals():
        ended()
    assert stop.value.code == 143
    assert set(killed) == children


def test_signal_in_the_midst_of_cleaning_up_lets_it_end(tmp_path: Path) -> None:
    calls = []

    def clean() -> None:
        calls.append("begun")
        if len(calls) == 1:
            ended()
        calls.append("ended")

    with pytest.raises(SystemExit) as stop, ended_by_signals(), at_end(clean):
        pass
    assert stop.value.code == 143
    assert calls == ["begun", "begun", "ended"]


def test_signal_at_any_step_of_replacing_a_folder_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, target = Marker("m.json"), tmp_path / "rtl"
    rename = Path.rename

    def make(text: str) -> None:
        with whole_folder(target, marker) as temporary:
            (temporary / "a").write_text(text)
            write_marker(temporary, marker)

    make("old")
    for step in range(4):  # before and after each of the two renamings
        passed = iter(range(4))

        def ending(path: Path, to: Path, step: int = step, passed: Iterator[int] = passed) -> Path:
            if next(passed, None) == step:
                ended()
            done = rename(path, to)
            if next(passed, None) == step:
                ended()
            return done

        monkeypatch.setattr(Path, "rename", ending)
        with pytest.raises(SystemExit), ended_by_signals():
            make("new")
        monkeypatch.setattr(Path, "rename", rename)
        assert (target / "a").read_text() in ("old", "new")
        assert list(tmp_path.iterdir()) == [target]


def test_file_that_is_being_written_is_gone(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(SystemExit), ended_by_signals(), whole_file(target) as temporary:
        temporary.write_text("half")
        ended()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_child_that_is_just_being_started_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, born = subprocess.Popen, []

    def popen(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        born.append(real(*arguments, **options))
        ended()
        return born[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    with (
        pytest.raises(SystemExit),
        ended_by_signals(),
        (tmp_path / "log").open("w") as log,
    ):
        run(["sleep", "300"], tmp_path, log)
    assert born[0].wait(PATIENCE) == -signal.SIGKILL


def test_child_ends_with_all_it_started_when_time_is_over(tmp_path: Path) -> None:
    (tmp_path / "pids").touch()
    command = ["sh", "-c", "sleep 300 & echo $! > pids; wait"]
    with (tmp_path / "log").open("w") as log, pytest.raises(subprocess.TimeoutExpired):
        run(command, tmp_path, log, timeout=0.5)
    grandchild = int((tmp_path / "pids").read_text())
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{grandchild}/exe").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{grandchild}/exe").exists()


def test_who_ignores_a_signal_goes_on() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            ended(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_as_before(tmp_path: Path) -> None:
    before = [signal.getsignal(x) for x in processes.SIGNALS]
    with pytest.raises(SystemExit), ended_by_signals():
        ended()
    assert [signal.getsignal(x) for x in processes.SIGNALS] == before
    with (
        (tmp_path / "log").open("w") as log,
        started(["true"], tmp_path, stdout=log, stderr=log) as process,
    ):
        process.wait()
    assert process.returncode == 0


def test_scratch_is_private_and_goes(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as scratch:
        assert scratch.stat().st_mode & 0o777 == 0o700
        (scratch / "link").symlink_to(tmp_path / "kept")
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "a").touch()
    assert [x.name for x in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "a").exists()
    shutil.rmtree(tmp_path / "kept")
