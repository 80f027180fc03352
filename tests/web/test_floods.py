# SPDX-License-Identifier: Apache-2.0
"""Crowds of bad clients at a page in a process of its own: good uploads are answered throughout."""

from __future__ import annotations

import asyncio

import pytest
from floods import (
    PATIENCE,
    BadClient,
    Seen,
    aborted_upload,
    crumbs,
    flood,
    never_reads,
    silent,
    slow_header,
    slow_upload,
    stalled_upload,
)
from page_process import Page, page

MEMORY = 300 << 20
"""Most that the page's process may take, bytes."""


def load(at: Page, clients: dict[BadClient, int], seconds: float, every: float = 2.0) -> Seen:
    """Good uploads among bad clients; each must be answered."""
    seen = asyncio.run(flood(at.port, clients, seconds, every))
    assert seen.answers
    assert [x for x, _ in seen.answers] == [200] * len(seen.answers)
    assert max(x for _, x in seen.answers) < PATIENCE
    assert at.peak_memory() <= MEMORY
    return seen


@pytest.mark.parametrize(
    "clients",
    [
        {silent: 80, slow_upload: 20, aborted_upload: 20},
        {slow_header: 100},
        {stalled_upload: 8},
        {crumbs: 8},
        {never_reads: 20},
    ],
    ids=["silent, slow and aborted", "slow headers", "stalled", "crumbs", "never reading"],
)
def test_good_uploads_are_answered_among_bad_clients(clients: dict[BadClient, int]) -> None:
    with page(seconds=1.0, pace_seconds=0.5, most=64, work=0.02) as at:
        seen = load(at, clients, 2.0, 0.4)
    assert seen.made >= sum(clients.values())


def test_page_that_may_open_few_files_stays_up() -> None:
    """It sends away whoever is slow, which on a busy machine a good client is too: once."""
    with page(files=128) as at:
        seen = asyncio.run(flood(at.port, {silent: 150}, 1.5, 0.4))
        assert at.peak_memory() <= MEMORY
    statuses = [x for x, _ in seen.answers]
    assert set(statuses) <= {0, 200}
    assert statuses.count(200) >= max(1, len(statuses) - 1)


@pytest.mark.slow
def test_page_stays_up_for_a_minute_under_load() -> None:
    """With the limits that it has, and as many open files as is usual."""
    with page(files=1024, work=0.05) as at:
        seen = load(at, {silent: 200, slow_upload: 20, aborted_upload: 20}, 60.0)
        slowest = max(x for _, x in seen.answers)
        print(
            f"{len(seen.answers)} good uploads, the slowest took {slowest:.2f} s; "
            f"{seen.made} bad connections; peak memory {at.peak_memory() / 1e6:.0f} MB"
        )
    assert len(seen.answers) >= 10
