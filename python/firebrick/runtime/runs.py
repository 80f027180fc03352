# SPDX-License-Identifier: Apache-2.0
"""Keeps an accelerator busy: one run at work, one queued behind it, the others waiting here.

Registers behave as ap_ctrl_chain: a run may be started as soon as the one before it was taken, its
end stays visible until it is acknowledged, so ends are seen one by one and in order.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from firebrick.runtime import registers as reg
from firebrick.runtime.description import Description
from firebrick.runtime.device import Buffer, Device
from firebrick.runtime.errors import DeviceError, DeviceTimeout
from firebrick.runtime.layout import Bytes, Logits, pack_images, unpack_logits
from firebrick.runtime.registers import Register

RUNS = 2
"""In the device at a time."""
RESET_SECONDS = 10.0
"""All that a soft reset waits for is the end of a few bursts."""
EAGER_READS = 1000
"""Of a register that is about to change; after these with pauses."""
COUNT_MASK = (1 << 32) - 1


@dataclass(eq=False)
class Outcome:
    """What several runs together give.

    Attributes:
        logits: filled as runs end.
        left: runs that have not ended.
        error: what made one of them fail; then the logits are void.
    """

    logits: Logits
    left: int
    error: DeviceError | None = None

    @property
    def done(self) -> bool:
        """Whether there is nothing more to come."""
        return self.left == 0 or self.error is not None


@dataclass(eq=False)
class Run:
    """Some images of an outcome, not more than a slot holds.

    Attributes:
        images: uint8 (N, HEIGHT, WIDTH, CHANNELS).
        first: place of the first one among the outcome's.
        outcome: that it is part of.
    """

    images: Bytes
    first: int
    outcome: Outcome
    slot: Slot | None = None


@dataclass(frozen=True)
class Slot:
    """Memory of one run."""

    images: Buffer
    logits: Buffer


@dataclass(eq=False)
class Runner:
    """The runs of one device.

    Attributes:
        description: of the accelerator.
        device: it is in.
        weights: that the device loads after each reset, if it does.
        slots: those that no run uses.
        waiting: runs that the device does not know of.
        started: runs that it does, the oldest first.
        frames: that the device must have counted since its reset, modulo 2**32.
    """

    description: Description
    device: Device
    weights: Buffer | None
    slots: list[Slot]
    waiting: deque[Run] = field(default_factory=deque)
    started: deque[Run] = field(default_factory=deque)
    frames: int = 0

    def reset(self, reason: DeviceError | None = None) -> None:
        """Soft reset: runs in the device fail, those that wait here go on if their outcome may.

        Args:
            reason: what the failing runs are told; else that there was a reset.

        Raises:
            DeviceTimeout: when the device does not come out of it.
        """
        self.fail_started(reason or DeviceError("the run was cut off by a reset of the device"))
        write = self.device.write32
        write(Register.RESET, reg.RESET_SOFT_RESET.mask)
        end, reads = time.monotonic() + RESET_SECONDS, 0
        while self.device.read32(Register.RESET) & reg.RESET_SOFT_RESET.mask:
            if time.monotonic() >= end:
                raise DeviceTimeout(
                    f"the device has not come out of its reset within {RESET_SECONDS:g} s: load "
                    "its bitstream again"
                )
            reads += 1
            if reads > EAGER_READS:
                time.sleep(0.001)
        self.frames = 0
        write(Register.GIE, reg.GIE_ENABLE.mask)
        write(Register.IER, reg.IER_DONE.mask | reg.IER_READY.mask)

    def fail_started(self, reason: DeviceError) -> None:
        """Give up the runs in the device, and what waits here for the same outcomes."""
        for run in self.started:
            run.outcome.error = run.outcome.error or reason
            if run.slot is not None:
                self.slots.append(run.slot)
        self.started.clear()
        self.waiting = deque(x for x in self.waiting if x.outcome.error is None)

    def fail_all(self, reason: DeviceError) -> None:
        """The same with everything that waits here."""
        for run in self.waiting:
            run.outcome.error = run.outcome.error or reason
        self.fail_started(reason)

    def wait(self, over: Callable[[], bool], seconds: float) -> None:
        """Work until `over` says so.

        Raises:
            DeviceTimeout: when time is over first; nothing is given up.
            DeviceError: when the device is gone; then everything is.
        """
        end = time.monotonic() + seconds
        patient = True
        try:
            while not over():
                if self.advance():
                    patient = True
                elif not patient:
                    raise DeviceTimeout(f"no result within {seconds:g} s: {self._progress()}")
                else:
                    patient = self.device.wait_interrupt(max(0.0, end - time.monotonic()))
        except DeviceTimeout:
            raise
        except DeviceError as error:
            self.fail_all(error)
            raise

    def advance(self) -> bool:
        """Take what has ended, start what can be; False if all there is to do is to wait."""
        device = self.device
        # First the interrupt, then what it was for: nothing that comes in between is missed.
        status = device.read32(Register.ISR)
        if status:
            device.write32(Register.ISR, status)
        control = device.read32(Register.CTRL)
        ended = bool(control & reg.CTRL_AP_DONE.mask) and bool(self.started)
        if ended:
            self._finish(self.started[0])
        taken = not (self.started and control & reg.CTRL_AP_START.mask)
        begun = bool(taken and self.waiting and self.slots and len(self.started) < RUNS)
        if begun:
            self._start(self.waiting.popleft(), self.slots.pop())
        return ended or begun

    def _start(self, run: Run, slot: Slot) -> None:
        run.slot = slot
        pack_images(run.images, self.description, slot.images.array)
        slot.images.flush()
        places = [(Register.IMAGES_LO, slot.images), (Register.LOGITS_LO, slot.logits)]
        if self.weights is not None:
            places.append((Register.WEIGHTS_LO, self.weights))
        for register, buffer in places:
            self.device.write32(register, buffer.address & 0xFFFF_FFFF)
            self.device.write32(register + 4, buffer.address >> 32)
        self.device.write32(Register.FRAMES, len(run.images))
        self.device.write32(Register.CTRL, reg.CTRL_AP_START.mask)
        self.started.append(run)

    def _finish(self, run: Run) -> None:
        if reason := self._void(len(run.images)):
            self.reset(reason)
            return
        assert run.slot is not None  # noqa: S101
        run.slot.logits.invalidate()
        end = run.first + len(run.images)
        run.outcome.logits[run.first : end] = unpack_logits(
            run.slot.logits.array, self.description, len(run.images)
        )
        self.device.write32(Register.CTRL, reg.CTRL_AP_CONTINUE.mask)
        self.started.popleft()
        self.slots.append(run.slot)
        run.outcome.left -= 1

    def _void(self, frames: int) -> DeviceError | None:
        """Why the logits of the run that has ended are not to be taken."""
        errors = self.device.read32(Register.ERRORS)
        if errors:
            return DeviceError(f"ERRORS=0x{errors:x}: {error_text(errors)}; logits refused")
        self.frames = (self.frames + frames) & COUNT_MASK
        done = self.device.read32(Register.FRAMES_DONE)
        # A run queued behind may have added some.
        if (done - self.frames) & COUNT_MASK > COUNT_MASK >> 1:
            return DeviceError(
                f"FRAMES_DONE={done} is less than {self.frames}, as it must be; logits refused"
            )
        return None

    def _progress(self) -> str:
        read = self.device.read32
        status, done = read(Register.STATUS), read(Register.FRAMES_DONE)
        return f"STATUS=0x{status:x}, FRAMES_DONE={done}, {len(self.started)} runs in the device"


def error_text(errors: int) -> str:
    """What the bits of ERRORS mean."""
    meanings = {
        reg.ERRORS_READ_RESPONSE: "memory answered a read with an error",
        reg.ERRORS_WRITE_RESPONSE: "memory answered a write with an error",
        reg.ERRORS_ADDRESS: "an address is no multiple of 64",
        reg.ERRORS_PACKET: "a packet had a wrong length",
    }
    found = [text for bits, text in meanings.items() if errors & bits.mask]
    return ", ".join(found) or "bits this driver does not know"
