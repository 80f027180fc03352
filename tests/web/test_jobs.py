# SPDX-License-Identifier: Apache-2.0
"""The line of photographs: bounded, in order, and left by what is cancelled."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from firebrick.web.jobs import Jobs


class Data:
    """Stands for the bytes of a photograph; one can see whether it is held."""


class Gate:
    """Work that ends when it is let go."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.at_work = threading.Event()
        self.open = threading.Event()

    def __call__(self, data: Any) -> Any:
        self.begun.append(data)
        self.at_work.set()
        assert self.open.wait(20)
        return data


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


def test_one_is_at_work_and_as_many_as_said_wait(gate: Gate) -> None:
    jobs = Jobs(gate, waiting=2)
    given: list[Any] = [b"0", b"1", b"2"]
    added = [jobs.add(x) for x in given]
    assert None not in added
    assert jobs.full
    assert jobs.add(b"3") is None
    gate.open.set()
    assert [x.result(20) for x in added if x] == given
    assert gate.begun == given
    jobs.close()
    assert not jobs.full


def test_what_is_cancelled_leaves_with_its_data(gate: Gate) -> None:
    jobs = Jobs(gate, waiting=1)
    first: Any = jobs.add(b"0")
    assert gate.at_work.wait(20)
    data: Any = Data()
    held = weakref.ref(data)
    waiting: Any = jobs.add(data)
    del data
    assert jobs.full
    assert waiting.cancel()
    assert not jobs.full
    assert held() is None
    assert not first.cancel()  # it is at work, and keeps its place
    last: Any = jobs.add(b"1")
    assert jobs.full
    gate.open.set()
    assert (first.result(20), last.result(20)) == (b"0", b"1")
    assert gate.begun == [b"0", b"1"]
    jobs.close()


def test_work_that_fails_says_so_and_the_next_is_done() -> None:
    def work(data: bytes) -> Any:
        return 1 // len(data)

    jobs = Jobs(work, waiting=1)
    with pytest.raises(ZeroDivisionError):
        jobs.add(b"").result(20)  # type: ignore[union-attr]
    for _ in range(3):  # places are free again, and whoever works begins anew
        assert jobs.add(b"x").result(20) == 1  # type: ignore[union-attr]
    jobs.close()


def test_nothing_begins_after_the_end(gate: Gate) -> None:
    jobs = Jobs(gate, waiting=1)
    first: Any = jobs.add(b"0")
    assert gate.at_work.wait(20)
    waiting: Any = jobs.add(b"1")
    threading.Timer(0.1, gate.open.set).start()
    jobs.close()
    assert first.result(0) == b"0"
    assert waiting.cancelled()
