# SPDX-License-Identifier: Apache-2.0
"""A page behind a real server, in a real browser without a screen."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)

from firebrick.web.guard import App
from firebrick.web.server import Server, configuration

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 30_000
"""Milliseconds; the machine may be busy."""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Path of the browser; without one, tests are skipped, but fail where CI is set."""
    found = next((x for name in NAMES if (x := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no chromium: apt-get install chromium")
        pytest.skip("no chromium: apt-get install chromium")
    return found


@contextlib.contextmanager
def browser() -> Iterator[BrowserContext]:
    """A browser for several pages."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            size: ViewportSize = {"width": 1100, "height": 900}
            yield started.new_context(viewport=size, reduced_motion="reduce")
        finally:
            started.close()


@dataclass
class Visit:
    """A page that is open, and what went wrong in it.

    Attributes:
        page: as Playwright drives it.
        complaints: errors and warnings of the console, and exceptions.
        elsewhere: addresses it asked for that are not its own.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@contextlib.contextmanager
def visit(context: BrowserContext, address: str) -> Iterator[Visit]:
    """Open a page; whatever it asks for elsewhere is written down and not fetched."""
    page = context.new_page()
    visited = Visit(page)

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            visited.complaints.append(message.text)

    def fetch(route: Route) -> None:
        url = route.request.url
        if urlsplit(url).scheme == "blob" or url.startswith(f"{address}/"):
            route.continue_()
        else:
            visited.elsewhere.append(url)
            route.abort()

    page.on("console", hear)
    page.on("pageerror", lambda error: visited.complaints.append(str(error)))
    page.route("**/*", fetch)
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/")
    try:
        yield visited
    finally:
        page.close()


@contextlib.contextmanager
def served(app: App) -> Iterator[str]:
    """An application behind uvicorn in a thread; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(configuration(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
