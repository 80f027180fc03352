# SPDX-License-Identifier: Apache-2.0
"""The page around a FAKE accelerator, which computes something quick; and asking it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import numpy as np
from PIL import Image

from firebrick.preprocessing import Preprocessing
from firebrick.web.app import Limits, make_app
from firebrick.web.classify import Classifier, Logits, Model, Pixels
from firebrick.web.guard import App

PNG = {"content-type": "image/png"}
LABELS = ("fox", "<b>bold & brash</b>", "espresso", "cat", "rocket", "umbrella", "teapot")
ENGINES = (("conv1", "conv", 900), ("pool1", "maxpool", 640), ("conv10", "conv", 1000))
MODEL = Model(
    name="fakenet",
    digest="0123456789abcdef" * 4,
    board="pynq-z2",
    height=24,
    width=32,
    channels=3,
    how=Preprocessing(40),
    scale=0.01,
    labels=LABELS,
    cycles_per_frame=1001,
    latency_cycles=3000,
    clock_mhz=100,
    engines=ENGINES,
)


class FakeDevice:
    """A FAKE: its logits are sums of pixels, its cycles constants.

    Attributes:
        frames: pixels of every frame that came.
        before: called before each run.
    """

    def __init__(self) -> None:
        self.frames: list[Pixels] = []
        self.before: Callable[[], None] = lambda: None

    def run(self, images: Pixels, seconds: float) -> tuple[Logits, int, int]:
        assert (images.dtype, images.shape[1:]) == (np.uint8, (24, 32, 3))
        assert seconds > 0
        self.before()
        self.frames += list(images)
        return np.stack([logits(x) for x in images]), 3210, 1010 if len(images) > 1 else 0


def logits(pixels: Pixels) -> Logits:
    """What the fake answers: sums of every seventh byte."""
    flat = pixels.astype(np.int32).ravel()
    return np.array([flat[n :: len(LABELS)].sum() % 1000 for n in range(len(LABELS))], np.int32)


def picture(kind: str = "PNG", size: tuple[int, int] = (50, 40)) -> bytes:
    """A photograph of noise."""
    array = np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def fake_app(device: FakeDevice, limits: Limits | None = None) -> App:
    """The page around a fake."""
    names = frozenset({"localhost", "testserver"})
    classifier = Classifier(MODEL, device)
    return make_app(classifier, names, device="sim", sample=picture(), limits=limits)


def client(app: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def ask(app: Any, method: str, path: str, **options: Any) -> httpx.Response:
    async def once() -> httpx.Response:
        async with client(app) as asker:
            return await asker.request(method, path, **options)

    answer: httpx.Response = run(once())
    return answer


def classify(app: Any, data: bytes, kind: str = "image/png", **headers: str) -> httpx.Response:
    return ask(app, "POST", "/api/classify", content=data, headers={"content-type": kind} | headers)


def error_of(answer: httpx.Response) -> str:
    """The one helpful line of a refusal."""
    fields = answer.json()
    assert list(fields) == ["error"]
    line = str(fields["error"])
    assert line.isprintable()
    assert len(line) < 200
    return line
