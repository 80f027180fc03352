# SPDX-License-Identifier: Apache-2.0
"""Run a compiled design under cocotb, through cocotb's runner."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from firebrick.errors import CheckFailed
from firebrick.processes import run as start
from firebrick.verify.simulation.verilator import tail

SIGNALLED = 128
"""Exit statuses above this are of signals."""


def _runner(python_path: Sequence[Path]) -> Any:
    """The runner of cocotb, with its way of starting commands replaced by ours.

    So a signal ends a simulation in whatever thread it was started, and simulations side by side
    are given `python_path` without a change of the `sys.path` that they would share.
    """
    runner: Any = get_runner("verilator")

    def execute(commands: Sequence[Sequence[str]], folder: str, log: IO[str]) -> None:
        paths = os.pathsep.join([*map(str, python_path), *sys.path])
        env = runner.env | {"PYTHONPATH": paths}
        for command in commands:
            status = start(command, Path(folder), log, env=env)
            if status:
                raise RuntimeError(f"{command[0]} failed with status {status}")

    runner._execute_cmds = execute
    return runner


def run(
    binary: Path,
    workdir: Path,
    test_module: str,
    *,
    python_path: Sequence[Path] = (),
    plusargs: Sequence[str] = (),
    waves: bool = False,
    seed: int = 1,
) -> Path:
    """Run a compiled design under a cocotb test module.

    Args:
        binary: from `verilator.build`.
        workdir: working directory of the simulation: memory images, stimuli, results, `sim.log`,
            and `dump.fst` with waves.
        test_module: cocotb module, found on `python_path` or Python's own path.
        python_path: folders to find `test_module` in.
        plusargs: given to the simulation, each with its `+`.
        waves: record all signals; the design must be built with `waves` too.
        seed: of cocotb's random generator.

    Returns:
        The log of the simulation.

    Raises:
        CheckFailed: if a test or an assertion fails, with the end of the log.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    log, results = workdir / "sim.log", workdir / "results.xml"
    try:
        _runner(python_path).test(
            test_module,
            binary.name,
            hdl_toplevel_lang="verilog",
            build_dir=binary.parent.resolve(),
            test_dir=workdir.resolve(),
            plusargs=plusargs,
            waves=waves,
            seed=seed,
            results_xml=str(results.resolve()),
            log_file=log.resolve(),
        )
        tests, failed = get_results(results)
    except (RuntimeError, SystemExit) as error:
        code = error.code if isinstance(error, SystemExit) else None
        if isinstance(code, int) and code > SIGNALLED:
            raise  # a signal is ending this program
        raise CheckFailed(f"simulation of {binary.name} failed", log=tail(log)) from error
    if failed or not tests:
        text = f"simulation of {binary.name}: {failed} of {tests} tests failed"
        raise CheckFailed(text, log=tail(log))
    return log
