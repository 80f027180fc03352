# SPDX-License-Identifier: Apache-2.0
"""A Zynq board under PYNQ: its bitstream through `pynq.Overlay`, memory through `pynq.allocate`.

Tested against fakes only, see docs/driver.md.
"""

from __future__ import annotations

import asyncio
import importlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firebrick.runtime.bundle import Bundle
from firebrick.runtime.description import ALIGNMENT
from firebrick.runtime.device import Buffer, poll_interrupt
from firebrick.runtime.errors import DeviceError, DeviceMissing

BITSTREAM, HANDOFF = "firebrick.bit", "firebrick.hwh"
KERNEL = "firebrick_kernel"
TIMEOUT = 30.0


class PynqDevice:
    """An accelerator in the programmable logic of this board.

    Attributes:
        timeout: seconds that a run may take unless the caller says otherwise.
    """

    def __init__(self, bitstream: Path) -> None:
        """Load the bitstream, find the accelerator in it.

        Args:
            bitstream: with the hardware handoff of the same stem beside it.

        Raises:
            DeviceMissing: when `pynq` is not installed, or the overlay has not one accelerator.
        """
        try:
            self._pynq: Any = importlib.import_module("pynq")
        except ImportError:
            raise DeviceMissing(
                "device 'pynq': the Python package 'pynq' is missing: run this on a PYNQ board"
            ) from None
        self.timeout = TIMEOUT
        self._loop = event_loop()  # before pynq takes it for its interrupts
        self._overlay = self._pynq.Overlay(str(bitstream))
        name = find_kernel(self._overlay.ip_dict)
        place = self._overlay.ip_dict[name]
        self._mmio = self._pynq.MMIO(place["phys_addr"], place["addr_range"])
        # Absent when the block design leaves the pin open: then we look now and then.
        self._interrupt = getattr(getattr(self._overlay, name), "interrupt", None)

    def read32(self, offset: int) -> int:
        """A register."""
        return int(self._mmio.read(int(offset)))

    def write32(self, offset: int, value: int) -> None:
        """Set a register."""
        self._mmio.write(int(offset), int(value))  # a subclass of int would be refused

    def allocate(self, size: int) -> Buffer:
        """Contiguous memory.

        Raises:
            DeviceError: when there is none left, or none where the accelerator can use it.
        """
        try:
            array = self._pynq.allocate(shape=(size,), dtype=np.uint8)
        except (MemoryError, RuntimeError) as error:
            raise DeviceError(f"pynq.allocate: no {size} bytes: {error}") from None
        address = int(array.device_address)
        if address % ALIGNMENT:
            raise DeviceError(f"pynq.allocate: address 0x{address:x} is no multiple of {ALIGNMENT}")
        return Buffer(array, address, array.flush, array.invalidate, array.freebuffer)

    def wait_interrupt(self, timeout: float) -> bool:
        """Wait for the interrupt; where none is connected, or a notebook's loop runs, look."""
        if self._interrupt is None or self._loop.is_running() or loop_runs():
            return poll_interrupt(self.read32, timeout)
        try:
            self._loop.run_until_complete(asyncio.wait_for(self._interrupt.wait(), timeout))
        except asyncio.TimeoutError:  # noqa: UP041 - before Python 3.11 not the built-in one
            return False
        return True

    def close(self) -> None:
        """Nothing to do: the bitstream stays loaded until there is another one."""


def loop_runs() -> bool:
    """Whether this thread runs an event loop, and so must not wait for another one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this thread, the one that pynq will take; a new one if there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return asyncio.get_event_loop()
    except RuntimeError:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop


def find_kernel(blocks: Mapping[str, Mapping[str, object]]) -> str:
    """Name of the only block of an overlay that is an accelerator, by its type's name.

    Raises:
        DeviceMissing: when there is none, or more than one.
    """
    found = [name for name, x in blocks.items() if KERNEL in str(x.get("type")).split(":")]
    if len(found) != 1:
        raise DeviceMissing(
            f"overlay: {len(found)} blocks of type {KERNEL!r} where there must be one, among "
            f"{', '.join(sorted(blocks))[:200]}"
        )
    return found[0]


def open_pynq(bundle: Bundle) -> PynqDevice:
    """Load the bitstream of a bundle.

    PYNQ takes it by its path, and whatever else lies beside it under the same name: so it is given
    a private copy, which it has read when the overlay is made.

    Raises:
        DeviceMissing: when the bundle has none, or this is no PYNQ board.
        BundleError: when a file has changed since the bundle was opened.
    """
    for name in (BITSTREAM, HANDOFF):
        if name not in bundle.files:
            raise DeviceMissing(
                f"{bundle.folder}: device 'pynq': the bundle has no {name}: deploy it with "
                "--bitstream, or choose device sim"
            )
    with bundle.copies(BITSTREAM, HANDOFF) as private:
        return PynqDevice(private / BITSTREAM)
