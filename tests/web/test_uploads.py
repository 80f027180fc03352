# SPDX-License-Identifier: Apache-2.0
"""Uploads that nobody should take: refused in one line, bounded, never quoted, against a fake."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import (
    PNG,
    FakeDevice,
    ask,
    classify,
    client,
    error_of,
    fake_app,
    picture,
    run,
)
from test_photographs import HOSTILE

from firebrick.web import upload
from firebrick.web.app import Limits
from firebrick.web.photographs import FORMATS, MAX_BYTES
from headless import served

SCRIPT = b"<script>alert(1)</script>"


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_uploads_are_refused_and_never_quoted(device: FakeDevice, name: str) -> None:
    app = fake_app(device)
    data, _ = HOSTILE[name]
    for kind in FORMATS:
        answer = classify(app, data, kind)
        assert answer.status_code in (400, 413, 415)
        assert error_of(answer).startswith("the upload ")
        assert b"script" not in answer.content
        assert answer.headers["content-type"] == "application/json"
    assert len(device.frames) == 2  # none of them reached the accelerator
    assert classify(app, picture()).status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        *("", "text/html", "image/svg+xml", "image/gif", "image/*", "application/octet-stream"),
        *("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "image/png2"),
    ],
)
def test_other_types_are_refused(device: FakeDevice, kind: str) -> None:
    answer = classify(fake_app(device), picture(), kind)
    assert answer.status_code == 415
    assert "image/jpeg, image/png, image/webp" in error_of(answer)


def test_type_must_be_that_of_the_upload(device: FakeDevice) -> None:
    answer = classify(fake_app(device), picture("JPEG"), "image/png")
    assert answer.status_code == 415
    assert error_of(answer) == "the upload is image/jpeg, not image/png as it says"
    assert classify(fake_app(device), picture("JPEG"), "Image/JPEG; q=1").status_code == 200


def test_upload_that_is_a_picture_and_a_program_is_only_a_picture(device: FakeDevice) -> None:
    answer = classify(fake_app(device), picture("JPEG") + SCRIPT, "image/jpeg")
    assert answer.status_code == 200
    assert b"script" not in answer.content


def test_file_names_are_neither_used_nor_echoed(device: FakeDevice) -> None:
    name = 'attachment; filename="../../etc/passwd<script>"'
    answer = classify(fake_app(device), picture(), **{"content-disposition": name})
    assert answer.status_code == 200
    assert b"passwd" not in answer.content
    answer = classify(fake_app(device), b"no", **{"content-disposition": name})
    assert answer.status_code == 400
    assert b"passwd" not in answer.content


class Watched(bytearray):
    """Knows how much it ever held."""

    most = 0
    dropped = False

    def clear(self) -> None:
        Watched.dropped = True
        super().clear()

    def __iadd__(self, more: Any) -> Watched:
        self.extend(more)
        Watched.most = max(Watched.most, len(self))
        return self


def test_large_upload_is_dropped_while_it_comes(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "MAX_BYTES", 100_000)
    monkeypatch.setattr(upload, "DISCARDED", 300_000)
    monkeypatch.setattr(upload, "bytearray", Watched, raising=False)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 10_000
            yield bytes(10_000)

    async def once() -> httpx.Response:
        async with client(fake_app(device)) as asker:
            return await asker.post("/api/classify", content=endless(), headers=PNG)

    answer = run(once())
    assert answer.status_code == 413
    assert "larger than 100,000 bytes" in error_of(answer)
    assert sent == 410_000  # the first that is more than is dropped is the last that is read
    assert Watched.most == 100_000
    assert Watched.dropped


def of_size(size: int) -> bytes:
    """A photograph of so many bytes: what follows the picture in a JPEG file is not read."""
    return picture("JPEG").ljust(size, b"\0")


@pytest.mark.parametrize("chunked", [False, True])
def test_most_bytes_are_taken_and_one_more_is_refused(device: FakeDevice, chunked: bool) -> None:
    app = fake_app(device)

    async def once(data: bytes) -> httpx.Response:
        async def chunks() -> AsyncIterator[bytes]:
            for place in range(0, len(data), 1 << 20):
                yield data[place : place + (1 << 20)]

        async with client(app) as asker:
            headers = {"content-type": "image/jpeg"}
            content = chunks() if chunked else data
            answer = await asker.post("/api/classify", content=content, headers=headers)
            assert ("content-length" in answer.request.headers) != chunked
            return answer

    answer = run(once(of_size(MAX_BYTES)))
    assert answer.status_code == 200
    assert len(device.frames) == 3
    answer = run(once(of_size(MAX_BYTES + 1)))
    assert answer.status_code == 413
    assert error_of(answer) == "the upload is larger than 10,485,760 bytes"


def test_length_that_is_declared_is_believed_until_it_is_hopeless(device: FakeDevice) -> None:
    for length, status in ((MAX_BYTES + upload.DISCARDED, 200), (5 * MAX_BYTES + 1, 413)):
        answer = classify(fake_app(device), picture(), **{"content-length": str(length)})
        assert answer.status_code == status


@pytest.mark.parametrize("length", ["99999999999", "9" * 5000, "-1", "x", "\uff11\uff12"])
def test_length_that_is_declared_is_checked(device: FakeDevice, length: str) -> None:
    headers = [(b"content-type", b"image/png"), (b"content-length", length.encode())]
    answer = ask(fake_app(device), "POST", "/api/classify", content=b"x", headers=headers)
    assert answer.status_code == 413


def test_slow_upload_is_given_up(device: FakeDevice) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield picture()[:100]
        await asyncio.sleep(5)
        yield b""

    async def once() -> httpx.Response:
        async with client(fake_app(device, Limits(upload_seconds=0.5))) as asker:
            return await asker.post("/api/classify", content=slow(), headers=PNG)

    start = time.monotonic()
    answer = run(once())
    assert time.monotonic() - start < 4
    assert answer.status_code == 408
    assert error_of(answer) == "the upload took longer than 0.5 s"


def test_upload_that_brings_little_is_given_up(device: FakeDevice) -> None:
    """Exactly enough in each while is enough."""
    app = fake_app(device, Limits(pace_seconds=0.3, upload_seconds=60.0))
    data = of_size(3 * upload.PACE_BYTES)

    async def once(piece: int) -> httpx.Response:
        async def pieces() -> AsyncIterator[bytes]:
            for place in range(0, len(data), piece):
                yield data[place : place + piece]
                await asyncio.sleep(0.3)

        async with client(app) as asker:
            headers = {"content-type": "image/jpeg"}
            return await asker.post("/api/classify", content=pieces(), headers=headers)

    assert run(once(upload.PACE_BYTES)).status_code == 200
    answer = run(once(upload.PACE_BYTES // 4))
    assert answer.status_code == 408
    assert error_of(answer) == "the upload brought less than 20,000 bytes in 0.3 s"


class Fed:
    """The body of an upload that comes as the test likes."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def feed(self, data: bytes) -> None:
        self._pieces.put_nowait(data)
        await asyncio.sleep(0.05)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self._pieces.get():
            yield data


def test_uploads_together_are_bounded_and_the_most_silent_gives_way(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "MAX_HELD", 100_000)
    app = fake_app(device)
    photograph = of_size(40_000)

    async def three() -> list[httpx.Response]:
        async with client(app) as asker:
            bodies = [Fed() for _ in range(3)]
            headers = {"content-type": "image/jpeg"}
            posts = [
                asyncio.create_task(asker.post("/api/classify", content=x, headers=headers))
                for x in bodies
            ]
            first, second, third = bodies
            await first.feed(photograph[:20_000])
            await second.feed(photograph)
            await first.feed(photograph[20_000:])  # so the second has been silent longest
            await third.feed(photograph[:20_000])
            assert not any(x.done() for x in posts)  # exactly the most
            await third.feed(photograph[20_000:])
            assert [x.done() for x in posts] == [False, True, False]
            for body in (first, third):
                await body.feed(b"")
            return [await x for x in posts]

    answers = run(three())
    assert [x.status_code for x in answers] == [200, 503, 200]
    assert error_of(answers[1]) == "others are sending much: try again in a moment"
    for _ in range(3):  # nothing of them is held any longer
        assert classify(app, of_size(100_000), "image/jpeg").status_code == 200
    assert classify(app, of_size(100_001), "image/jpeg").status_code == 503


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=300), st.booleans())
def test_any_bytes_are_answered(kind: str, data: bytes, begins_well: bool) -> None:
    body = picture(FORMATS[kind])[:40] + data if begins_well else data
    answer = classify(fake_app(FakeDevice()), body, kind)
    assert answer.status_code in (400, 415)
    assert error_of(answer)


# --- through a socket -----------------------------------------------------------------------------


def test_large_upload_hears_why_through_a_socket(device: FakeDevice) -> None:
    with served(fake_app(device)) as address:
        answer = httpx.post(
            f"{address}/api/classify", content=bytes(MAX_BYTES + 1), headers=PNG, timeout=60
        )
        assert answer.status_code == 413
        assert httpx.get(address).status_code == 200


def half_an_upload(port: int) -> socket.socket:
    """A connection on which most of the body is still to come."""
    head = f"POST /api/classify HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    head += "Content-Type: image/png\r\nContent-Length: 1000\r\n\r\nhalf"
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(head.encode())
    return connection


def test_uploads_that_stall_or_break_off_give_their_places_back(device: FakeDevice) -> None:
    limits = Limits(waiting=2, upload_seconds=1.0)
    with served(fake_app(device, limits)) as address:
        port = int(address.rsplit(":", 1)[1])
        stalled = [half_an_upload(port) for _ in range(3)]
        answers = [x.recv(1000).decode().splitlines()[0] for x in stalled]
        assert answers == ["HTTP/1.1 408 Request Timeout"] * 3
        for connection in [*stalled, *(half_an_upload(port) for _ in range(3))]:
            connection.close()
        deadline = time.monotonic() + 30
        url = f"{address}/api/classify"
        while httpx.post(url, content=picture(), headers=PNG, timeout=30).status_code != 200:
            assert time.monotonic() < deadline
