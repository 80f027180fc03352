# SPDX-License-Identifier: Apache-2.0
"""Child processes, and signals: a command that one ends leaves neither children nor scratch."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from firebrick.files.scratch import sweep

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HERE: Mapping[str, str] = {"TMPDIR": "."}
"""Environment of tools that run in a scratch folder: what they leave when killed goes with it, and
no path of the user's reaches a command that a tool puts together itself."""

_running: set[subprocess.Popen[Any]] = set()
_lock = threading.RLock()


class _State:
    """How far a signal has got.

    Attributes:
        ending: no child is started any more.
        holding: the main thread is between starting a child and noting it.
        held: signal that came meanwhile.
    """

    ending = False
    holding = False
    held: int | None = None


@contextmanager
def started(
    command: Sequence[str | Path],
    folder: Path,
    *,
    stdout: int | IO[Any],
    stderr: int | IO[Any],
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a folder; what it has started itself ends with it if the block fails.

    Args:
        command: and its arguments.
        folder: to run it in.
        stdout: as `subprocess` has it.
        stderr: the same.
        env: beside what this process has.
    """
    with _noted():
        if _State.ending:
            raise SystemExit(128 + signal.SIGTERM)  # in a thread of a command that is ending
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env=os.environ | (env or {}),
            process_group=0,
        )
        _running.add(process)
    try:
        with process:
            try:
                yield process
                process.wait()
            except BaseException:
                kill(process)
                raise
    finally:
        _running.discard(process)


def run(
    command: Sequence[str | Path],
    folder: Path,
    log: IO[Any],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> int:
    """Run a command in a folder; returns its exit status. See `started`.

    Args:
        command: and its arguments.
        folder: to run it in.
        log: file for all that it says.
        env: beside what this process has.
        timeout: seconds.

    Raises:
        TimeoutExpired: when it takes longer.
    """
    with started(command, folder, stdout=log, stderr=log, env=env) as process:
        return process.wait(timeout)


@contextmanager
def _noted() -> Iterator[None]:
    """Let no signal come between a child's start and its note."""
    main = threading.current_thread() is threading.main_thread()
    with _lock:
        _State.holding = main
        try:
            yield
        finally:
            _State.holding = False
            held, _State.held = _State.held, None
    if held is not None:
        signal.raise_signal(held)


def kill(process: subprocess.Popen[Any]) -> None:
    """End a process that was `started`, and what it has started itself."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _end(number: int, _: FrameType | None) -> None:
    """Handle a signal: no child is left, and what is being done is left as by an error."""
    if _State.holding:
        _State.held = number
        return
    for one in SIGNALS:  # cleaning up is not interrupted again
        signal.signal(one, signal.SIG_IGN)
    with _lock:
        _State.ending = True
        for process in list(_running):  # threads that wait for them forget them meanwhile
            kill(process)
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP end a command in order; for the main thread of a process.

    Raises:
        SystemExit: with 128 and the signal's number as status.
        KeyboardInterrupt: by SIGINT.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Who has had them ignored, as `nohup` does, wants that.
    before = {x: signal.getsignal(x) for x in SIGNALS if signal.getsignal(x) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        sweep()
        _State.ending = False
        for number, handler in before.items():
            signal.signal(number, handler)
