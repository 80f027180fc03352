# SPDX-License-Identifier: Apache-2.0
"""The simulated device: the real kernel in Verilator, with buses and memory simulated around it.

The only part of the runtime that needs the rest of Firebrick, to compile the kernel; it is imported
when a simulation is opened, and its absence is said.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import subprocess
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.runtime.bundle import RTL_MANIFEST, Bundle
from firebrick.runtime.description import aligned
from firebrick.runtime.device import Buffer
from firebrick.runtime.errors import DeviceError, DeviceMissing

MEMORY_BYTES = 1 << 28
"""Pages that nobody touches take no memory."""
MEMORY_BASE = 0x2_0000_0000 - 0x8000
"""Beyond 4 GB, and soon carrying into the high half, so that it matters."""
TIMEOUT = 3600.0
"""Simulation is some thousand times slower than hardware."""
RUN_CYCLES = 1 << 62
RUN_MILLISECONDS = 200
LOG_LINES = 10


@dataclass(frozen=True)
class MemoryTiming:
    """How unwilling the buses are; the default never makes the kernel wait.

    Attributes:
        control: probability * 256 that the control bus pauses in a cycle.
        read_address: the same of the memory's channels.
        read_data: see above.
        write_address: see above.
        write_data: see above.
        write_response: see above.
        read_latency: most extra cycles before a burst's first data, drawn for each.
        write_latency: most extra cycles before a response.
        reads: most bursts that memory takes before it has answered.
        writes: the same of writes.
    """

    control: int = 0
    read_address: int = 0
    read_data: int = 0
    write_address: int = 0
    write_data: int = 0
    write_response: int = 0
    read_latency: int = 0
    write_latency: int = 0
    reads: int = 16
    writes: int = 16


@dataclass(frozen=True)
class State:
    """What the simulated buses have seen.

    Attributes:
        cycle: clock cycles since the start.
        outstanding: bursts that memory has not answered yet.
        read_bursts: taken since the start.
        write_bursts: taken since the start.
        most_reads: most read bursts outstanding at a time.
        bus_bytes: of a word of the memory bus.
    """

    cycle: int
    outstanding: int
    read_bursts: int
    write_bursts: int
    most_reads: int
    bus_bytes: int


class SimDevice:
    """A running simulation; a `Device` with faults to order.

    Attributes:
        timeout: seconds that a run may take unless the caller says otherwise.
        patience: cycles that `wait_interrupt` waits at most, whatever time they take; None: only
            time counts.
        memory: all of the memory that the kernel reaches.
        base: its first address.
    """

    def __init__(
        self, binary: Path, folder: Path, *, seed: int = 1, base: int = MEMORY_BASE
    ) -> None:
        """Start it.

        Args:
            binary: from `firebrick.verify.simulation.kernel_build`.
            folder: with the memory images.
            seed: of what no reset sets.
            base: address of the memory, a multiple of 4096.
        """
        self.timeout = TIMEOUT
        self.patience: int | None = None
        handle = os.memfd_create("firebrick-memory")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the device
        try:
            os.ftruncate(handle, MEMORY_BYTES)
            # Not closed by us: arrays that were given out may outlive the device.
            mapped = mmap.mmap(handle, MEMORY_BYTES)
            self._process = subprocess.Popen(
                [binary.resolve(), str(handle), str(MEMORY_BYTES), str(base), str(seed)],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                pass_fds=(handle,),
            )
        finally:
            os.close(handle)
        self.base = base
        self.memory = np.frombuffer(mapped, np.uint8)
        self._free = [(0, MEMORY_BYTES)]

    def __enter__(self) -> SimDevice:
        """The device itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the simulation."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # it had ended before
                    pipe.close()
        if process.poll() is None:
            process.terminate()
            process.wait()
        self._log.close()

    def _ask(self, *words: object) -> list[str]:
        """Give a command, get its answer.

        Raises:
            DeviceError: when the simulation has ended, with its last words.
        """
        process = self._process
        assert process.stdin is not None and process.stdout is not None  # noqa: S101
        if process.stdin.closed:
            raise DeviceError("simulation: is closed")
        said: list[bytes] = []  # assertions of the hardware speak there too
        try:
            process.stdin.write((" ".join(map(str, words)) + "\n").encode())
            process.stdin.flush()
            while line := process.stdout.readline():
                if line.startswith(b"ok") and line.endswith(b"\n"):
                    return line.decode().split()[1:]
                said.append(line)
        except OSError:
            pass  # it has ended
        except BaseException:
            # Its answer would be taken for that to the next command, even if it is in the pipe now.
            process.kill()
            process.wait()
            raise
        process.wait()
        self._log.seek(0)
        text = (b"".join(said) + self._log.read()).decode(errors="replace")
        raise DeviceError("simulation ended: " + "\n".join(text.splitlines()[-LOG_LINES:]))

    def read32(self, offset: int) -> int:
        """A register."""
        return int(self._ask("read", f"{offset:x}")[0], 16)

    def write32(self, offset: int, value: int) -> None:
        """Set a register."""
        self._ask("write", f"{offset:x}", f"{value:x}")

    def allocate(self, size: int) -> Buffer:
        """Memory of `size` bytes, filled with what a program must not rely on.

        Raises:
            DeviceError: when there is not so much left.
        """
        need = aligned(max(size, 1))
        for place, (start, length) in enumerate(self._free):
            if length >= need:
                self._free[place] = (start + need, length - need)
                break
        else:
            raise DeviceError(f"simulation: no {size} bytes of memory left")
        array = self.memory[start : start + size]
        array[:] = 0xDB

        def free() -> None:
            self._free = sorted([*self._free, (start, need)])

        return Buffer(array, self.base + start, _nothing, _nothing, free)

    def wait_interrupt(self, timeout: float) -> bool:
        """Let the clock run until the interrupt is high, or time or patience is over."""
        end = time.monotonic() + timeout
        last: int | None = None
        while True:
            left = end - time.monotonic()
            milliseconds = max(1, min(RUN_MILLISECONDS, int(left * 1000)))
            if self.patience is not None:
                last = self.state().cycle + self.patience if last is None else last
            cycles = RUN_CYCLES if last is None else last - self.state().cycle
            high = self._ask("run", max(0, cycles), milliseconds)[0] == "1"
            if high or left <= 0 or cycles <= 0:
                return high

    def step(self, cycles: int) -> None:
        """Let the clock run so many cycles."""
        self._ask("step", cycles)

    def hard_reset(self, cycles: int = 16) -> None:
        """Pull the reset line; memory forgets its bursts too."""
        self._ask("reset", cycles)

    def set_timing(self, timing: MemoryTiming, seed: int) -> None:
        """How unwilling the buses are from now on."""
        self._ask("timing", seed, *astuple(timing))

    def fail(self, *, read: int = 0, write: int = 0) -> None:
        """Answer the n-th burst from now with an error; 0: none."""
        self._ask("fail", read, write)

    def assertions(self, on: bool) -> None:
        """Let assertions of the hardware count; weights that an error spoils may break some."""
        self._ask("assertions", int(on))

    def state(self) -> State:
        """What the buses have seen."""
        return State(*map(int, self._ask("state")))


def _nothing() -> None:
    """Memory is shared: there is no cache to flush."""


def build(folder: Path, *, optimize: str = "-O3", build_root: Path | None = None) -> Path:
    """Compile the kernel of a generated folder, or take it from the user's cache.

    Raises:
        DeviceMissing: when the package that can do that is not installed.
        FirebrickError: when the folder has no kernel, or a compiler refuses.
    """
    try:
        from firebrick.files.cache import cache_folder  # noqa: PLC0415 - boards lack it
        from firebrick.verify.simulation.kernel_build import build_kernel  # noqa: PLC0415
    except ImportError as error:
        raise DeviceMissing(
            f"device 'sim': {error.name} is missing: it needs all of Firebrick, not the runtime "
            "alone (pip install firebrick)"
        ) from None
    return build_kernel(folder, build_root or cache_folder("models"), optimize=optimize, jobs=2)


def open_sim(bundle: Bundle) -> SimDevice:
    """Simulate the hardware of a bundle.

    Its SystemVerilog is compiled and run here: as much trust as running a program of the bundle.
    It is compiled from a private copy that was compared while it was made.

    Raises:
        DeviceMissing: when the bundle has no hardware to simulate, or Firebrick is not whole.
        BundleError: when a file has changed since the bundle was opened.
        DeviceError: when the simulation ends at once.
        FirebrickError: when a compiler refuses.
    """
    if RTL_MANIFEST not in bundle.files:
        raise DeviceMissing(f"{bundle.folder}: device 'sim': the bundle has no {RTL_MANIFEST}")
    part = PurePosixPath(RTL_MANIFEST).parent
    names = [x for x in bundle.files if part in PurePosixPath(x).parents]
    with bundle.copies(*names) as private:
        folder = private / part
        try:
            device = SimDevice(build(folder), folder)
        except OSError as error:
            raise FirebrickError(f"device 'sim': cannot be started: {error.strerror}") from None
        try:
            device.state()  # an answer: by now it has read its memory images
        except BaseException:
            device.close()
            raise
    return device
