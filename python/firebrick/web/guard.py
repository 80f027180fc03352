# SPDX-License-Identifier: Apache-2.0
"""What stands before every request: who may ask, and what browsers may do with the answers."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from types import MappingProxyType
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = MappingProxyType(
    {
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
)
"""Of every answer: nothing from elsewhere runs, nothing is framed, guessed or kept."""

HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)


class Guard:
    """Refuses requests that another site made the user's browser send; adds `HEADERS`.

    A page that rebinds its own name to this machine's address (DNS rebinding) is told by the name
    in `Host`: only addresses, `localhost` and this machine's own names are served. A request that
    says it comes from another origin is refused.

    Args:
        app: what is guarded.
        names: names under which it may be asked for, in lower case.
    """

    def __init__(self, app: App, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [x for x in message.get("headers", []) if x[0].decode("latin-1") != "server"]
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
                message = {**message, "headers": [*own, *more]}
            await send(message)

        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        reason = self._refusal(headers)
        if reason is None:
            await self._app(scope, receive, send_guarded)
        else:
            await _refuse(send_guarded, reason)

    def _refusal(self, headers: dict[str, str]) -> str | None:
        host = headers.get("host", "")
        if not is_own(host, self._names):
            return "this name is not served: use the machine's address or its own name"
        origin = headers.get("origin")
        own = (f"http://{host}".lower(), f"https://{host}".lower())  # the latter behind a proxy
        if origin is not None and origin.lower() not in own:
            return "requests of other sites are refused"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return "requests of other sites are refused"
        return None


def is_own(host: str, names: frozenset[str]) -> bool:
    """Whether a `Host` header is an address or one of the names."""
    match = HOST.fullmatch(host)
    if not match:
        return False
    name = match[1].lower()
    if name in names:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def own_names() -> frozenset[str]:
    """Names of this machine: `localhost`, its host name, the same in its local network."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local"})


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"error": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
