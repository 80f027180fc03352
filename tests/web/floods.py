# SPDX-License-Identifier: Apache-2.0
"""Bad clients of a page, on this machine alone and for a given time; and a good one among them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pages import picture

HOST = "127.0.0.1"
GOOD = picture(size=(400, 300))
PAUSE = 0.1
"""Of a bad client between its connections, seconds."""
LINGER = 0.5
"""Of one that aborts, after what it sends, seconds."""
PATIENCE = 10.0
"""Of the good one, seconds."""
ABORTING = struct.pack("ii", 1, 0)
"""For SO_LINGER: what was not sent is dropped, and the other side hears of it at once."""


@dataclass
class Connection:
    """Of a bad client.

    Attributes:
        port: of the page.
        turn: how many this client had before.
        reader: from the page.
        writer: to it.
    """

    port: int
    turn: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def trickle(self, data: bytes, seconds: float) -> None:
        """Send a byte after the other, with pauses, until the page has enough."""
        ended = asyncio.ensure_future(self.reader.read())
        try:
            for byte in data:
                self.writer.write(bytes([byte]))
                await asyncio.wait((ended,), timeout=seconds)
                if ended.done():
                    break
        finally:
            ended.cancel()


BadClient = Callable[[Connection], Awaitable[None]]


@dataclass
class Seen:
    """What came of it.

    Attributes:
        answers: status of each good upload, 0 without one, and the seconds it took.
        made: connections of bad clients.
    """

    answers: list[tuple[int, float]] = field(default_factory=list)
    made: int = 0


def head(port: int, length: int | None = len(GOOD), *more: str) -> bytes:
    """Of an upload; without a length its body comes in chunks."""
    how = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    first = ("POST /api/classify HTTP/1.1", f"Host: {HOST}:{port}", "Content-Type: image/png", how)
    return "\r\n".join((*first, *more, "", "")).encode()


async def silent(connection: Connection) -> None:
    """Says nothing."""
    await connection.reader.read()


async def slow_header(connection: Connection) -> None:
    """A byte of the header a second."""
    await connection.trickle(head(connection.port), 1.0)


async def slow_upload(connection: Connection) -> None:
    """A byte of the photograph a second."""
    connection.writer.write(head(connection.port))
    await connection.trickle(GOOD, 1.0)


async def aborted_upload(connection: Connection) -> None:
    """Half an upload or a whole one, then gone."""
    sent = GOOD if connection.turn % 2 else GOOD[: len(GOOD) // 2]
    connection.writer.write(head(connection.port) + sent)
    await asyncio.sleep(LINGER)


async def stalled_upload(connection: Connection) -> None:
    """Nearly as much as is taken, at once; then nothing."""
    size = 10 << 20
    connection.writer.write(head(connection.port, size) + bytes(size - 1))
    await connection.reader.read()


async def crumbs(connection: Connection) -> None:
    """An upload in chunks of one byte, as fast as it goes."""
    connection.writer.write(head(connection.port, None))
    while not connection.reader.at_eof():
        connection.writer.write(b"1\r\nx\r\n" * 5000)
        await connection.writer.drain()


async def never_reads(connection: Connection) -> None:
    """Asks for more and more and takes none of it."""
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
    ask = f"GET /sample.png HTTP/1.1\r\nHost: {HOST}:{connection.port}\r\n\r\n".encode()
    while True:
        connection.writer.write(ask * 1000)
        await connection.writer.drain()


async def flood(
    port: int, clients: dict[BadClient, int], seconds: float, every: float = 2.0
) -> Seen:
    """Bad clients, so many of each, that come again whenever they are sent away, and a good one.

    Args:
        port: of the page.
        clients: the bad ones.
        seconds: after these all stop.
        every: so often the good one sends a photograph.
    """
    seen = Seen()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    bad = [
        asyncio.ensure_future(_come_again(port, client, seen, end))
        for client, count in clients.items()
        for _ in range(count)
    ]
    await asyncio.sleep(0.2)
    while (start := loop.time()) < end:
        try:
            status = await asyncio.wait_for(_upload(port), PATIENCE)
        except (TimeoutError, OSError, EOFError):
            status = 0
        seen.answers.append((status, loop.time() - start))
        await asyncio.sleep(max(0.0, every - (loop.time() - start)))
    for task in bad:
        task.cancel()
    for result in await asyncio.gather(*bad, return_exceptions=True):
        assert result is None or isinstance(result, asyncio.CancelledError), result
    return seen


async def _come_again(port: int, client: BadClient, seen: Seen, end: float) -> None:
    turn, loop = 0, asyncio.get_running_loop()
    while loop.time() < end:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(HOST, port)
            seen.made += 1
            try:
                await client(Connection(port, turn, reader, writer))
            finally:
                with contextlib.suppress(OSError):  # it may be closed already
                    plug = writer.get_extra_info("socket")
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTING)
                writer.transport.abort()
        turn += 1
        await asyncio.sleep(PAUSE)


async def _upload(port: int) -> int:
    """Status of the answer to a good upload."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(head(port) + GOOD)
        answer = await reader.readuntil(b"\r\n\r\n")
        return int(answer.split()[1])
    finally:
        writer.transport.abort()
