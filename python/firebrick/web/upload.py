# SPDX-License-Identifier: Apache-2.0
"""Reading what browsers send: bounded in bytes and in time, each and all together."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from firebrick.web.photographs import ACCEPTED, FORMATS, MAX_BYTES, BadPhotograph, media_type

DISCARDED = 4 * MAX_BYTES
"""Bytes beyond the limit that are read and dropped: a browser that is cut off in the midst of
sending does not show the answer."""
MAX_HELD = 32 << 20
"""Most bytes of all uploads together, from their first byte to their answer."""
PACE_SECONDS = 5.0
PACE_BYTES = 20_000
"""An upload that brings less in so many seconds is given up."""


@dataclass(eq=False)
class _Upload:
    """One that comes or is being answered.

    Attributes:
        received: bytes that came.
        held: those of them that are kept.
    """

    received: int = 0
    held: int = 0


class Uploads:
    """All that are coming or being answered.

    When they are too large together, the one from which nothing has come for the longest time is
    given up. Slow ones hold little, so however many they are they are in nobody's way.

    Args:
        seconds: an upload must have arrived by then.
        pace_seconds: it must bring `PACE_BYTES` in each such while.
    """

    def __init__(self, seconds: float, pace_seconds: float) -> None:
        self._seconds = seconds
        self._pace_seconds = pace_seconds
        self._held = 0
        # The one that has been silent longest comes first.
        self._coming: OrderedDict[_Upload, asyncio.Task[bytes]] = OrderedDict()

    @asynccontextmanager
    async def photograph(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request, if it can be a photograph; it counts until the block ends.

        Args:
            request: its body is the file itself; no form, no file name.

        Raises:
            HTTPException: 408, 413, 415, 400 or 503.
        """
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in FORMATS:
            known = ", ".join(FORMATS)
            raise HTTPException(
                415, f"send the photograph itself as the body, with content-type one of {known}"
            )
        declared = request.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > MAX_BYTES + DISCARDED:
            raise _too_large()
        upload = _Upload()
        try:
            data = await self._read(request, upload)
            try:
                found = media_type(data)
            except BadPhotograph as error:
                raise HTTPException(400, f"the upload {error}") from None
            if found != kind:
                raise HTTPException(415, f"the upload is {found}, not {kind} as it says")
            yield data
        finally:
            self._keep(upload, 0)

    async def _read(self, request: Request, upload: _Upload) -> bytes:
        """Watch it come."""
        task = self._coming[upload] = asyncio.ensure_future(self._collect(request, upload))
        end = time.monotonic() + self._seconds
        try:
            while not task.done():
                before, left = upload.received, max(0.0, end - time.monotonic())
                await asyncio.wait({task}, timeout=min(left, self._pace_seconds))
                if task.done():
                    break
                if left <= self._pace_seconds:
                    raise HTTPException(408, f"the upload took longer than {self._seconds:g} s")
                if upload.received - before < PACE_BYTES:
                    raise HTTPException(
                        408,
                        f"the upload brought less than {PACE_BYTES:,} bytes in "
                        f"{self._pace_seconds:g} s",
                    )
        finally:
            task.cancel()
            self._coming.pop(upload, None)
        if task.cancelled():
            raise busy("others are sending much")
        return task.result()

    async def _collect(self, request: Request, upload: _Upload) -> bytes:
        body = bytearray()
        try:
            async for chunk in request.stream():
                upload.received += len(chunk)
                if upload.received <= MAX_BYTES:
                    body += chunk
                else:
                    body.clear()
                self._keep(upload, len(body))
                self._make_room(upload)
                if upload.received > MAX_BYTES + DISCARDED:
                    raise _too_large()
        except ClientDisconnect:
            raise HTTPException(400, "the upload broke off") from None
        if upload.received > MAX_BYTES:
            raise _too_large()
        if not body:
            raise HTTPException(400, f"the upload is empty: send a photograph, {ACCEPTED}")
        return bytes(body)

    def _keep(self, upload: _Upload, size: int) -> None:
        self._held += size - upload.held
        upload.held = size

    def _make_room(self, heard: _Upload) -> None:
        """Something came of one of them: it is the last to go."""
        if heard in self._coming:
            self._coming.move_to_end(heard)
        while self._held > MAX_HELD and self._coming:
            silent, task = self._coming.popitem(last=False)
            self._keep(silent, 0)
            task.cancel()


def busy(why: str) -> HTTPException:
    """What is said when no more can be taken on."""
    return HTTPException(503, f"{why}: try again in a moment", {"retry-after": "1"})


def _too_large() -> HTTPException:
    return HTTPException(413, f"the upload is larger than {MAX_BYTES:,} bytes")
