# SPDX-License-Identifier: Apache-2.0
"""A FAKE of the kernel: Python that answers as `hw/shell` does, as far as a driver can see.

No network: the logits of a frame are sums of its bytes. It stands in where a test is about the
driver's own steps, or about a device class; what the real kernel does is tested with `sim`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from firebrick.runtime import Accelerator, Description
from firebrick.runtime import registers as reg
from firebrick.runtime.device import Buffer
from firebrick.runtime.registers import Register

WRITABLE = {
    *(Register.GIE, Register.IER, Register.IMAGES_LO, Register.IMAGES_HI, Register.LOGITS_LO),
    *(Register.LOGITS_HI, Register.FRAMES, Register.WEIGHTS_LO, Register.WEIGHTS_HI),
}
MODEL_HASH = "0123456789abcdef" * 4


def tiny_description(**changes: object) -> Description:
    """What the fake holds."""
    fields: dict = {
        "model": "fake",
        "model_hash": MODEL_HASH,
        "height": 3,
        "width": 5,
        "channels": 3,
        "pixels": 2,
        "classes": 4,
        "logit_bits": 20,
        "weights_bytes": 0,
        "logits_scale": 0.5,
    }
    return Description(**fields | changes)


def fake_logits(images: np.ndarray, classes: int) -> np.ndarray:
    """What the fake computes: signed, different for each image and class."""
    sums = images.astype(np.int64).sum((1, 2, 3))
    return (sums[:, None] * (np.arange(classes) + 1) - 1000).astype(np.int32)


class FakeKernel:
    """Registers of a fake kernel.

    Attributes:
        words: every register.
        latency: looks at CTRL or ISR that a run takes; None: it never ends.
        take_looks: looks at CTRL or ISR until a run that was started is taken.
        reset_reads: looks at RESET until it is over; None: it never is.
        loads: how often weights were fetched.
        first_error: what ERRORS is to say of the next run.
        log: every write.
    """

    def __init__(
        self,
        description: Description,
        fetch: Callable[[int, int], np.ndarray],
        store: Callable[[int, bytes], None],
    ) -> None:
        self.description, self.fetch, self.store = description, fetch, store
        self.latency: int | None = 3
        self.take_looks = 0
        self.reset_reads: int | None = 2
        self.first_error = 0
        self.loads = 0
        self.log: list[tuple[Register, int]] = []
        self.restart()

    def restart(self) -> None:
        self.words = dict.fromkeys(Register, 0) | self.description.expected_registers()
        self.words[Register.ID] = reg.ID_MAGIC_VALUE
        self.words[Register.VERSION] = 1 << 16
        self.runs: deque[tuple[int, int, int]] = deque()
        self.ended = 0
        self.looks = 0
        self.untaken = 0
        self.resetting = 0
        self.loaded = False

    @property
    def interrupt(self) -> bool:
        return bool(self.words[Register.GIE] and self.words[Register.ISR])

    def read(self, offset: int) -> int:
        register = Register(offset)
        if register in (Register.CTRL, Register.ISR):
            self.work()
        if register is Register.RESET and self.words[register]:
            if self.reset_reads is not None:
                self.resetting += 1
                if self.resetting > self.reset_reads:
                    self.restart()
            return self.words[register]
        if register is Register.CTRL:
            # One is at work, the next one is not taken yet.
            waiting = len(self.runs) > 1 or self.untaken > 0
            done = reg.CTRL_AP_DONE.mask if self.ended else 0
            return done | (reg.CTRL_AP_START.mask if waiting else 0)
        return self.words[register]

    def write(self, offset: int, value: int) -> None:
        register = Register(offset)
        assert 0 <= value < 1 << 32
        self.log.append((register, value))
        if register is Register.CTRL:
            if value & reg.CTRL_AP_START.mask:
                taken = len(self.runs) < 2 and not self.untaken
                assert taken, "started before the last one was taken"
                self.untaken = self.take_looks
                words = self.words
                addresses = (
                    words[Register.IMAGES_LO] | words[Register.IMAGES_HI] << 32,
                    words[Register.LOGITS_LO] | words[Register.LOGITS_HI] << 32,
                )
                self.runs.append((*addresses, words[Register.FRAMES]))
            if value & reg.CTRL_AP_CONTINUE.mask:
                self.ended -= 1
                self.note()
        elif register is Register.ISR:
            self.words[register] ^= value
        elif register is Register.ERRORS:
            self.words[register] &= ~value
        elif register is Register.RESET:
            self.words[register] |= value & 1
        elif register in WRITABLE:
            self.words[register] = value

    def note(self) -> None:
        if self.ended and self.words[Register.IER] & 1:
            self.words[Register.ISR] |= 1

    def work(self) -> None:
        """One look's worth of time."""
        if not self.runs or self.latency is None:
            return
        if self.untaken:
            self.untaken -= 1
            return
        self.looks += 1
        if self.looks <= self.latency:
            return
        self.looks = 0
        images, logits, frames = self.runs.popleft()
        x = self.description
        assert images % 64 == logits % 64 == 0
        if x.weights_bytes and not self.loaded:
            address = self.words[Register.WEIGHTS_LO] | self.words[Register.WEIGHTS_HI] << 32
            assert bytes(self.fetch(address, x.weights_bytes)) == weights_of(x)
            self.loads, self.loaded = self.loads + 1, True
        for n in range(frames):
            memory = self.fetch(images + n * x.image_stride, x.image_stride)
            rows = memory[: x.height * x.row_bytes].reshape(x.height, -1, x.pixel_bytes)
            pixels = rows[None, :, : x.width, : x.channels]
            values = fake_logits(pixels, x.classes).astype("<i4").tobytes()
            self.store(logits + n * x.logits_stride, values.ljust(x.logits_stride, b"\0"))
            self.words[Register.FRAMES_DONE] = (self.words[Register.FRAMES_DONE] + 1) % (1 << 32)
        self.words[Register.CYCLES_LO] = 100 * frames
        self.words[Register.FRAME_CYCLES] = 90 if frames > 1 else 0
        self.words[Register.ERRORS] |= self.first_error
        self.first_error = 0
        self.ended += 1
        self.note()


def weights_of(description: Description) -> bytes:
    """Weights that the fake expects."""
    return bytes(n * 7 % 251 for n in range(description.weights_bytes))


class FakeMemory:
    """Bytes at an address, with a cache between program and device that only flush empties."""

    def __init__(self, size: int, base: int) -> None:
        self.base, self.top = base, 0
        self.device = np.full(size, 0xEE, np.uint8)

    def place(self, size: int) -> int:
        start = self.top
        self.top += -(-size // 64) * 64
        assert self.top <= len(self.device)
        return start

    def fetch(self, address: int, size: int) -> np.ndarray:
        start = address - self.base
        assert 0 <= start <= len(self.device) - size
        return self.device[start : start + size]

    def store(self, address: int, data: bytes) -> None:
        self.fetch(address, len(data))[:] = np.frombuffer(data, np.uint8)


class FakeDevice:
    """A FAKE `Device`: a fake kernel and a fake memory.

    Attributes:
        kernel: its registers.
        memory: its memory.
        closed: whether it was closed.
        freed: buffers given back.
    """

    def __init__(self, description: Description | None = None) -> None:
        self.timeout = 5.0
        self.memory = FakeMemory(1 << 16, 0xC3A5_0001_F000_0000)  # with the top bit of each half
        found = description or tiny_description()
        self.kernel = FakeKernel(found, self.memory.fetch, self.memory.store)
        self.closed = False
        self.freed = 0

    def read32(self, offset: int) -> int:
        return self.kernel.read(offset)

    def write32(self, offset: int, value: int) -> None:
        self.kernel.write(offset, value)

    def allocate(self, size: int) -> Buffer:
        start = self.memory.place(size)
        array = np.full(size, 0xDB, np.uint8)
        device = self.memory.device[start : start + size]

        def flush() -> None:
            device[:] = array

        def invalidate() -> None:
            array[:] = device

        def free() -> None:
            self.freed += 1

        return Buffer(array, self.memory.base + start, flush, invalidate, free)

    def wait_interrupt(self, timeout: float) -> bool:
        for _ in range(100):
            self.kernel.work()
            if self.kernel.interrupt:
                return True
        return False

    def close(self) -> None:
        assert not self.closed
        self.closed = True


DESCRIPTION = tiny_description()


def images(count: int, seed: int = 1) -> np.ndarray:
    """Noise for the tiny accelerator."""
    shape = (count, DESCRIPTION.height, DESCRIPTION.width, DESCRIPTION.channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def opened(device: FakeDevice, batch: int = 4) -> Accelerator:
    """The driver of the tiny accelerator."""
    return Accelerator(DESCRIPTION, device, batch=batch)
