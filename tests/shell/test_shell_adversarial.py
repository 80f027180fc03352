# SPDX-License-Identifier: Apache-2.0
"""A network in its shell among hostile neighbours; see `sim/benches/tb_shell_adversarial.py`."""

from pathlib import Path

import pytest
from shell_bench import Case, simulate

FAST = [(Case(32), 1, 1)]
SLOW = [
    (Case(32), 12, 2),
    (Case(128, pixels=2, loaded=True, side=5, classes=17), 10, 3),
    (Case(64, pixels=2, channels=1, classes=17), 10, 4),
    (Case(512, pixels=4, loaded=True, classes=100), 10, 5),
]


def name(value: object) -> str:
    return str(value)


@pytest.mark.parametrize(
    ("case", "rounds", "seed"),
    [*FAST, *(pytest.param(*x, marks=pytest.mark.slow) for x in SLOW)],
    ids=name,
)
def test_next_run_is_right(
    case: Case, rounds: int, seed: int, build_root: Path, tmp_path: Path
) -> None:
    simulate(case, build_root, tmp_path, "tb_shell_adversarial", rounds=rounds, seed=seed)


@pytest.mark.parametrize(
    ("case", "rounds", "seed"),
    [
        (Case(0, pixels=2, loaded=True), 2, 6),
        pytest.param(Case(0, pixels=2, loaded=True), 25, 7, marks=pytest.mark.slow),
        pytest.param(Case(0, channels=1), 25, 8, marks=pytest.mark.slow),
    ],
    ids=name,
)
def test_next_packet_is_right(
    case: Case, rounds: int, seed: int, build_root: Path, tmp_path: Path
) -> None:
    simulate(case, build_root, tmp_path, "tb_stream_adversarial", rounds=rounds, seed=seed)
