# SPDX-License-Identifier: Apache-2.0
"""Running code in a fresh process, for tests of how much memory and time it takes."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_COMMANDS = """
import json, sys
from firebrick.cli import main
statuses = []
for line in json.loads(sys.argv[1]):
    sys.argv = ["firebrick", *line]
    try:
        main()
        statuses.append(0)
    except SystemExit as stop:
        statuses.append(int(stop.code or 0))
print(json.dumps(statuses))
"""
_PEAK = """
import atexit, sys
@atexit.register
def _report():
    # Of this process alone: the kernel's maximum would be that of the one that started it as well.
    status = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
    print(int(status) // 1024, file=sys.stderr)
"""


@dataclass(frozen=True)
class Measured:
    """What a process left behind.

    Attributes:
        out: of what it printed, the last line.
        errors: lines on stderr.
        peak: most memory that it had resident, MB.
    """

    out: str
    errors: list[str]
    peak: int


def measured(code: str, *arguments: str) -> Measured:
    """Run Python code in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", _PEAK + code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    *errors, peak = run.stderr.splitlines()
    return Measured((run.stdout.splitlines() or [""])[-1], errors, int(peak))


def commands(*lines: list[str | Path]) -> tuple[list[int], Measured]:
    """Run commands of firebrick, one after the other in one process: their exit statuses."""
    result = measured(_COMMANDS, json.dumps([[str(x) for x in line] for line in lines]))
    return json.loads(result.out), result
