# SPDX-License-Identifier: Apache-2.0
"""Connections whose clients may be slow, silent or gone: none keeps the others from being served.

uvicorn waits for a client for ever. Here it is given `SECONDS` for each step that is its own: to
send a whole header, to take an answer. What is read of a body, and for how long, is the
application's matter (`upload.py`).
"""

from __future__ import annotations

import asyncio
import resource
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256
"""Connections at once; when there are more, the one whose client has been silent longest goes."""
SECONDS = 10.0
"""For a whole header since the connection or the answer before it, and to take an answer."""
TURN = 0.001
"""Seconds for what one connection sends before it is another's turn: in chunks of one byte 64 kB
take h11 50 ms, as a whole less than one."""
_RECEIVED = memoryview(bytearray(64 << 10))
_LEAST_RECEIVED = 256


def most() -> int:
    """`MOST`, or less where a process may have few files open; there are others than these."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else min(MOST, files // 4)


class Connection(H11Protocol, asyncio.BufferedProtocol):
    """uvicorn's protocol with limits; given to it as `http`."""

    _timer: asyncio.TimerHandle | None = None
    _heard = 0.0
    _piece = 4 << 10

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Another connection: too many?"""
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._restart_timer()
        if len(self.tasks) > most():  # requests may outlive their connections
            self.drop()
        elif len(self.connections) > most():
            waiting = [x for x in self.connections if isinstance(x, Connection) and x.waits]
            min(waiting, key=lambda x: x._heard).drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what comes; `buffer_updated` follows at once, so one serves for all."""
        return _RECEIVED[: self._piece]

    def buffer_updated(self, nbytes: int) -> None:
        """Something came; how much is taken at a time follows from what it costs."""
        self._heard = self.loop.time()
        start = time.thread_time()
        self.data_received(bytes(_RECEIVED[:nbytes]))
        if time.thread_time() - start > TURN:
            self._piece = max(_LEAST_RECEIVED, self._piece // 2)
        else:
            self._piece = min(len(_RECEIVED), self._piece * 2)

    def on_response_complete(self) -> None:
        """The answer was written; the client has to take it, and may ask for more."""
        super().on_response_complete()
        self._heard = self.loop.time()
        self._restart_timer()

    def pause_writing(self) -> None:
        """The client does not take what was written."""
        super().pause_writing()
        self._restart_timer()

    @property
    def waits(self) -> bool:
        """Whether the client's next step is what this waits for."""
        return self._stalled or bool(self.cycle.more_body)

    def drop(self) -> None:
        """Forget the connection and what was written to it."""
        self.connections.discard(self)
        self.transport.abort()

    @property
    def _stalled(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        answered = cycle is None or cycle.response_complete
        return answered or self.flow.write_paused or self.transport.is_closing()

    def _restart_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_later(SECONDS, self._time_over)

    def _time_over(self) -> None:
        if self._stalled:
            self.drop()
        else:
            self._restart_timer()
