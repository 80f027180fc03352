# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, silent, odd or gone, each alone, at a page that gives them little time."""

from __future__ import annotations

import contextlib
import http.client
import io
import logging
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from floods import head
from pages import FakeDevice, fake_app, logits, picture

from firebrick.web import connections
from firebrick.web.app import Limits
from firebrick.web.classify import Logits, Pixels
from firebrick.web.photographs import to_pixels
from headless import served

SECONDS = 0.5
BODY = picture()
ASK = b"GET /api/model HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def port(device: FakeDevice, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Of a page that writes no log, whatever is sent, and still answers at the end."""
    monkeypatch.setattr(connections, "SECONDS", SECONDS)
    handler = logging.StreamHandler(io.StringIO())
    with served(fake_app(device, Limits(waiting=2, pace_seconds=SECONDS))) as address:
        log = logging.getLogger("uvicorn.error")  # which hands nothing on
        log.addHandler(handler)
        yield int(address.rsplit(":", 1)[1])
        assert httpx.get(f"{address}/api/model").status_code == 200
    log.removeHandler(handler)
    assert handler.stream.getvalue() == ""


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def everything(connection: socket.socket) -> bytes:
    """What comes until the page ends the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := connection.recv(1 << 16):
            found += data
    return found


def statuses(answers: bytes) -> list[int]:
    return [int(x[:3]) for x in answers.split(b"HTTP/1.1 ")[1:]]


def status(connection: socket.socket) -> int:
    """Of the next answer, read whole."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


@pytest.fixture
def gate(device: FakeDevice) -> Iterator[threading.Event]:
    """The fake has a photograph at work until this is set."""
    event = threading.Event()
    run = device.run

    def wait(images: Pixels, seconds: float) -> tuple[Logits, int, int]:
        answer = run(images, seconds)
        event.wait(20)
        return answer

    device.run = wait  # type: ignore[method-assign]
    yield event
    event.set()


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", ASK[:-2], b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "a byte", "half a header", "half a body that nobody wants"],
)
def test_client_that_does_not_go_on_is_dropped(port: int, sent: bytes) -> None:
    with connect(port) as connection:
        connection.sendall(sent)
        start = time.monotonic()
        everything(connection)
        assert time.monotonic() - start < 10


def test_header_must_be_whole_in_time_however_it_comes(port: int) -> None:
    with connect(port) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nA: ")
        for _ in range(100):
            time.sleep(SECONDS / 10)
            connection.sendall(b"x")
        pytest.fail("it was let go on")


def test_time_begins_anew_with_each_answer(port: int) -> None:
    with connect(port) as connection:
        for _ in range(4):
            time.sleep(SECONDS / 2)
            connection.sendall(ASK)
            assert status(connection) == 200
        start = time.monotonic()
        assert everything(connection) == b""
        assert time.monotonic() - start < 10


def test_upload_in_pieces_of_a_byte_is_served(port: int) -> None:
    small = picture(size=(4, 4))
    with connect(port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head(port, len(small)) + small:
            connection.send(bytes([byte]))
        assert status(connection) == 200


def test_upload_without_pace_is_told_so(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(head(port, 1000, "Expect: 100-continue"))
        assert statuses(connection.recv(1000)) == [100]
        answer = everything(connection)
    assert statuses(answer) == [408]
    assert b"the upload brought less than 20,000 bytes in 0.5 s" in answer


def test_who_does_not_take_answers_is_dropped(port: int) -> None:
    asks = ASK.replace(b"/api/model", b"/static/page.js") * 100
    with socket.socket() as connection, contextlib.suppress(ConnectionError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.setblocking(False)
        left, end = asks, time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):  # all buffers are full
                left = left[connection.send(left) :] or asks
            time.sleep(0.01)
        pytest.fail("it was let go on")


# --- number ---------------------------------------------------------------------------------------


def test_newcomer_takes_the_place_of_the_one_silent_longest(
    port: int, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 4)
    monkeypatch.setattr(connections, "SECONDS", 60.0)
    with contextlib.ExitStack() as stack:
        served_one, first, second, third = (stack.enter_context(connect(port)) for _ in range(4))
        served_one.sendall(head(port, len(BODY)) + BODY)
        third.sendall(ASK)
        assert status(third) == 200
        second.sendall(ASK[:9])
        first.sendall(ASK)
        assert status(first) == 200
        newcomer = stack.enter_context(connect(port))
        newcomer.sendall(ASK)
        assert status(newcomer) == 200
        assert everything(third) == b""  # the last that came is older than the others'
        for connection, rest in ((second, ASK[9:]), (first, ASK)):
            connection.sendall(rest)
            assert status(connection) == 200
        gate.set()
        assert status(served_one) == 200


def test_half_an_upload_keeps_no_place(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    monkeypatch.setattr(connections, "SECONDS", 60.0)
    with connect(port) as half, connect(port) as other:
        half.sendall(head(port, 1000, "Expect: 100-continue"))
        assert statuses(half.recv(1000)) == [100]
        other.sendall(ASK)
        assert status(other) == 200
        with connect(port) as newcomer:
            for connection in (newcomer, other):
                connection.sendall(ASK)
                assert status(connection) == 200
        assert everything(half) == b""


def test_newcomer_is_sent_away_while_too_much_is_at_work(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SECONDS", 60.0)
    with connect(port) as idle, connect(port) as first, connect(port) as second:
        idle.sendall(ASK)
        assert status(idle) == 200
        for connection in (first, second):
            connection.sendall(head(port, len(BODY), "Expect: 100-continue"))
            assert statuses(connection.recv(1000)) == [100]
        monkeypatch.setattr(connections, "MOST", 1)
        with connect(port) as newcomer:
            assert everything(newcomer) == b""
        monkeypatch.setattr(connections, "MOST", 256)
        idle.sendall(ASK)  # it was not its turn to go
        assert status(idle) == 200


def test_few_open_files_mean_fewer_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, expected in ((100, 25), (1024, 256), (1 << 20, 256), (-1, 256)):
        monkeypatch.setattr(connections.resource, "getrlimit", lambda _, x=files: (x, x))
        assert connections.most() == expected


# --- clients that are gone ------------------------------------------------------------------------


def test_jobs_of_clients_that_are_gone_are_not_done(
    port: int, device: FakeDevice, gate: threading.Event
) -> None:
    """One is at work and keeps its place; two wait and give theirs to the next."""
    url = f"http://127.0.0.1:{port}/api/classify"

    def wait_until(*, full: bool) -> None:
        deadline = time.monotonic() + 20
        expected = 503 if full else 415  # it is asked for a place first
        while httpx.post(url, headers={"content-type": "text/plain"}).status_code != expected:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    photographs = [picture(size=(60, 40 + n)) for n in range(5)]
    clients = [connect(port) for _ in photographs]

    def send(*numbers: int) -> None:
        for n in numbers:
            clients[n].sendall(head(port, len(photographs[n])) + photographs[n])

    send(0)
    while len(device.frames) < 3:
        time.sleep(0.01)
    send(1, 2)
    wait_until(full=True)
    for client in clients[1:3]:
        client.close()
    wait_until(full=False)
    send(3, 4)
    wait_until(full=True)
    clients[0].close()
    time.sleep(0.1)
    wait_until(full=True)
    gate.set()
    for client in clients[3:]:
        assert status(client) == 200
        client.close()
    seen = [logits(x).tolist() for x in device.frames[2:]]
    assert seen == [logits(to_pixels(photographs[n], 40, 24, 32)).tolist() for n in (0, 3, 4)]


# --- odd requests ---------------------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_turn(port: int) -> None:
    with connect(port) as connection:
        ask = ASK.replace(b"Host", b"Connection: close\r\nHost")
        connection.sendall(ASK * 200 + head(port, len(BODY)) + BODY + ask)
        assert statuses(everything(connection)) == [200] * 202


HOST = b"Host: localhost\r\n"
POST = b"POST /x HTTP/1.1\r\n" + HOST
UPGRADE = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
ODD = {
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n" + HOST + b"\r\n", [200]),
    "no host": (b"GET / HTTP/1.0\r\n\r\n", [403]),
    "WebSocket": (UPGRADE + b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n", [200]),
    "many headers": (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 50_000, [400]),
    "a long header": (b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"b" * 300_000, [400]),
    "a long path": (b"GET /" + b"x" * 300_000, [400]),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", [400]),
    "a length below 0": (POST + b"Content-Length: -1\r\n\r\nxx", [400]),
    "more than its length": (POST + b"Content-Length: 1\r\n\r\nx\0\r\n\r\n", [404, 400]),
    "wrong chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", [400]),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", [400]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [403, 400]),
}
"""What is sent, and the statuses of the answers."""


@pytest.mark.parametrize("name", ODD)
def test_odd_request_is_answered_or_refused(port: int, name: str) -> None:
    sent, expected = ODD[name]
    with connect(port) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
        found = statuses(everything(connection))
    assert found in (expected, [])  # an answer may be lost where more was sent than is read


def test_upload_of_wrong_chunks_is_refused(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(head(port, None) + b"1\r\nx\r\nzz\r\n")
        assert statuses(everything(connection)) == [400]
