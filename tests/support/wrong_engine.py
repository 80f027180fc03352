# SPDX-License-Identifier: Apache-2.0
"""Engines that say something wrong, for tests that must see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from firebrick.ops.base import Engine


class _Answering:
    def __init__(self, engine: Engine, answers: dict[str, Callable[[], object]]) -> None:
        self._engine = engine
        self.__dict__ |= answers

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)


def answering(engine: Engine, **answers: Callable[[], object]) -> Any:
    """An engine, but for some methods that are replaced."""
    return _Answering(engine, answers)
