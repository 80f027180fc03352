# SPDX-License-Identifier: Apache-2.0
"""The driver: images in, logits out, on a board, on a card or in the simulated kernel.

Works alone on a board: apart from NumPy and `firebrick.errors` it imports nothing but itself, and
runs on Python 3.10. Only `firebrick.runtime.sim` needs the rest of Firebrick.
"""

from firebrick.runtime.accelerator import Accelerator, Counters, Pending
from firebrick.runtime.bundle import Bundle
from firebrick.runtime.description import Description
from firebrick.runtime.errors import (
    BundleError,
    DeviceError,
    DeviceMissing,
    DeviceTimeout,
    MismatchError,
)

__all__ = [
    "Accelerator",
    "Bundle",
    "BundleError",
    "Counters",
    "Description",
    "DeviceError",
    "DeviceMissing",
    "DeviceTimeout",
    "MismatchError",
    "Pending",
]
