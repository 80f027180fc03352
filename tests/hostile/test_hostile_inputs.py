# SPDX-License-Identifier: Apache-2.0
"""Plans, folders, bundles, boards and names changed at random: one line, nothing else touched.

In the fast tests commands run in this process, watched by Python's audit hook, and stop where a
tool would be started; in the slow ones strace watches them with every tool. Seeds are the same.
"""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import attacks
import pytest
import strace
import traced
from trials import Trial, draw, lost, prepare, touched, wrong_words
from watch import Watch

from command_line import firebrick
from firebrick.errors import FirebrickError

FAST, ALL, RUN = 30, 300, 10
STOPPED = "stopped before the tool"
TOOLS = (
    "firebrick.synth.yosys.count.synthesize_module",
    "firebrick.verify.rtl_engine.build_network",
    "firebrick.runtime.sim.build",
)
"""What would start a tool."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "base"
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def _no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> object:
        raise FirebrickError(STOPPED)

    for place in TOOLS:
        module, name = place.rsplit(".", 1)
        monkeypatch.setattr(import_module(module), name, stop)


@pytest.fixture
def _strace() -> None:
    if not shutil.which("strace"):
        if os.environ.get("CI"):
            pytest.fail("strace is missing")
        pytest.skip("strace is missing: apt-get install strace")


def wrong(trial: Trial, watch: Watch, scratch: Path) -> tuple[list[str], list[int]]:
    """What is wrong with a trial, and how its commands ended."""
    found, ends = [], []
    for words in trial.commands:
        with watch.watching():
            result = firebrick(trial.folder, *words)
        found += wrong_words(result.returncode, result.stdout + result.stderr)
        found += touched(trial, watch.changed, scratch)
        found += [f"ran {x}" for x in watch.begun]
        found += [f"read {x}" for x in watch.read if x == attacks.PRIVATE]
        ends.append(0 if STOPPED in result.stderr else result.returncode)
    return found + lost(trial), ends


@pytest.mark.usefixtures("_no_tools")
@pytest.mark.parametrize("first", range(0, FAST, RUN))
def test_hostile_inputs_do_no_harm(
    first: int, base: Path, tmp_path: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    ends = []
    for seed in range(first, first + RUN):
        trial = draw(seed, base, tmp_path)
        found, statuses = wrong(trial, watch, scratch)
        assert not found, (seed, trial.kind, trial.commands)
        ends += statuses
        shutil.rmtree(trial.folder)
    assert 2 in ends
    assert not list(scratch.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("_strace")
@pytest.mark.parametrize("first", range(0, ALL, RUN))
def test_hostile_inputs_do_no_harm_with_every_tool(first: int, base: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    trials = [draw(seed, base, tmp_path) for seed in range(first, first + RUN)]
    found, lines = traced.run(trials, tmp_path / "scratch")
    print("\n".join(["", *lines, *(f"{k} WRONG: {x}" for k, v in found.items() for x in v)]))
    assert not any(found.values()), found


@pytest.mark.usefixtures("_strace")
def test_the_trace_sees_what_processes_do(tmp_path: Path) -> None:
    """Or nothing would ever be wrong."""
    program = (
        "import os, subprocess\n"
        f"try: os.open('{strace.MARK}3', 0)\nexcept OSError: pass\n"
        "os.mkdir('a b'); os.chdir('a b'); open('x', 'w').close(); os.rename('x', '../ü')\n"
        "subprocess.run(['touch', 'z']); os.unlink('z')\n"
    )
    command = [*strace.command(tmp_path / "log"), sys.executable, "-B", "-c", program]
    subprocess.run(command, check=True, cwd=tmp_path)
    deeds = strace.read(tmp_path / "log", tmp_path)[3]
    assert deeds.changed == {str(tmp_path / x) for x in ("a b", "a b/x", "ü", "a b/z")}
    assert [Path(x).name for x in deeds.ran] == ["touch"]
