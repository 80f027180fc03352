# SPDX-License-Identifier: Apache-2.0
"""FAKES of the parts of `pyxrt` and of XRT's C library that the driver uses; a fake kernel behind.

Written after XRT's sources (`src/python/pybind11/src/pyxrt.cpp`, `xrt/xrt_kernel.h`,
`xrt/xrt_device.h`): what they refuse, the real ones refuse. No card has been used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from fake_kernel import FakeKernel, FakeMemory

from firebrick.runtime import Description

UUID = bytes(range(16))
BANK = 5


class FakeCard:
    """What the fakes show.

    Attributes:
        kernel: on the card.
        memory: of the card.
        calls: of the C library, by name.
        open: handles that were not closed.
        loaded: content of the files that it was loaded with.
        failing: name of a call of the C library that fails.
        cards: how many there are.
        skew: added to addresses.
    """

    def __init__(self, description: Description) -> None:
        self.memory = FakeMemory(1 << 16, 0x40_0000_0000)
        self.kernel = FakeKernel(description, self.memory.fetch, self.memory.store)
        self.calls: list[str] = []
        self.open: set[int] = set()
        self.loaded: list[bytes] = []
        self.failing = ""
        self.cards = 1
        self.skew = 0

    def pyxrt(self) -> ModuleType:
        """To be put in the place of `pyxrt`."""
        module: Any = ModuleType("pyxrt")
        module.device = lambda index: FakeXrtDevice(self, index)
        module.bo = type("bo", (FakeBo,), {"card": self})
        module.xclBOSyncDirection = SimpleNamespace(
            XCL_BO_SYNC_BO_TO_DEVICE=0, XCL_BO_SYNC_BO_FROM_DEVICE=1
        )
        return module

    def library(self) -> SimpleNamespace:
        """To be given in the place of the C library."""
        return SimpleNamespace(
            xrtDeviceOpen=self.call("xrtDeviceOpen", self.device_open),
            xrtDeviceClose=self.call("xrtDeviceClose", self.closed),
            xrtDeviceLoadXclbinFile=self.call("xrtDeviceLoadXclbinFile", self.load),
            xrtDeviceGetXclbinUUID=self.call("xrtDeviceGetXclbinUUID", self.uuid),
            xrtPLKernelOpenExclusive=self.call("xrtPLKernelOpenExclusive", self.kernel_open),
            xrtKernelClose=self.call("xrtKernelClose", self.closed),
            xrtKernelArgGroupId=self.call("xrtKernelArgGroupId", self.group),
            xrtKernelReadRegister=self.call("xrtKernelReadRegister", self.read),
            xrtKernelWriteRegister=self.call("xrtKernelWriteRegister", self.write),
        )

    def call(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            self.calls.append(name)
            if name == self.failing:
                return None if "Open" in name else -1
            return function(*arguments)

        return called

    def handle(self) -> int:
        found = 1000 + len(self.calls)
        self.open.add(found)
        return found

    def device_open(self, index: int) -> int | None:
        return self.handle() if index < self.cards else None

    def closed(self, handle: int) -> int:
        self.open.remove(handle)
        return 0

    def load(self, handle: int, path: bytes) -> int:
        assert handle in self.open
        file = Path(path.decode())
        if not file.is_file():
            return -1
        self.loaded.append(file.read_bytes())
        return 0

    def uuid(self, handle: int, out: Any) -> int:
        assert handle in self.open
        out.raw = UUID
        return 0

    def kernel_open(self, handle: int, uuid: Any, name: bytes) -> int | None:
        assert handle in self.open
        assert uuid.raw == UUID
        return self.handle() if name == b"firebrick_kernel" else None

    def group(self, handle: int, argument: int) -> int:
        assert handle in self.open
        return BANK if argument == 0 else -1

    def read(self, handle: int, offset: int, word: Any) -> int:
        assert handle in self.open
        word._obj.value = self.kernel.read(offset)
        return 0

    def write(self, handle: int, offset: int, value: int) -> int:
        assert handle in self.open
        self.kernel.write(offset, value)
        return 0


class FakeXrtDevice:
    """As `pyxrt.device`."""

    def __init__(self, card: FakeCard, index: int) -> None:
        if index >= card.cards:
            raise RuntimeError(f"Could not open device with index '{index}'")
        self.card = card

    def load_xclbin(self, path: str) -> None:
        if not Path(path).is_file():
            raise RuntimeError(f"failed to open file '{path}' for reading")
        self.card.loaded.append(Path(path).read_bytes())


class FakeBo:
    """As `pyxrt.bo`: host memory, and its place on the card."""

    card: FakeCard
    normal = 0

    def __init__(self, device: FakeXrtDevice, size: int, flags: int, group: int) -> None:
        assert isinstance(device, FakeXrtDevice)
        assert (flags, group) == (self.normal, BANK)
        if size > 1 << 20:
            raise RuntimeError("bad_alloc")
        self.data = bytearray(-(-size // 4096) * 4096)
        self.place = self.card.memory.base + self.card.memory.place(size)

    def map(self) -> memoryview:
        return memoryview(self.data)

    def address(self) -> int:
        return self.place + self.card.skew

    def sync(self, direction: int, size: int, offset: int) -> None:
        assert offset == 0
        host = np.frombuffer(self.data, np.uint8)[:size]
        device = self.card.memory.fetch(self.place, size)
        if direction == 0:
            device[:] = host
        else:
            host[:] = device
