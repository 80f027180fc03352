# SPDX-License-Identifier: Apache-2.0
"""The tests that every operator's hardware has; an operator brings its cases and a `check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

Case = TypeVar("Case")
Test = Callable[..., None]

AT_ONCE = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
"""Of tests that are always run: the first failing draw is reported as it is, since to shrink it
would compile a simulator at every step."""


def rtl_tests(
    check: Callable[[Case, Path, Path], None],
    cases: Mapping[str, Case],
    slow_cases: Mapping[str, Case],
    drawn: SearchStrategy[Case],
    real: SearchStrategy[Case] | None = None,
) -> tuple[Test, Test, Test, Test]:
    """Tests for a module's namespace: named cases and drawn geometries, fast and slow.

    Args:
        check: builds and simulates one case; takes the case, a work folder and the build folder.
        cases: by name, run always.
        slow_cases: by name, run by `make test-all`.
        drawn: strategy for geometries, run by `make test-all`.
        real: the same, run always, without those that are not worth a simulator, such as the
            simplest of all, which would come first; `drawn` if None.
    """

    @pytest.mark.parametrize("name", cases)
    def test_rtl(name: str, tmp_path: Path, build_root: Path) -> None:
        check(cases[name], tmp_path, build_root)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", slow_cases)
    def test_rtl_more(name: str, tmp_path: Path, build_root: Path) -> None:
        check(slow_cases[name], tmp_path, build_root)

    @settings(AT_ONCE, max_examples=2)
    @given(case=drawn if real is None else real)
    def test_rtl_drawn(
        case: Case, tmp_path_factory: pytest.TempPathFactory, build_root: Path
    ) -> None:
        check(case, tmp_path_factory.mktemp("drawn"), build_root)

    @pytest.mark.slow
    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(case=drawn)
    def test_rtl_drawn_more(
        case: Case, tmp_path_factory: pytest.TempPathFactory, build_root: Path
    ) -> None:
        check(case, tmp_path_factory.mktemp("drawn"), build_root)

    return test_rtl, test_rtl_more, test_rtl_drawn, test_rtl_drawn_more
