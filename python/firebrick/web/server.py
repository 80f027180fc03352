# SPDX-License-Identifier: Apache-2.0
"""Serving the page: a bundle, an accelerator, a socket, uvicorn."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn

from firebrick.errors import FirebrickError
from firebrick.web.app import make_app
from firebrick.web.bundles import open_classifier
from firebrick.web.connections import Connection, most
from firebrick.web.guard import App, own_names

WAITING = 1024
"""Connections that the system keeps until there is time for them."""


def serve(
    folder: Path,
    device: str | None,
    host: str,
    port: int,
    say: Callable[[str], None] = print,
    ready: Callable[[Mapping[str, object]], None] | None = None,
) -> None:
    """Serve the page of a bundle until interrupted.

    Args:
        folder: bundle, made by `firebrick deploy`.
        device: `sim`, `pynq` or `xrt`; None: what the bundle's files are for.
        host: address to listen at.
        port: to listen at; 0: any that is free.
        say: told what is going on, a line at a time.
        ready: told once, when the page can be asked for, of what and where it is: `bundle`,
            `model`, `device`, `url`, `host`, `port`; None: a line is said instead.

    Raises:
        FirebrickError: the bundle is damaged, the accelerator fails, the address cannot be had.
    """
    # The address is asked for first: a simulation may take minutes to get ready.
    with (
        listen(host, port) as listener,
        open_classifier(folder, device, say=say, photographs=True) as opened,
    ):
        app = make_app(
            opened.classifier, own_names() | {host}, device=opened.device, sample=opened.sample
        )
        address, number = listener.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        if not ipaddress.ip_address(address).is_loopback:
            say("anyone who reaches this machine can use the page: it asks for no password")
        name, url = opened.classifier.model.name, f"http://{shown}:{number}/"
        if ready is None:
            say(f"{name}: {url} (Ctrl-C ends it)")
        else:
            where = {"url": url, "host": address, "port": number}
            ready({"bundle": str(folder), "model": name, "device": opened.device} | where)
        run(app, listener)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        FirebrickError: the address cannot be had.
    """
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FirebrickError(f"host={host} port={port}: cannot listen there: {reason}") from None


def run(app: App, listener: socket.socket) -> None:
    """Answer requests until interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        Server(configuration(app)).run(sockets=[listener])


class Server(uvicorn.Server):
    """Lets more wait at the door than it lets in at a time."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(WAITING)


def configuration(app: App) -> uvicorn.Config:
    """How uvicorn serves the page; how many and how long, `Connection` says."""
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_level="error",  # whoever sends nonsense writes no log
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # So many are accepted in a turn: few, for each is to be heard before it can be the oldest.
        backlog=max(1, most() // 8),
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
    )
