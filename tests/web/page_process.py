# SPDX-License-Identifier: Apache-2.0
"""The page in a process of its own, around a FAKE accelerator: prints its port, serves, is ended.

Attributes of the process are what is measured: its memory, its open files.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Page:
    """A page at work.

    Attributes:
        port: at 127.0.0.1.
        process: its id.
    """

    port: int
    process: int

    def peak_memory(self) -> int:
        """Most that the process ever had resident, bytes."""
        status = Path(f"/proc/{self.process}/status").read_text()
        (line,) = (x for x in status.splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) << 10


@contextlib.contextmanager
def page(**limits: float) -> Iterator[Page]:
    """A page with other limits than usual: `seconds`, `pace_seconds`, `most`, `files`, `work`."""
    given = [f"{name}={value}" for name, value in limits.items()]
    command = [sys.executable, __file__, *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        try:
            assert it.stdout is not None
            yield Page(int(it.stdout.readline()), it.pid)
            assert it.poll() is None
        finally:
            it.terminate()
            _, complaints = it.communicate(timeout=30)
    assert complaints == "", complaints[-2000:]


def main(given: dict[str, float]) -> None:
    """Serve until ended."""
    from pages import FakeDevice, fake_app  # noqa: PLC0415 - not where the page is only watched

    from firebrick.web import connections, server  # noqa: PLC0415
    from firebrick.web.app import Limits  # noqa: PLC0415

    connections.SECONDS = given.get("seconds", connections.SECONDS)
    connections.MOST = int(given.get("most", connections.MOST))
    if files := int(given.get("files", 0)):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    device = FakeDevice()
    limits = Limits(pace_seconds=given["pace_seconds"]) if "pace_seconds" in given else Limits()
    app = fake_app(device, limits)
    device.before = lambda: time.sleep(given.get("work", 0.0))
    with server.listen("127.0.0.1", 0) as listener:
        print(listener.getsockname()[1], flush=True)
        server.run(app, listener)


if __name__ == "__main__":
    main({name: float(value) for name, _, value in (x.partition("=") for x in sys.argv[1:])})
