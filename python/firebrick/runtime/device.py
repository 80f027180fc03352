# SPDX-License-Identifier: Apache-2.0
"""What the driver asks of a device: registers, memory that both see, an interrupt."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from firebrick.runtime.registers import Register

POLL_SECONDS = 0.0002
"""Between looks at a device without an interrupt: a few percent of a frame."""


@dataclass(frozen=True)
class Buffer:
    """Memory that program and device both see.

    Attributes:
        array: its bytes, uint8 (N,), as the program sees them.
        address: where the device sees them.
        flush: makes what the program wrote visible to the device.
        invalidate: makes what the device wrote visible to the program.
        free: gives the memory back; `array` must not be used afterwards.
    """

    array: NDArray[np.uint8]
    address: int
    flush: Callable[[], None]
    invalidate: Callable[[], None]
    free: Callable[[], None]


class Device(Protocol):
    """One accelerator. Not for several threads at a time: `Accelerator` sees to that.

    Attributes:
        timeout: seconds that a run may take unless the caller says otherwise.
    """

    timeout: float

    def read32(self, offset: int) -> int:
        """A register."""

    def write32(self, offset: int, value: int) -> None:
        """Set a register."""

    def allocate(self, size: int) -> Buffer:
        """Memory of `size` bytes at an address that is a multiple of 64."""

    def wait_interrupt(self, timeout: float) -> bool:
        """Wait until the interrupt is high; False if it was not within `timeout` seconds."""

    def close(self) -> None:
        """Let go of the device; its buffers must not be used afterwards."""


def poll_interrupt(read32: Callable[[int], int], timeout: float) -> bool:
    """Wait for an interrupt where none is connected: look at its register now and then."""
    end = time.monotonic() + timeout
    while not read32(Register.ISR):
        if time.monotonic() >= end:
            return False
        time.sleep(POLL_SECONDS)
    return True
