# SPDX-License-Identifier: Apache-2.0
"""The two ways a Firebrick command can fail."""


class FirebrickError(Exception):
    """Bad input or usage: exit status 2, one line naming file, layer, field, value and rule."""

    exit_status = 2


class CheckFailed(FirebrickError):
    """A check that ran and failed (values differ, a design does not fit): exit status 1."""

    exit_status = 1
