# SPDX-License-Identifier: Apache-2.0
"""Verilator's opinion of a design."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from firebrick.verify.simulation.verilator import verilator_root


def assert_clean(sources: Iterable[Path], *options: str) -> None:
    """All warnings are on, and there is none."""
    root = verilator_root()
    command = [str(root / "bin" / "verilator_bin"), "--lint-only", "--timing", "-Wall", *options]
    result = subprocess.run(
        [*command, *map(str, sources)],
        env={"VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
