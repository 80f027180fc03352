# SPDX-License-Identifier: Apache-2.0
"""A simulated tiny kernel under its driver, and what events of a campaign are made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from firebrick.campaign.designs import TinyKernel
from firebrick.runtime import Accelerator, DeviceError, DeviceTimeout, Pending
from firebrick.runtime import registers as reg
from firebrick.runtime.device import Buffer
from firebrick.runtime.layout import Bytes, Logits, pack_images
from firebrick.runtime.registers import Register
from firebrick.runtime.sim import SimDevice

BATCH = 3
"""Frames of a run."""
PATIENCE = 2_000_000
"""Cycles without an interrupt that count as a hang; runs take some ten thousand at most."""
BLANK = 0xDB
"""What logits are overwritten with before a run."""


class Finding(Exception):
    """Something that must not be."""


class Hang(Finding):
    """A run did not end."""


class WrongLogits(Finding):
    """Logits were accepted and differ from the reference."""


class Watched(SimDevice):
    """A simulated device that places buffers at random and remembers them.

    Attributes:
        buffers: those given out.
        rng: for their places.
    """

    def __init__(self, kernel: TinyKernel, rng: np.random.Generator) -> None:
        base = (1 << 33) - 4096 * int(rng.integers(1, 16))  # carries into the high half on the way
        seed = int(rng.integers(1, 1 << 30))
        super().__init__(kernel.binary, kernel.folder, seed=seed, base=base)
        self.buffers: list[Buffer] = []
        self.rng = rng
        self.patience = PATIENCE

    def allocate(self, size: int) -> Buffer:
        """Some way behind the last one: any multiple of 64 will do, so bursts meet 4 KB borders."""
        super().allocate(64 * int(self.rng.integers(1, 64)))
        buffer = super().allocate(size)
        self.buffers.append(buffer)
        return buffer


class Trial:
    """A simulation; one event after the other happens to it.

    Attributes:
        kernel: that is simulated.
        device: the simulation.
        accelerator: the driver on it.
        rng: what an event draws from.
        images: buffers of the driver.
        logits: the same.
        weights: the same; none if none are loaded.
        accepted: frames whose logits were accepted, and are right.
        refused: runs whose logits were refused, rightly.
    """

    def __init__(self, kernel: TinyKernel, seed: tuple[int, int]) -> None:
        self.kernel = kernel
        self.rng = np.random.default_rng((*seed, 1))
        self.device = Watched(kernel, self.rng)
        self.accelerator = Accelerator(
            kernel.description, self.device, weights=kernel.weights, batch=BATCH
        )
        self.accepted = self.refused = 0
        self.read, self.write = self.device.read32, self.device.write32
        buffers = self.device.buffers  # in the order in which the driver asks for them
        self.images, self.logits, self.weights = buffers[0:4:2], buffers[1:4:2], buffers[4:]
        end = max(x.address + len(x.array) for x in buffers) - self.device.base + 4096
        self.memory = self.device.memory[:end]

    def close(self) -> None:
        """End the simulation."""
        self.accelerator.close()

    def draw_images(self, most: int) -> Bytes:
        """From one to so many images."""
        x = self.kernel.description
        shape = (int(self.rng.integers(1, most + 1)), x.height, x.width, x.channels)
        return self.rng.integers(0, 256, shape, np.uint8)

    def prepare(self) -> Bytes:
        """Blank the logits; a copy of all memory in use."""
        for buffer in self.logits:
            buffer.array[:] = BLANK
        return self.memory.copy()

    def accept(self, images: Bytes, logits: Logits) -> None:
        """Compare logits that the driver has accepted."""
        reference = self.kernel.reference(images)
        if not np.array_equal(logits, reference):
            differing = int((logits != reference).any(1).sum())
            raise WrongLogits(f"{differing} of {len(images)} frames differ")
        self.accepted += len(images)

    def refuse(self, pending: Pending, text: str) -> None:
        """The logits must be refused."""
        try:
            pending.result()
        except DeviceError as error:
            if text not in str(error):
                raise
            self.refused += 1
            return
        raise Finding("logits were accepted that must be refused")

    def faulty(self, kind: str, flag: int) -> None:
        """An error in one of the next bursts: if it is reached, the logits are refused."""
        images = self.draw_images(BATCH)
        place, before = int(self.rng.integers(1, 10)), self.bursts()[kind]
        self.device.fail(**{kind: place})
        try:
            logits = self.accelerator.infer(images)
        except DeviceTimeout:
            raise
        except DeviceError as error:
            if f"ERRORS=0x{flag:x}:" not in str(error):
                raise
            self.refused += 1
            reached = True
        else:
            self.accept(images, logits)
            reached = False
        self.expect("an error was met", reached, self.bursts()[kind] - before >= place)

    def cut(self) -> Pending:
        """A run in some state of work."""
        pending = self.accelerator.submit(self.draw_images(BATCH))
        frame = self.kernel.plan.cycles_per_frame
        self.device.step(int(self.rng.integers(0, (BATCH + 2) * frame)))
        return pending

    def start(self, frames: int, which: int = -1, offset: int = 0) -> None:
        """A run without the driver; `offset` is added to the address number `which`."""
        buffers = [self.images[0], self.logits[0], *self.weights]
        places = (Register.IMAGES_LO, Register.LOGITS_LO, Register.WEIGHTS_LO)
        for number, (buffer, register) in enumerate(zip(buffers, places, strict=False)):
            address = buffer.address + (offset if number == which else 0)
            self.write(register, address & 0xFFFF_FFFF)
            self.write(register + 4, address >> 32)
        self.write(Register.FRAMES, frames)
        self.write(Register.CTRL, reg.CTRL_AP_START.mask)

    def place_images(self, most: int) -> Bytes:
        """Images for `start`, in memory."""
        images = self.draw_images(most)
        pack_images(images, self.kernel.description, self.images[0].array)
        return images

    def ended(self) -> None:
        """Wait until a run without the driver ends."""
        while not self.read(Register.CTRL) & reg.CTRL_AP_DONE.mask:
            self.write(Register.ISR, self.read(Register.ISR))
            if self.read(Register.CTRL) & reg.CTRL_AP_DONE.mask:
                break
            if not self.device.wait_interrupt(self.device.timeout):
                raise Hang("ap_done does not come")

    def acknowledge(self) -> None:
        """Take note of the last run's end."""
        self.write(Register.CTRL, reg.CTRL_AP_CONTINUE.mask)
        self.expect("ap_done", self.read(Register.CTRL) & reg.CTRL_AP_DONE.mask, 0)

    def bursts(self) -> dict[str, int]:
        """Taken by memory so far."""
        state = self.device.state()
        return {"read": state.read_bursts, "write": state.write_bursts}

    def quiet(self) -> None:
        """Memory owes no answer."""
        self.expect("bursts outstanding", self.device.state().outstanding, 0)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Neither bursts nor changes of memory while the block runs."""
        before, bursts = self.prepare(), self.bursts()
        yield
        self.expect("bursts", self.bursts(), bursts)
        self.unchanged(before, 0)

    def unchanged(self, before: Bytes, frames: int) -> None:
        """Nothing was written but images, and logits of at most so many frames."""
        after = self.memory.copy()
        stride = self.kernel.description.logits_stride
        writable = [(x, len(x.array)) for x in self.images]
        writable += [(x, frames * stride) for x in self.logits]
        for buffer, size in writable:
            start = buffer.address - self.device.base
            after[start : start + size] = before[start : start + size]
        wrong = np.flatnonzero(after != before)
        if len(wrong):
            raise Finding(f"memory was written at 0x{self.device.base + int(wrong[0]):x}")

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Refuse a value.

        Raises:
            Finding: naming both.
        """
        if found != wanted:
            raise Finding(f"{what}={found} is not {wanted}")
