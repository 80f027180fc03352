# SPDX-License-Identifier: Apache-2.0
"""What each command does: read, call, report. One function a command, called by `cli`."""
