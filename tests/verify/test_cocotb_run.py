# SPDX-License-Identifier: Apache-2.0
"""Simulations under cocotb are children like any other: several at a time, ended at once."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from firebrick import processes
from firebrick.errors import CheckFailed
from firebrick.verify.simulation import cocotb_run

SLEEP = "import time; time.sleep(300)"
SHOW = "import os; print(os.environ['PYTHONPATH'].split(os.pathsep)[0], os.environ['KIND'])"


class Runner:
    """Of cocotb, with another command in place of a simulation."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.env = {"KIND": "cocotb"}
        self._execute_cmds: Any = None

    def test(self, *_: object, test_dir: Path, log_file: Path, **options: object) -> None:
        """What cocotb does, in short."""
        with log_file.open("w") as log:
            self._execute_cmds([[sys.executable, "-c", self.code]], test_dir, log)


def use(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(cocotb_run, "get_runner", lambda _: Runner(code))
    monkeypatch.setattr(cocotb_run, "get_results", lambda _: (1, 0))


def test_each_has_its_own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, SHOW)
    before = list(sys.path)

    def one(number: int) -> str:
        folder = tmp_path / f"path{number}"
        log = cocotb_run.run(
            tmp_path / "bench", tmp_path / f"{number}", "tb", python_path=(folder,)
        )
        return log.read_text()

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(one, range(4)))
    assert said == [f"{tmp_path / f'path{x}'} cocotb\n" for x in range(4)]
    assert sys.path == before


def test_one_in_a_thread_ends_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, SLEEP)
    known = set(processes._running)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(cocotb_run.run, tmp_path / "bench", tmp_path, "tb")
        end = time.monotonic() + 60
        while not (ours := processes._running - known):
            assert time.monotonic() < end
            time.sleep(0.01)
        for process in ours:
            processes.kill(process)
        with pytest.raises(CheckFailed, match="simulation of bench failed"):
            future.result(60)


@pytest.mark.parametrize(("status", "ends_in"), [(143, SystemExit), (1, CheckFailed)])
def test_a_signal_ends_the_command_not_the_simulation_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, ends_in: type[BaseException]
) -> None:
    """Cocotb itself leaves by 1 where a test fails."""

    def leave(*_: object, **__: object) -> None:
        raise SystemExit(status)

    use(monkeypatch, SLEEP)
    monkeypatch.setattr(Runner, "test", leave)
    with pytest.raises(ends_in):
        cocotb_run.run(tmp_path / "bench", tmp_path, "tb")
