# SPDX-License-Identifier: Apache-2.0
"""The page's requests: answers, failures, a bounded queue, against a fake."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pages import (
    ENGINES,
    LABELS,
    MODEL,
    PNG,
    FakeDevice,
    ask,
    classify,
    client,
    error_of,
    fake_app,
    logits,
    picture,
    run,
)

from firebrick.errors import CheckFailed, FirebrickError
from firebrick.web import connections, upload
from firebrick.web.app import ASSETS, PIECE, Limits, make_app
from firebrick.web.classify import Classifier, Result
from firebrick.web.guard import HEADERS
from firebrick.web.photographs import FORMATS, MAX_BYTES, to_pixels


@pytest.fixture
def device() -> FakeDevice:
    return FakeDevice()


# --- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_photograph_gives_classes_time_and_activity(device: FakeDevice, kind: str) -> None:
    data = picture(FORMATS[kind])
    answer = classify(fake_app(device), data, kind)
    assert answer.status_code == 200
    fields = answer.json()
    pixels = to_pixels(data, 40, 24, 32)
    assert np.array_equal(device.frames[-1], pixels)
    expected = logits(pixels)
    best = np.argsort(-expected, kind="stable")[:5]
    assert [x["index"] for x in fields["top5"]] == best.tolist()
    assert [x["name"] for x in fields["top5"]] == [LABELS[x] for x in best]
    assert [x["logit"] for x in fields["top5"]] == [round(0.01 * expected[x], 4) for x in best]
    shares = np.exp(0.01 * expected) / np.exp(0.01 * expected).sum()
    assert [x["share"] for x in fields["top5"]] == pytest.approx(shares[best], abs=1e-6)
    assert fields["milliseconds"] >= 0
    assert fields["latency_cycles"] == 3210
    assert (fields["frame_cycles"], fields["predicted_frame_cycles"]) == (1010, 1001)
    assert fields["assumed_clock_mhz"] == 100
    assert fields["frames_per_second"] == round(100e6 / 1010, 1)
    assert [(x["name"], x["kind"], x["cycles"]) for x in fields["activity"]] == list(ENGINES)
    assert [x["busy"] for x in fields["activity"]] == [round(x / 1010, 4) for _, _, x in ENGINES]


def test_model_says_what_is_known_beforehand(device: FakeDevice) -> None:
    fields = ask(fake_app(device), "GET", "/api/model").json()
    assert fields["model"] == "fakenet"
    assert fields["model_hash"] == MODEL.digest
    assert (fields["board"], fields["device"], fields["classes"]) == ("pynq-z2", "sim", 7)
    assert fields["image"] == {"height": 24, "width": 32}
    assert fields["accepts"]["bytes"] == MAX_BYTES
    assert fields["accepts"]["types"] == list(FORMATS)
    assert fields["frame_cycles"] == 1010
    assert len(device.frames) == 2  # the two that were measured


def test_files_of_the_page_are_served_and_nothing_else(device: FakeDevice) -> None:
    app = fake_app(device)
    for path, (name, kind) in ASSETS.items():
        answer = ask(app, "GET", path)
        assert answer.headers["content-type"] == kind
        folder = Path(__file__).parents[2] / "python" / "firebrick" / "web" / "static"
        assert answer.content == (folder / name).read_bytes()
        assert ask(app, "HEAD", path).status_code == 200
    assert ask(app, "GET", "/sample.png").content == picture()
    for path in ("/docs", "/openapi.json", "/static/../app.py", "/static/", "/x", "//etc/passwd"):
        answer = ask(app, "GET", path)
        assert answer.status_code == 404
        assert error_of(answer)
    answer = ask(app, "GET", "/api/classify")
    assert answer.status_code == 405


def test_file_of_several_pieces_is_served_whole(device: FakeDevice) -> None:
    data = np.random.default_rng(6).bytes(3 * PIECE + 5)
    app = make_app(Classifier(MODEL, device), frozenset({"testserver"}), device="sim", sample=data)
    answer = ask(app, "GET", "/sample.png")
    assert answer.content == data
    assert answer.headers["content-length"] == str(len(data))
    assert ask(app, "HEAD", "/sample.png").headers["content-length"] == str(len(data))


def test_page_needs_nothing_from_elsewhere() -> None:
    folder = Path(__file__).parents[2] / "python" / "firebrick" / "web" / "static"
    for path in folder.iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        text = text.replace("http://127.0.0.1:8000/api/classify", "")
        assert "://" not in text, path.name
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, path.name
    html = (folder / "index.html").read_text()
    assert "style=" not in html  # the policy forbids them
    assert "onclick" not in html


def test_without_a_board_no_clock_is_assumed() -> None:
    model = type(MODEL)(**{x: getattr(MODEL, x) for x in MODEL.__dataclass_fields__} | NO_BOARD)
    fields = Classifier(model, FakeDevice()).infer(np.zeros((24, 32, 3), np.uint8)).fields()
    assert (fields["assumed_clock_mhz"], fields["frames_per_second"]) == (None, None)


NO_BOARD = {"board": None, "clock_mhz": None}


def result(values: list[int], scale: float = 1.0) -> Result:
    labels = tuple(map(str, range(len(values))))
    return Result(replace(MODEL, labels=labels, scale=scale), np.array(values, np.int32), 0.0, 1, 1)


def test_best_are_five_and_of_equals_the_first() -> None:
    assert [x.index for x in result([7] * 100).best] == [0, 1, 2, 3, 4]
    assert [x.index for x in result([0, 1] * 50).best] == [1, 3, 5, 7, 9]


def test_any_logits_have_shares() -> None:
    most, least = 2**31 - 1, -(2**31)
    best = result([least, 5, most, 5]).best
    assert [(x.index, x.share) for x in best] == [(2, 1.0), (1, 0.0), (3, 0.0), (0, 0.0)]


def test_time_is_in_milliseconds(device: FakeDevice) -> None:
    classifier = Classifier(MODEL, device)
    device.before = lambda: time.sleep(0.05)
    taken = classifier.infer(np.zeros((24, 32, 3), np.uint8)).fields()["milliseconds"]
    assert 50 <= float(str(taken)) < 5000


class Unsteady(FakeDevice):
    """A FAKE that answers otherwise each time."""

    def run(self, images: Any, seconds: float) -> Any:
        answer, *rest = super().run(images, seconds)
        return answer + np.arange(len(answer), dtype=np.int32)[:, None], *rest


def test_accelerator_that_cannot_be_trusted_is_refused() -> None:
    with pytest.raises(CheckFailed, match="fakenet: two equal frames gave different logits"):
        Classifier(MODEL, Unsteady())
    device = FakeDevice()
    run = device.run
    device.run = lambda *given: (*run(*given)[:2], 0)  # type: ignore[method-assign]
    with pytest.raises(CheckFailed, match="or no cycles"):
        Classifier(MODEL, device)


def test_limits_are_as_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text()
    limits = Limits()
    for words in (
        f"{limits.waiting} more may wait",
        f"| {connections.MOST} connections, or a quarter of the files",
        f"| {connections.MOST} requests at work |",
        f"| {connections.SECONDS:g} seconds for a whole header",
        f"| {connections.SECONDS:g} seconds to take an answer;",
        f"| {limits.upload_seconds:g} seconds, and {upload.PACE_BYTES:,} bytes in each "
        f"{limits.pace_seconds:g} of them |",
        f"| {MAX_BYTES:,} bytes; up to four times as many more",
        f"| {upload.MAX_HELD >> 20} MB, coming, waiting and at work |",
        f"| {limits.answer_seconds:g} seconds until it is classified |",
    ):
        assert words in text
    assert upload.DISCARDED == 4 * MAX_BYTES


# --- failures of the accelerator ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (FirebrickError("read_response=1"), 502, "the accelerator failed: read_response=1"),
        (RuntimeError("secret"), 500, "the server failed; its log says why"),
    ],
)
def test_failure_is_said_and_the_next_photograph_works(
    device: FakeDevice, error: Exception, status: int, line: str
) -> None:
    app = fake_app(device)

    def fail() -> None:
        raise error

    device.before = fail
    answer = classify(app, picture())
    assert (answer.status_code, error_of(answer)) == (status, line)
    assert set(HEADERS) <= set(answer.headers)
    device.before = lambda: None
    assert classify(app, picture()).status_code == 200


@pytest.fixture
def gate(device: FakeDevice) -> Iterator[threading.Event]:
    """The fake waits for this event from the first photograph on."""
    event = threading.Event()
    yield event
    event.set()


def test_one_at_a_time_and_few_wait(device: FakeDevice, gate: threading.Event) -> None:
    app = fake_app(device, Limits(waiting=2))
    inside, most = 0, 0

    def wait() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        gate.wait(10)
        inside -= 1

    device.before = wait

    async def crowd() -> list[httpx.Response]:
        async with client(app) as asker:
            data = picture()
            tasks = [
                asyncio.create_task(asker.post("/api/classify", content=data, headers=PNG))
                for _ in range(8)
            ]
            while sum(x.done() for x in tasks) < 5:
                await asyncio.sleep(0.01)
            assert (await asker.get("/api/model")).status_code == 200  # the page still answers
            gate.set()
            return [await x for x in tasks]

    answers = run(crowd())
    assert sorted(x.status_code for x in answers) == [200] * 3 + [503] * 5
    assert most == 1
    refused = next(x for x in answers if x.status_code == 503)
    assert "try again" in error_of(refused)
    assert refused.headers["retry-after"] == "1"
    assert classify(app, picture()).status_code == 200  # the slots are free again


def test_slow_accelerator_is_given_up_but_keeps_its_place(
    device: FakeDevice, gate: threading.Event
) -> None:
    app = fake_app(device, Limits(waiting=0, answer_seconds=0.1))
    device.before = lambda: bool(gate.wait(10)) and None
    answer = classify(app, picture())
    assert (answer.status_code, error_of(answer)) == (504, "the accelerator did not answer in time")
    assert classify(app, picture()).status_code == 503  # it is still at work
    gate.set()
    deadline = time.monotonic() + 5
    while classify(app, picture()).status_code != 200:
        assert time.monotonic() < deadline
