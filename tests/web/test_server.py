# SPDX-License-Identifier: Apache-2.0
"""From a bundle to a page that listens: what is shown, which device, which address; with fakes."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np
import pytest
from pages import MODEL, FakeDevice, picture

from command_line import firebrick
from firebrick.errors import FirebrickError
from firebrick.preprocessing import Preprocessing
from firebrick.runtime import Bundle, Counters, Description
from firebrick.web import bundles, server
from firebrick.web.bundles import Driver, Opened, default_device, model_of
from firebrick.web.classify import Classifier

HOW: dict[str, Any] = {
    "resize": 40,
    "channels": "BGR",
    "mean": [1.0, 2.0, 3.0],
    "std": [4, 4, 4],
    "border": [0, 0, 0, 0],
    "fill": [],
}
"""Preprocessing as a bundle says it."""


def bundle(**changes: Any) -> Bundle:
    """A bundle that lies nowhere."""
    description = Description(
        model="tiny",
        model_hash="ab" * 32,
        height=24,
        width=32,
        channels=changes.pop("channels", 3),
        pixels=1,
        classes=3,
        logit_bits=20,
        weights_bytes=0,
        logits_scale=0.25,
    )
    fields: dict[str, Any] = {
        "folder": Path("b"),
        "description": description,
        "firebrick": "0",
        "board": "kv260",
        "labels": ("a", "b", "c"),
        "sample": "sample.png",
        "preprocessing": MappingProxyType(HOW),
        "cycles_per_frame": 900,
        "latency_cycles": 2000,
        "assumed_clock_mhz": 200,
        "engines": (MappingProxyType({"name": "conv1", "kind": "conv", "cycles": 800}),),
        "files": MappingProxyType({}),
    }
    return Bundle(**fields | changes)


def test_model_is_what_the_bundle_says() -> None:
    model = model_of(bundle())
    assert (model.name, model.digest, model.board) == ("tiny", "ab" * 32, "kv260")
    assert (model.height, model.width, model.channels, model.scale) == (24, 32, 3, 0.25)
    assert model.how == Preprocessing(40, "BGR", (1.0, 2.0, 3.0), (4.0,) * 3)
    assert model.labels == ("a", "b", "c")
    assert (model.cycles_per_frame, model.latency_cycles, model.clock_mhz) == (900, 2000, 200)
    assert model.engines == (("conv1", "conv", 800),)


def test_resize_at_its_limits_is_taken() -> None:
    for resize in (32, 1 << 14):  # the longer side of the input, and the most
        assert model_of(bundle(preprocessing=HOW | {"resize": resize})).how.resize == resize


def test_texts_of_a_bundle_give_a_terminal_no_orders() -> None:
    engine = {"name": "\x1b[2J", "kind": "a\rb", "cycles": 1}
    model = model_of(
        bundle(labels=("a\x1b]0;x\x07", "b\u202e", "ç"), board="\n", engines=(engine,))
    )
    assert model.labels == ("a?]0;x?", "b?", "ç")
    assert model.board == "?"
    assert model.engines == (("?[2J", "a?b", 1),)
    assert model_of(bundle(labels=())).labels == ("class 0", "class 1", "class 2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": 1}, "preprocessing.channels=BGR is not GREY, as 1 channels are"),
        ({"channels": 4}, "preprocessing.channels=BGR is not RAW, as 4 channels are"),
        ({"preprocessing": {}}, "preprocessing has not exactly the fields border, channels, fill,"),
        ({"preprocessing": {**HOW, "blur": 1}}, "has not exactly the fields"),
        (
            {"preprocessing": HOW | {"resize": 31}},
            "resize=31 is less than the input's 32",
        ),
        ({"preprocessing": HOW | {"resize": "40"}}, "preprocessing.resize='40' is no size"),
        ({"preprocessing": HOW | {"resize": True}}, "preprocessing.resize=True is no size"),
        ({"preprocessing": HOW | {"resize": (1 << 14) + 1}}, "resize=16385 exceeds 16384"),
        ({"preprocessing": HOW | {"resize": 10**4000}}, "resize=10000000000000000000 is no size"),
        ({"preprocessing": HOW | {"channels": "\x1b[2J"}}, r"channels=\?\[2J is not RGB or BGR"),
        ({"preprocessing": HOW | {"channels": None}}, "or channels no text"),
        ({"preprocessing": HOW | {"mean": 1.0}}, "preprocessing.mean=1.0 is not a list of float"),
        ({"preprocessing": HOW | {"mean": [1, 2]}}, "is not 3 finite numbers"),
        ({"preprocessing": HOW | {"mean": [1, 2, math.nan]}}, "is not a list of float"),
        ({"preprocessing": HOW | {"std": [1, 0, 1]}}, "is not positive"),
        ({"preprocessing": HOW | {"border": [1, 1, 1]}}, "is not four numbers"),
        ({"preprocessing": HOW | {"border": [12, 0, 12, 0]}}, "leaves nothing of 24x32"),
        ({"preprocessing": HOW | {"border": [-1, 0, 0, 0]}}, "is not four numbers in 0..1024"),
        ({"preprocessing": HOW | {"border": [1, 1, 1, 1.5]}}, "is not a list of int"),
        ({"preprocessing": HOW | {"border": [1] * 4}}, r"fill=\(\) is not 3 numbers in 0..255"),
        (
            {"preprocessing": HOW | {"border": [1] * 4, "fill": [1, 2, 256]}},
            r"fill=\(1, 2, 256\) is not 3 numbers in 0..255",
        ),
        ({"preprocessing": HOW | {"fill": [1, 2, 3]}}, "is not 0 numbers"),
        ({"preprocessing": HOW | {"fill": [0] * 129}}, "is not a list of int"),
    ],
)
def test_bundle_whose_images_nothing_can_become_is_refused(changes: Any, message: str) -> None:
    with pytest.raises(FirebrickError, match=message):
        model_of(bundle(**changes))


@pytest.mark.parametrize(
    ("files", "device"),
    [
        ([], "sim"),
        (["rtl/manifest.json"], "sim"),
        (["firebrick.bit", "firebrick.hwh", "rtl/manifest.json"], "pynq"),
        (["firebrick.xclbin", "rtl/manifest.json"], "xrt"),
    ],
)
def test_device_is_what_the_files_are_for(files: list[str], device: str) -> None:
    assert default_device(dict.fromkeys(files)) == device


class FakeAccelerator:
    """A FAKE of the driver."""

    counters = Counters(frames_done=7, cycles=3333, frame_cycles=1111)

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def infer(self, images: Any, timeout: float) -> Any:
        self.asked.append((images.shape, timeout))
        return np.arange(len(images) * 3, dtype=np.int32).reshape(-1, 3)


def test_driver_is_asked_with_its_patience_and_counted() -> None:
    fake: Any = FakeAccelerator()
    logits, cycles, frame_cycles = Driver(fake).run(np.zeros((2, 24, 32, 3), np.uint8), 9.5)
    assert logits.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (cycles, frame_cycles) == (3333, 1111)
    assert fake.asked == [((2, 24, 32, 3), 9.5)]


# --- listening ------------------------------------------------------------------------------------


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `serve` would run: application and socket; the bundle is a fake."""

    @contextmanager
    def opened(
        folder: Path, device: str | None, say: Callable[[str], None], photographs: bool
    ) -> Iterator[Opened]:
        assert photographs
        say(f"{folder} {device}")
        yield Opened(Classifier(MODEL, FakeDevice()), device or "sim", picture())

    ran: list[Any] = []

    def run(app: Any, listener: socket.socket) -> None:
        with socket.create_connection(listener.getsockname()[:2], timeout=5):
            ran.append((app, listener.getsockname()))

    monkeypatch.setattr(server, "open_classifier", opened)
    monkeypatch.setattr(server, "run", run)
    return ran


def serve(host: str, port: int = 0) -> list[str]:
    lines: list[str] = []
    server.serve(Path("b"), None, host, port, lines.append)
    return lines


def test_it_listens_here_and_says_where(served: list[Any]) -> None:
    lines = serve("127.0.0.1")
    ((app, (address, port)),) = served
    assert address == "127.0.0.1"
    assert lines == ["b None", f"fakenet: http://127.0.0.1:{port}/ (Ctrl-C ends it)"]

    async def ask(host: str) -> int:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return (await client.get("/")).status_code

    assert asyncio.run(ask(f"127.0.0.1:{port}")) == 200
    assert asyncio.run(ask("localhost")) == 200
    assert asyncio.run(ask("evil.example")) == 403


def test_json_is_one_object_when_the_page_is_there(served: list[Any], tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "bundle.json").touch()
    result = firebrick(tmp_path, "serve", "b", "--port", "0", "--json")
    ((_, (host, port)),) = served
    assert json.loads(result.stdout) == {
        "bundle": "b",
        "model": "fakenet",
        "device": "sim",
        "url": f"http://127.0.0.1:{port}/",
        "host": host,
        "port": port,
    }
    assert result.stderr == "b None\n"


def test_it_warns_where_others_can_reach_it(served: list[Any]) -> None:
    lines = serve("0.0.0.0")  # noqa: S104 - nothing is answered
    assert "no password" in lines[1]
    assert len(served) == 1


@pytest.mark.parametrize("host", ["no.such.host.invalid", "999.1.1.1", ""])
def test_address_that_cannot_be_had_is_one_line(served: list[Any], host: str) -> None:
    if host:
        with pytest.raises(FirebrickError, match=f"host={host} port=0: cannot listen there"):
            serve(host)
        assert served == []


def test_crowd_is_let_in_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each is heard before it can be the one that was silent longest."""
    for most in (1, 256):
        monkeypatch.setattr(server, "most", lambda most=most: most)
        assert server.configuration(None).backlog == max(1, most // 8)  # type: ignore[arg-type]


def test_port_that_is_taken_is_one_line(served: list[Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(FirebrickError, match=f"port={port}: cannot listen there"):
            serve("127.0.0.1", port)
    assert served == []


def test_command_passes_on_what_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr(server, "serve", lambda *x: given.append(x[:4]))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "bundle.json").touch()
    assert firebrick(tmp_path, "serve", "b").returncode == 0
    options = ("--device", "pynq", "--host", "localhost", "--port", "81")
    assert firebrick(tmp_path, "serve", "b", *options).returncode == 0
    assert given == [
        (Path("b"), None, "127.0.0.1", 8000),
        (Path("b"), "pynq", "localhost", 81),
    ]


@pytest.mark.parametrize("module", ["fastapi", "uvicorn"])
def test_missing_extra_is_one_line(
    tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("server", "app", "upload"):  # they cannot be imported anew, so none is replaced
        monkeypatch.delitem(sys.modules, f"firebrick.web.{name}", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    result = firebrick(tmp_path, "serve", "b")
    assert result.returncode == 2
    text = result.stderr.replace("\n", " ")
    assert text.startswith("firebrick: serve: ")
    assert "install 'firebrick[serve]'" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none"], "none: there is no such folder"),
        (["."], "bundle.json"),
        ([".", "--port", "70000"], "65535"),
        ([".", "--device", "gpu"], "gpu"),
    ],
)
def test_bad_arguments_are_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    more = [] if "--port" in arguments else ["--port", "0"]
    result = firebrick(tmp_path, "serve", *arguments, *more)
    assert result.returncode == 2
    assert words in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_module_has_the_same_options(tmp_path: Path) -> None:
    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "firebrick.web", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    text = ask("--help").stdout
    for word in ("--device", "--host", "--port", *bundles.PREPARING):
        assert word in text
    failed = ask("none", "--port", "0")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr == "firebrick.web: none: no such folder\n"
