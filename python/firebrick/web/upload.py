# SPDX-License-Identifier: Apache-2.0
"""Reading what a browser sends: bounded in bytes and in time, of a declared type."""

from __future__ import annotations

import asyncio
import time

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from firebrick.web.photographs import ACCEPTED, FORMATS, MAX_BYTES, BadPhotograph, media_type

DISCARDED = 4 * MAX_BYTES
"""Bytes beyond the limit that are read and dropped: a browser that is cut off in the midst of
sending does not show the answer."""


async def read_photograph(request: Request, seconds: float) -> bytes:
    """The body of a request, if it can be a photograph.

    Args:
        request: its body is the file itself; no form, no file name.
        seconds: the body must have arrived by then.

    Raises:
        HTTPException: 408, 411, 413, 415 or 400.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in FORMATS:
        known = ", ".join(FORMATS)
        raise HTTPException(
            415, f"send the photograph itself as the body, with content-type one of {known}"
        )
    data = await _read(request, seconds)
    try:
        found = media_type(data)
    except BadPhotograph as error:
        raise HTTPException(400, f"the upload {error}") from None
    if found != kind:
        raise HTTPException(415, f"the upload is {found}, not {kind} as it says")
    return data


async def _read(request: Request, seconds: float) -> bytes:
    too_large = HTTPException(413, f"the upload is larger than {MAX_BYTES:,} bytes")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > MAX_BYTES + DISCARDED:
        raise too_large
    body, size = bytearray(), 0
    deadline = time.monotonic() + seconds
    chunks = request.stream().__aiter__()
    while True:
        try:
            left = max(0.0, deadline - time.monotonic())
            chunk = await asyncio.wait_for(chunks.__anext__(), left)
        except StopAsyncIteration:
            break
        except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11
            raise HTTPException(408, f"the upload took longer than {seconds:g} s") from None
        except ClientDisconnect:
            raise HTTPException(400, "the upload broke off") from None
        size += len(chunk)
        if size <= MAX_BYTES:
            body += chunk
        else:
            body.clear()
        if size > MAX_BYTES + DISCARDED:
            raise too_large
    if size > MAX_BYTES:
        raise too_large
    if not size:
        raise HTTPException(400, f"the upload is empty: send a photograph, {ACCEPTED}")
    return bytes(body)
