# SPDX-License-Identifier: Apache-2.0
"""Run a compiled design under cocotb, through cocotb's runner."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner

from firebrick.errors import CheckFailed
from firebrick.verify.simulation.verilator import tail


@contextlib.contextmanager
def _python_path(folders: Sequence[Path]) -> Iterator[None]:
    """Let cocotb's runner pass these folders on: it hands its own `sys.path` to the simulation."""
    before = list(sys.path)
    sys.path[:0] = [str(folder) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before


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
        with _python_path(python_path):
            get_runner("verilator").test(
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
        raise CheckFailed(f"simulation of {binary.name} failed", log=tail(log)) from error
    if failed or not tests:
        text = f"simulation of {binary.name}: {failed} of {tests} tests failed"
        raise CheckFailed(text, log=tail(log))
    return log
