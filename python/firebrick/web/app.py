# SPDX-License-Identifier: Apache-2.0
"""The page that classifies photographs, and the three requests behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from firebrick.errors import FirebrickError, printable
from firebrick.web.classify import Classifier, Result, speed
from firebrick.web.guard import App, Guard
from firebrick.web.jobs import Jobs
from firebrick.web.photographs import FORMATS, MAX_BYTES, MAX_PIXELS, BadPhotograph
from firebrick.web.upload import PACE_SECONDS, Uploads, busy

ASSETS = MappingProxyType(
    {
        "/": ("index.html", "text/html; charset=utf-8"),
        "/static/style.css": ("style.css", "text/css; charset=utf-8"),
        "/static/page.js": ("page.js", "text/javascript; charset=utf-8"),
        "/static/icon.svg": ("icon.svg", "image/svg+xml"),
    }
)
"""Files of the page: path, file in `static`, media type. They are read once, here; no request
names a file."""
PIECE = 16 << 10
"""Bytes of a file that are handed on at a time; asyncio keeps 64 kB for who reads none."""
FULL = "others are being classified"
LOG = logging.getLogger("firebrick.web")


@dataclass(frozen=True)
class Limits:
    """How much is taken on.

    Attributes:
        waiting: uploads that may wait while one is classified.
        upload_seconds: an upload must have arrived by then.
        pace_seconds: it must bring `PACE_BYTES` in each such while.
        answer_seconds: its answer is given up after that.
    """

    waiting: int = 32
    upload_seconds: float = 15.0
    pace_seconds: float = PACE_SECONDS
    answer_seconds: float = 600.0


class Queue:
    """Takes uploads on as far as `Limits` allow, and gives up those whose client is gone."""

    def __init__(self, classifier: Classifier, limits: Limits) -> None:
        self._limits = limits
        self._jobs = Jobs(classifier.classify, limits.waiting)
        self._uploads = Uploads(limits.upload_seconds, limits.pace_seconds)

    async def classify(self, request: Request) -> Result:
        """Read and classify an upload.

        Raises:
            HTTPException: it is refused, or nothing came of it in time.
        """
        if self._jobs.full:
            raise busy(FULL)
        async with self._uploads.photograph(request) as data:
            job = self._jobs.add(data)  # others may have been sooner
            if job is None:
                raise busy(FULL)
            return await self._answer(request, job)

    async def _answer(self, request: Request, job: Future[Result]) -> Result:
        answer, gone = asyncio.wrap_future(job), asyncio.ensure_future(_disconnected(request))
        both: tuple[asyncio.Future[Any], ...] = (answer, gone)
        try:
            seconds = self._limits.answer_seconds
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if gone.done():
                raise HTTPException(400, "the client is gone")  # nobody hears it
            raise HTTPException(504, "the accelerator did not answer in time")
        finally:
            gone.cancel()
            answer.cancel()  # and with it the job, if it has not begun

    def close(self) -> None:
        """Start nothing more."""
        self._jobs.close()


async def _disconnected(request: Request) -> None:
    """Ends when the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def make_app(
    classifier: Classifier,
    names: frozenset[str],
    *,
    device: str,
    sample: bytes | None = None,
    limits: Limits | None = None,
) -> App:
    """The page as an ASGI application.

    Args:
        classifier: answers.
        names: names under which the page may be asked for, see `Guard`.
        device: what the accelerator is, as shown.
        sample: a PNG picture to try.
        limits: how much is taken on.
    """
    queue = Queue(classifier, limits or Limits())

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        queue.close()

    # FastAPI's own pages load programs from elsewhere.
    app = FastAPI(title="Firebrick", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    for path, (name, media_type) in ASSETS.items():
        content = (files(__package__) / "static" / name).read_bytes()
        _add_file(app, path, content, media_type)
    if sample is not None:
        _add_file(app, "/sample.png", sample, "image/png")

    @app.get("/api/model")
    async def model() -> JSONResponse:
        return JSONResponse(model_fields(classifier, device, has_sample=sample is not None))

    @app.post("/api/classify")
    async def classify(request: Request) -> JSONResponse:
        return JSONResponse((await queue.classify(request)).fields())

    for kind, answer in ANSWERS.items():
        app.add_exception_handler(kind, answer)
    return Guard(app, names)


def model_fields(classifier: Classifier, device: str, *, has_sample: bool) -> dict[str, object]:
    """What the page shows before the first photograph."""
    model = classifier.model
    height, width = model.how.cut(model.height, model.width)
    return {
        "model": model.name,
        "model_hash": model.digest,
        "board": model.board,
        "device": device,
        "image": {"height": height, "width": width},
        "classes": len(model.labels),
        "sample": has_sample,
        "accepts": {"types": list(FORMATS), "bytes": MAX_BYTES, "pixels": MAX_PIXELS},
        **speed(model, classifier.frame_cycles),
    }


def _add_file(app: FastAPI, path: str, content: bytes, media_type: str) -> None:
    headers = {"content-length": str(len(content))}

    async def pieces() -> AsyncIterator[bytes]:
        # One after the other is taken, so whoever asks and does not read costs one of them.
        for first in range(0, len(content), PIECE):
            yield content[first : first + PIECE]

    async def endpoint() -> Response:
        return StreamingResponse(pieces(), headers=headers, media_type=media_type)

    app.add_api_route(path, endpoint, methods=["GET", "HEAD"])


def _status(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101 - for mypy
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


def _bad_photograph(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"the upload {error}"}, 400)


def _failed(_request: Request, error: Exception) -> JSONResponse:
    LOG.error("%s", printable(str(error)))
    return JSONResponse({"error": f"the accelerator failed: {error}"}, 502)


def _bug(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"error": "the server failed; its log says why"}, 500)


ANSWERS = MappingProxyType(
    {
        StarletteHTTPException: _status,
        BadPhotograph: _bad_photograph,
        FirebrickError: _failed,
        Exception: _bug,
    }
)
"""What is said of an error, by its class."""
