# SPDX-License-Identifier: Apache-2.0
"""A network in its shell, in memory and by registers: runs, resets, stalls, what is counted."""

from pathlib import Path

import pytest
from shell_bench import Case, simulate

FAST = [Case(64, side=5, classes=17, loaded=True)]
SLOW = [
    Case(32),
    Case(32, pixels=8, loaded=True),
    Case(64, pixels=2, channels=1, classes=17),
    Case(128, pixels=2, side=5, classes=17, loaded=True),
    Case(128, pixels=16),
    Case(256, channels=6, side=5, classes=80),
    Case(512, pixels=4, classes=100, side=5, loaded=True),
]


@pytest.mark.parametrize(
    "case", [*FAST, *(pytest.param(x, marks=pytest.mark.slow) for x in SLOW)], ids=str
)
def test_shell(case: Case, build_root: Path, tmp_path: Path) -> None:
    simulate(case, build_root, tmp_path, "tb_shell")


@pytest.mark.parametrize(
    "case",
    [Case(0, pixels=2, loaded=True), pytest.param(Case(0, channels=1), marks=pytest.mark.slow)],
    ids=str,
)
def test_stream_shell(case: Case, build_root: Path, tmp_path: Path) -> None:
    simulate(case, build_root, tmp_path, "tb_shell_stream")
