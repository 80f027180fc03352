# SPDX-License-Identifier: Apache-2.0
"""Drawn geometries cost a simulator each: a failing one is reported, not made smaller."""

from pathlib import Path

import hls_tests
import pytest
from hypothesis import strategies as st
from rtl_tests import rtl_tests

from firebrick.errors import CheckFailed

DRAWN = st.integers(0, 10**6)
REAL = DRAWN.filter(lambda number: number > 0)


def fail(*_: object) -> None:
    raise CheckFailed("wrong")


def test_failing_geometry_of_a_module_is_reported_at_once(
    tmp_path_factory: pytest.TempPathFactory, build_root: Path
) -> None:
    seen: list[int] = []

    def check(case: int, folder: Path, root: Path) -> None:
        seen.append(case)
        fail()

    drawn = rtl_tests(check, {}, {}, DRAWN, REAL)[2]
    with pytest.raises(CheckFailed, match="wrong"):
        drawn(tmp_path_factory=tmp_path_factory, build_root=build_root)
    # Once more, from the build that is there, to show the failure.
    assert seen == seen[:1] * 2
    assert seen[0] > 0


def test_failing_geometry_of_a_function_is_reported_at_once(
    tmp_path_factory: pytest.TempPathFactory, build_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, int]] = []
    monkeypatch.setattr(hls_tests, "build", lambda benches, *_: seen.append(benches))
    monkeypatch.setattr(hls_tests, "command", lambda **_: [])
    monkeypatch.setattr(hls_tests, "check_function", fail)
    drawn = hls_tests.hls_tests(lambda case: case, {}, {}, DRAWN, REAL)[2]  # type: ignore[arg-type, return-value]
    with pytest.raises(CheckFailed, match="wrong"):
        drawn(tmp_path_factory=tmp_path_factory, build_root=build_root)
    assert seen == seen[:1] * 2
    assert len(set(seen[0].values())) == 4
