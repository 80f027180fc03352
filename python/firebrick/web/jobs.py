# SPDX-License-Identifier: Apache-2.0
"""Photographs are classified one after the other; how many wait is bounded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from firebrick.web.classify import Result


class Jobs:
    """One job at work in a thread, the others in a line.

    A job that is cancelled leaves the line at once, and its data with it; one at work goes on, and
    keeps its place until it ends.

    Args:
        work: from the bytes of a photograph to the result.
        waiting: most jobs in the line.
    """

    def __init__(self, work: Callable[[bytes], Result], waiting: int) -> None:
        self._work = work
        self._most = 1 + waiting
        self._taken = 0
        self._line: dict[Future[Result], bytes] = {}  # the oldest first
        self._busy = False
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(1, "classify")

    @property
    def full(self) -> bool:
        """Whether no more are taken on."""
        return self._taken >= self._most

    def add(self, data: bytes) -> Future[Result] | None:
        """The result to come; None if no more are taken on."""
        job: Future[Result] = Future()
        with self._lock:
            if self.full:
                return None
            self._taken += 1
            self._line[job] = data
            if not self._busy:
                self._busy = True
                self._worker.submit(self._work_off)
        job.add_done_callback(self._leave)
        return job

    def close(self) -> None:
        """Start nothing more; wait for what is at work."""
        for job in list(self._line):
            job.cancel()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _leave(self, job: Future[Result]) -> None:
        with self._lock:
            self._taken -= 1
            self._line.pop(job, None)

    def _work_off(self) -> None:
        while True:
            with self._lock:
                job = next(iter(self._line), None)
                if job is None:
                    self._busy = False
                    return
                data = self._line.pop(job)
            if not job.set_running_or_notify_cancel():
                continue
            try:
                result = self._work(data)
            except BaseException as error:  # told to whoever waits
                job.set_exception(error)
            else:
                job.set_result(result)
