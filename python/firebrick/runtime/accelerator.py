# SPDX-License-Identifier: Apache-2.0
"""An open accelerator: images in, logits out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.runtime.bundle import Bundle
from firebrick.runtime.description import Description
from firebrick.runtime.device import Buffer, Device
from firebrick.runtime.errors import DeviceError, DeviceMissing, DeviceTimeout
from firebrick.runtime.identity import check_interface, check_model
from firebrick.runtime.layout import Bytes, Logits, check_images
from firebrick.runtime.registers import Register
from firebrick.runtime.runs import RUNS, Outcome, Run, Runner, Slot

DEVICES = ("sim", "pynq", "xrt")
BATCH = 16
"""Frames of a run: enough that starting one costs nothing."""


@dataclass(frozen=True)
class Counters:
    """What the device counts.

    Attributes:
        frames_done: frames since the last reset whose logits are in memory.
        cycles: of the current or last run, from its start to its end.
        frame_cycles: between the last two frames of a run; 0 when there was but one.
    """

    frames_done: int
    cycles: int
    frame_cycles: int


class Pending:
    """Logits that are being computed; see `Accelerator.submit`."""

    def __init__(self, accelerator: Accelerator, outcome: Outcome) -> None:
        self._accelerator = accelerator
        self._outcome = outcome

    @property
    def done(self) -> bool:
        """Whether `result` would return, or raise, at once. Does not look at the device."""
        return self._outcome.done

    def result(self, timeout: float | None = None) -> Logits:
        """Wait for the logits.

        Args:
            timeout: seconds; the device's own patience if None.

        Returns:
            int32 (N, CLASSES), in the order of the images.

        Raises:
            DeviceTimeout: they did not come in time. They may still: ask again, or `reset`.
            DeviceError: the run failed or was cut off; there are no logits.
        """
        return self._accelerator._result(self._outcome, timeout)


class Accelerator:
    """A device that holds the network a description tells of. Closed at the end of a `with`.

    May be used by several threads; what one of them waits for keeps the others waiting.
    """

    def __init__(
        self,
        description: Description,
        device: Device,
        *,
        weights: bytes = b"",
        batch: int = BATCH,
    ) -> None:
        """Take over a device; it is closed if it is not the right one.

        Args:
            description: what it must hold.
            device: an open one.
            weights: `description.weights_bytes` bytes.
            batch: most frames of a run.

        Raises:
            MismatchError: when the device holds something else.
            DeviceError: when it does not answer as it must.
            FirebrickError: when batch or weights are wrong.
        """
        self.description = description
        self.device = device
        self._lock = threading.RLock()
        self._buffers: list[Buffer] = []
        self._closed = False
        try:
            if batch < 1:
                raise FirebrickError(f"batch={batch} is less than 1")
            if len(weights) != description.weights_bytes:
                raise FirebrickError(
                    f"weights: {len(weights)} bytes are not {description.weights_bytes}"
                )
            check_interface(device)
            self._batch = batch
            slots = [
                Slot(
                    self._allocate(batch * description.image_stride),
                    self._allocate(batch * description.logits_stride),
                )
                for _ in range(RUNS)
            ]
            self._runner = Runner(description, device, self._load(weights), slots)
            self._runner.reset()
            check_model(device, description)
        except BaseException:
            self._release()
            raise

    @classmethod
    def open(
        cls, bundle: Bundle | str | Path, device: str | Device = "sim", *, batch: int = BATCH
    ) -> Accelerator:
        """Open the accelerator of a bundle.

        Args:
            bundle: its folder, or the open bundle.
            device: ``sim``, ``pynq`` or ``xrt``, or an open device.
            batch: most frames of a run.

        Raises:
            BundleError: when the bundle is damaged or not to be trusted.
            DeviceMissing: when there is no such device here, or nothing in the bundle for it.
            MismatchError: when the device holds something else than the bundle says.
            DeviceError: when the device does not answer as it must.
        """
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        weights = opened.weights()
        found = open_device(opened, device) if isinstance(device, str) else device
        return cls(opened.description, found, weights=weights, batch=batch)

    def __enter__(self) -> Accelerator:
        """The accelerator itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def infer(self, images: Bytes, timeout: float | None = None) -> Logits:
        """Compute the logits of images.

        Args:
            images: uint8 (N, HEIGHT, WIDTH, CHANNELS), RGB; more than a run holds become several.
            timeout: seconds; the device's own patience if None.

        Returns:
            int32 (N, CLASSES).

        Raises:
            DeviceTimeout: they did not come in time; the device has been reset.
            DeviceError: the run failed; the device has been reset.
            FirebrickError: the images have the wrong type or shape.
        """
        with self._lock:
            pending = self.submit(images)
            try:
                return pending.result(timeout)
            except DeviceTimeout:
                self.reset()
                raise

    def submit(self, images: Bytes) -> Pending:
        """Start to compute the logits of images, and return.

        Two runs are in the device at a time, one queued behind the other; more wait here, and are
        started whenever somebody waits for a result or submits.

        Args:
            images: as of `infer`. They may be changed afterwards.

        Raises:
            DeviceError: when the device is gone; then all that was submitted before has failed.
            FirebrickError: the images have the wrong type or shape, or the accelerator is closed.
        """
        array = check_images(images, self.description)
        with self._lock:
            self._check_open()
            runner = self._runner
            starts = range(0, len(array), self._batch)
            logits = np.zeros((len(array), self.description.classes), np.int32)
            outcome = Outcome(logits, len(starts))
            runs = [Run(array[x : x + self._batch], x, outcome) for x in starts]
            runner.waiting.extend(runs)
            try:
                while runner.advance():
                    pass
            except DeviceError as error:
                runner.fail_all(error)
                raise
            for run in runs:
                if run.slot is None:
                    run.images = run.images.copy()
            return Pending(self, outcome)

    def _result(self, outcome: Outcome, timeout: float | None) -> Logits:
        with self._lock:
            if not outcome.done:
                self._check_open()
                seconds = self.device.timeout if timeout is None else timeout
                self._runner.wait(lambda: outcome.done, seconds)
            if outcome.error is not None:
                raise type(outcome.error)(str(outcome.error))
            return outcome.logits

    def reset(self) -> None:
        """Reset the network and its shell; what is in the device fails.

        Raises:
            DeviceTimeout: when the device does not come out of it.
        """
        with self._lock:
            self._check_open()
            self._runner.reset()

    @property
    def counters(self) -> Counters:
        """What the device counts, now. After `infer`: of its last run."""
        with self._lock:
            self._check_open()
            read = self.device.read32
            low, high = read(Register.CYCLES_LO), read(Register.CYCLES_HI)
            if low > read(Register.CYCLES_LO):  # it counts on, and has just carried
                low, high = read(Register.CYCLES_LO), read(Register.CYCLES_HI)
            return Counters(
                read(Register.FRAMES_DONE), high << 32 | low, read(Register.FRAME_CYCLES)
            )

    def close(self) -> None:
        """Let go of the device. What is in it fails."""
        with self._lock:
            if self._closed:
                return
            try:
                if self._runner.started:
                    self._runner.reset()
            except DeviceError:
                self._buffers.clear()  # it may still write there: better lost than used by others
            finally:
                self._release()

    def _release(self) -> None:
        self._closed = True
        for buffer in self._buffers:
            buffer.free()
        self._buffers.clear()
        self.device.close()

    def _check_open(self) -> None:
        if self._closed:
            raise FirebrickError("the accelerator is closed")

    def _allocate(self, size: int) -> Buffer:
        buffer = self.device.allocate(size)
        self._buffers.append(buffer)
        return buffer

    def _load(self, weights: bytes) -> Buffer | None:
        if not weights:
            return None
        buffer = self._allocate(len(weights))
        buffer.array[:] = np.frombuffer(weights, np.uint8)
        buffer.flush()
        return buffer


def open_device(bundle: Bundle, name: str) -> Device:
    """Open the device of that name with what the bundle has for it; see `Accelerator.open`."""
    if name == "sim":
        from firebrick.runtime.sim import open_sim  # noqa: PLC0415 - each needs what others lack

        return open_sim(bundle)
    if name == "pynq":
        from firebrick.runtime.pynq import open_pynq  # noqa: PLC0415

        return open_pynq(bundle)
    if name == "xrt":
        from firebrick.runtime.xrt import open_xrt  # noqa: PLC0415

        return open_xrt(bundle)
    raise DeviceMissing(f"device {name!r} is not one of {', '.join(DEVICES)}")
