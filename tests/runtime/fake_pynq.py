# SPDX-License-Identifier: Apache-2.0
"""A FAKE of the part of `pynq` that the driver uses, with a fake kernel behind it.

Written after PYNQ 3.1's sources (`pynq/overlay.py`, `mmio.py`, `buffer.py`, `interrupt.py`): what
it refuses, the real one refuses. No board has been used.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
from fake_kernel import FakeKernel, FakeMemory

from firebrick.runtime import Description

ADDRESS, RANGE = 0x4000_0000, 0x1000


class FakeBuffer(np.ndarray):
    """As `pynq.buffer.PynqBuffer`: an array with an address and caches to empty."""

    device_address: int
    flushed = invalidated = freed = 0
    board: FakeBoard

    def flush(self) -> None:
        self.board.memory.fetch(self.device_address, self.nbytes)[:] = self
        self.flushed += 1

    def invalidate(self) -> None:
        self[:] = self.board.memory.fetch(self.device_address, self.nbytes)
        self.invalidated += 1

    def freebuffer(self) -> None:
        self.freed += 1


class FakeInterrupt:
    """As `pynq.Interrupt`: a level to be awaited."""

    def __init__(self, kernel: FakeKernel) -> None:
        self.kernel = kernel
        self.waits = 0

    async def wait(self) -> None:
        self.waits += 1
        while not self.kernel.interrupt:
            self.kernel.work()
            await asyncio.sleep(0)


class FakeBoard:
    """What the fake module shows.

    Attributes:
        kernel: in the programmable logic.
        memory: that it reaches.
        buffers: that were allocated.
        loaded: bitstreams.
        beside: names in their folder, which the real one looks at, too.
        data: content of the last bitstream.
        blocks: of the overlay.
        interrupt: of the kernel; None: its pin is open.
        skew: added to addresses.
    """

    def __init__(self, description: Description, *, connected: bool = True) -> None:
        self.memory = FakeMemory(1 << 16, 0x1000_0000)
        self.kernel = FakeKernel(description, self.memory.fetch, self.memory.store)
        self.buffers: list[FakeBuffer] = []
        self.loaded: list[str] = []
        self.beside: list[set[str]] = []
        self.data = b""
        self.interrupt = FakeInterrupt(self.kernel) if connected else None
        self.skew = 0
        block = {
            "phys_addr": ADDRESS,
            "addr_range": RANGE,
            "type": "firebrick:x:firebrick_kernel:1.0",
        }
        other = {"phys_addr": 0xF000_0000, "addr_range": 16, "type": "xilinx.com:ip:ps7:5.5"}
        self.blocks = {"kernel_0": block, "ps7": other}

    def module(self) -> ModuleType:
        """To be put in the place of `pynq`."""
        module = ModuleType("pynq")
        module.Overlay = self.overlay  # type: ignore[attr-defined]
        module.MMIO = lambda address, length: FakeMmio(self.kernel, address, length)  # type: ignore[attr-defined]
        module.allocate = self.allocate  # type: ignore[attr-defined]
        return module

    def overlay(self, bitfile_name: str) -> SimpleNamespace:
        assert Path(bitfile_name).with_suffix(".hwh").is_file(), "Cannot find HWH file"
        self.loaded.append(bitfile_name)
        self.beside.append({x.name for x in Path(bitfile_name).parent.iterdir()})
        self.data = Path(bitfile_name).read_bytes()
        ip = SimpleNamespace()
        if self.interrupt is not None:
            ip.interrupt = self.interrupt
        return SimpleNamespace(ip_dict=self.blocks, kernel_0=ip)

    def allocate(self, shape: tuple[int, ...], dtype: type) -> FakeBuffer:
        (size,) = shape
        if size > 1 << 20:
            raise RuntimeError("BO allocation failed: Cannot allocate memory")
        buffer = np.zeros(shape, dtype).view(FakeBuffer)
        buffer.board = self
        buffer.device_address = self.memory.base + self.memory.place(size) + self.skew
        self.buffers.append(buffer)
        return buffer


class FakeMmio:
    """As `pynq.MMIO` where registers are mapped into memory."""

    def __init__(self, kernel: FakeKernel, address: int, length: int) -> None:
        assert (address, length) == (ADDRESS, RANGE)
        self.kernel = kernel

    def read(self, offset: int = 0, length: int = 4) -> int:
        assert type(offset) is int
        assert offset % 4 == 0
        assert length == 4
        return self.kernel.read(offset)

    def write(self, offset: int, data: int) -> None:
        if type(data) is not int:  # the real one says so of an IntEnum, too
            raise ValueError("Data type must be int or bytes.")
        assert type(offset) is int
        assert offset % 4 == 0
        self.kernel.write(offset, data)
