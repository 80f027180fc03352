# SPDX-License-Identifier: Apache-2.0
"""Whether a device is what the description says, before it is given any work."""

from __future__ import annotations

from firebrick.runtime import registers as reg
from firebrick.runtime.description import Description
from firebrick.runtime.device import Device
from firebrick.runtime.errors import MismatchError
from firebrick.runtime.registers import Register

MAJOR = 1
"""Version of the registers that this driver knows."""


def check_interface(device: Device) -> None:
    """Refuse what is not one of ours, or has other registers. Nothing is written.

    Raises:
        MismatchError: naming the register.
    """
    found, magic = device.read32(Register.ID), reg.ID_MAGIC_VALUE
    if found != magic:
        raise MismatchError(f"ID=0x{found:08x} is not 0x{magic:08x}: the device holds no Firebrick")
    version = device.read32(Register.VERSION)
    major, minor = reg.VERSION_MAJOR.of(version), reg.VERSION_MINOR.of(version)
    if major != MAJOR:
        raise MismatchError(f"VERSION={major}.{minor}: this driver knows {MAJOR}.x")


def check_model(device: Device, description: Description) -> None:
    """Refuse another network than the description's.

    Raises:
        MismatchError: naming the register.
    """
    for register, expected in description.expected_registers().items():
        found = device.read32(register)
        if found != expected:
            raise MismatchError(
                f"{register.name}=0x{found:08x} is not 0x{expected:08x}, as of model "
                f"{description.model!r}: the device holds another network"
            )
