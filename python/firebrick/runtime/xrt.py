# SPDX-License-Identifier: Apache-2.0
"""An Alveo card under XRT: memory through `pyxrt`, registers through XRT's C library.

`pyxrt` has no access to registers (that of 2021.1 was taken out), the C library has. It opens the
kernel for us alone, so XRT's scheduler never starts it. Tested against fakes only, see
docs/driver.md.
"""

from __future__ import annotations

import ctypes
import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from firebrick.runtime.bundle import Bundle
from firebrick.runtime.description import ALIGNMENT
from firebrick.runtime.device import Buffer, poll_interrupt
from firebrick.runtime.errors import DeviceError, DeviceMissing

XCLBIN = "firebrick.xclbin"
KERNEL = "firebrick_kernel"
LIBRARY = "libxrt_coreutil.so"
IMAGES_ARGUMENT = 0
"""All memory is in the bank of this argument: the kernel has one port to memory."""
TIMEOUT = 30.0
UUID_BYTES = 16


class Registers:
    """A kernel's registers through XRT's C library."""

    def __init__(self, library: Any, index: int, xclbin: Path) -> None:
        """Open the kernel for ourselves alone.

        Args:
            library: as `load_library` gives it.
            index: of the card.
            xclbin: that is loaded; loading it a second time changes nothing.

        Raises:
            DeviceError: naming the call that failed.
        """
        self._library = library
        self._kernel: int | None = None
        self._device = library.xrtDeviceOpen(index)
        if not self._device:
            raise DeviceError(f"xrtDeviceOpen: there is no card {index}")
        try:
            self._check(
                "xrtDeviceLoadXclbinFile",
                library.xrtDeviceLoadXclbinFile(self._device, os.fsencode(xclbin)),
            )
            uuid = ctypes.create_string_buffer(UUID_BYTES)
            self._check(
                "xrtDeviceGetXclbinUUID", library.xrtDeviceGetXclbinUUID(self._device, uuid)
            )
            self._kernel = library.xrtPLKernelOpenExclusive(self._device, uuid, KERNEL.encode())
            if not self._kernel:
                raise DeviceError(
                    f"xrtPLKernelOpenExclusive: no {KERNEL!r} in {xclbin.name}, or it is in use"
                )
        except BaseException:
            self.close()
            raise

    def bank(self, argument: int) -> int:
        """Memory bank of an argument."""
        group = int(self._library.xrtKernelArgGroupId(self._kernel, argument))
        if group < 0:
            raise DeviceError(f"xrtKernelArgGroupId: {group} for argument {argument}")
        return group

    def read(self, offset: int) -> int:
        """A register."""
        word = ctypes.c_uint32()
        status = self._library.xrtKernelReadRegister(self._kernel, offset, ctypes.byref(word))
        self._check("xrtKernelReadRegister", status)
        return word.value

    def write(self, offset: int, value: int) -> None:
        """Set a register."""
        status = self._library.xrtKernelWriteRegister(self._kernel, offset, value)
        self._check("xrtKernelWriteRegister", status)

    def close(self) -> None:
        """Let go of kernel and card."""
        if self._kernel:
            self._library.xrtKernelClose(self._kernel)
            self._kernel = None
        if self._device:
            self._library.xrtDeviceClose(self._device)
            self._device = None

    def _check(self, call: str, status: int) -> None:
        if status != 0:
            raise DeviceError(f"{call}: failed with {status}")


class XrtDevice:
    """An accelerator on a card.

    Attributes:
        timeout: seconds that a run may take unless the caller says otherwise.
    """

    def __init__(self, xclbin: Path, index: int = 0) -> None:
        """Load the card.

        Args:
            xclbin: with the accelerator.
            index: of the card.

        Raises:
            DeviceMissing: when XRT is not installed.
            DeviceError: when XRT refuses.
        """
        try:
            self._pyxrt: Any = importlib.import_module("pyxrt")
            library = load_library()
        except (ImportError, OSError) as error:
            raise DeviceMissing(
                f"device 'xrt': XRT is missing, or its setup.sh was not sourced: {error}"
            ) from None
        self.timeout = TIMEOUT
        try:
            self._device = self._pyxrt.device(index)
            self._device.load_xclbin(str(xclbin))
        except RuntimeError as error:
            raise DeviceError(f"pyxrt: {error}") from None
        self._registers = Registers(library, index, xclbin)
        try:
            self._bank = self._registers.bank(IMAGES_ARGUMENT)
        except DeviceError:
            self.close()
            raise

    def read32(self, offset: int) -> int:
        """A register."""
        return self._registers.read(offset)

    def write32(self, offset: int, value: int) -> None:
        """Set a register."""
        self._registers.write(offset, value)

    def allocate(self, size: int) -> Buffer:
        """Memory of the card, with its copy in the host.

        Raises:
            DeviceError: when there is none left, or none where the accelerator can use it.
        """
        to_device = self._pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_TO_DEVICE
        to_host = self._pyxrt.xclBOSyncDirection.XCL_BO_SYNC_BO_FROM_DEVICE
        try:
            memory = self._pyxrt.bo(self._device, size, self._pyxrt.bo.normal, self._bank)
        except RuntimeError as error:
            raise DeviceError(f"pyxrt.bo: no {size} bytes: {error}") from None
        address = int(memory.address())
        if address % ALIGNMENT:
            raise DeviceError(f"pyxrt.bo: address 0x{address:x} is no multiple of {ALIGNMENT}")
        return Buffer(
            np.frombuffer(memory.map(), np.uint8)[:size],
            address,
            lambda: memory.sync(to_device, size, 0),
            lambda: memory.sync(to_host, size, 0),
            lambda: None,  # goes with its last reference
        )

    def wait_interrupt(self, timeout: float) -> bool:
        """Look now and then: XRT gives interrupts of a kernel to its own scheduler only."""
        return poll_interrupt(self.read32, timeout)

    def close(self) -> None:
        """Let go of the card."""
        self._registers.close()


def load_library() -> Any:
    """XRT's C library with the types of what is used of it.

    Raises:
        OSError: when it is not to be found.
    """
    library = ctypes.CDLL(LIBRARY)
    handle, text, word = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32
    types: dict[str, tuple[Any, ...]] = {
        "xrtDeviceOpen": (handle, ctypes.c_uint),
        "xrtDeviceClose": (ctypes.c_int, handle),
        "xrtDeviceLoadXclbinFile": (ctypes.c_int, handle, text),
        "xrtDeviceGetXclbinUUID": (ctypes.c_int, handle, text),
        "xrtPLKernelOpenExclusive": (handle, handle, text, text),
        "xrtKernelClose": (ctypes.c_int, handle),
        "xrtKernelArgGroupId": (ctypes.c_int, handle, ctypes.c_int),
        "xrtKernelReadRegister": (ctypes.c_int, handle, word, ctypes.POINTER(word)),
        "xrtKernelWriteRegister": (ctypes.c_int, handle, word, word),
    }
    for name, (result, *arguments) in types.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def open_xrt(bundle: Bundle) -> XrtDevice:
    """Load the card with a bundle's hardware.

    XRT takes a path, twice: it is given a private copy, so that both times it is the same file.

    Raises:
        DeviceMissing: when the bundle has none, or there is no XRT.
        BundleError: when the file has changed since the bundle was opened.
    """
    if XCLBIN not in bundle.files:
        raise DeviceMissing(
            f"{bundle.folder}: device 'xrt': the bundle has no {XCLBIN}: deploy it with "
            "--xclbin, or choose device sim"
        )
    with bundle.copies(XCLBIN) as private:
        return XrtDevice(private / XCLBIN)
