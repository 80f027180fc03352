# SPDX-License-Identifier: Apache-2.0
"""Trials under strace, with every tool; as a program: what strace watches."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import strace
from trials import Trial, lost, touched, wrong_words

SECONDS = 600.0
"""Of one command, building a simulator included."""
MOST_BYTES = 1 << 30
"""Resident memory of a command and of each tool it starts."""
TOOLS = re.compile(
    r"python3?(\.\d+)?|yosys-abc|verilator(_bin)?|perl|make|g\+\+(-\d+)?|c\+\+|cc1plus|as|collect2"
    r"|ld(\.bfd)?|ar|sh|dash|rm|cp|mv|echo|mkdir|touch|cat|uname"
    r"|firebrick_kernel|firebrick_network|network"
)
"""Programs that counting with Yosys and building and running a simulator start."""
QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "TERM": "dumb", "COLUMNS": "200"}


def run(trials: Sequence[Trial], scratch: Path) -> tuple[dict[int, list[str]], list[str]]:
    """Run trials under strace.

    Args:
        trials: drawn before.
        scratch: empty folder. Temporary files of commands go to a folder in it, which must be empty
            at the end.

    Returns:
        What was wrong, by seed; and a line a command.
    """
    (scratch / "tmp").mkdir()
    jobs = [{"seed": x.seed, "folder": str(x.folder), "commands": x.commands} for x in trials]
    (scratch / "jobs.json").write_text(json.dumps(jobs))
    paths = {"TMPDIR": str(scratch / "tmp"), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    program = [sys.executable, __file__, str(scratch)]
    subprocess.run(
        [*strace.command(scratch / "log"), *program],
        check=True,
        env=os.environ | QUIET | paths,
        cwd=scratch,
    )
    deeds = strace.read(scratch / "log", scratch)
    outcomes = json.loads((scratch / "outcomes.json").read_text())
    wrong, lines = {}, []
    left = [f"left {x.name}" for x in (scratch / "tmp").iterdir()]
    for trial in trials:
        deed = deeds[trial.seed]
        wrong[trial.seed] = [
            *touched(trial, deed.changed - {str(scratch / "said")}, scratch / "tmp"),
            *(f"ran {x}" for x in sorted(deed.ran) if not TOOLS.fullmatch(Path(x).name)),
            *(f"connected to {x}" for x in sorted(deed.reached)),
            *lost(trial),
            *left,
        ]
        for words, (status, said, peak) in zip(
            trial.commands, outcomes[str(trial.seed)], strict=True
        ):
            what = f"{trial.seed} {trial.kind}: {words[0]}"
            wrong[trial.seed] += [f"{what}: {x}" for x in wrong_words(status, said)]
            if peak > MOST_BYTES:
                wrong[trial.seed].append(f"{what}: took {peak >> 20} MiB")
            end = said.strip().splitlines()[-1:]
            lines.append(f"{what}: {status}, {peak >> 20} MiB: {end!r:.150}")
    return wrong, lines


def work(scratch: Path) -> None:
    """In the traced process: every command in a child of its own; imports are shared."""
    from firebrick import cli  # noqa: PLC0415 - nobody else needs it

    outcomes: dict[int, list[tuple[int, str, int]]] = {}
    for job in json.loads((scratch / "jobs.json").read_text()):
        _mark(job["seed"])
        outcomes[job["seed"]] = [
            _command(cli.main, job["folder"], words, scratch) for words in job["commands"]
        ]
        _mark(-1)
    (scratch / "outcomes.json").write_text(json.dumps(outcomes))


def _mark(seed: int) -> None:
    """Tell whoever reads the trace which trial begins."""
    with contextlib.suppress(OSError):
        os.close(os.open(f"{strace.MARK}{seed}", os.O_RDONLY))


def _command(main: Any, folder: str, words: list[str], scratch: Path) -> tuple[int, str, int]:
    """Exit status, what was said, bytes of the largest process."""
    said = scratch / "said"
    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    child = os.fork()
    if not child:
        os.setsid()
        os.chdir(folder)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        sys.argv = ["firebrick", *words]
        main()
        sys.exit(0)
    os.close(handle)
    end, serving = time.monotonic() + SECONDS, words[0] == "serve"
    while True:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            break
        if serving and "http://" in said.read_text(errors="replace"):
            os.kill(child, signal.SIGINT)
            serving = False
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.1)
    text = said.read_text(errors="replace")
    said.unlink()
    return os.waitstatus_to_exitcode(status), text, usage.ru_maxrss * 1024


if __name__ == "__main__":
    work(Path(sys.argv[1]))
