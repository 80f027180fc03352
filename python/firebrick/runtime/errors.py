# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a program and an accelerator."""

from __future__ import annotations

from firebrick.errors import FirebrickError


class BundleError(FirebrickError):
    """A bundle that is damaged, incomplete or not to be trusted; nothing of it was used."""


class DeviceMissing(FirebrickError):
    """The device, its driver or its simulator is not on this machine, or not in the bundle."""


class MismatchError(FirebrickError):
    """The device holds something else than the bundle says: another design, model or geometry."""


class DeviceError(FirebrickError):
    """A run failed, its logits are void. The device has been reset: the next run may be right."""

    exit_status = 1


class DeviceTimeout(DeviceError):
    """A run, or a reset, did not end in time."""
