# SPDX-License-Identifier: Apache-2.0
"""What hardware is written as."""

from enum import StrEnum


class Target(StrEnum):
    """Targets of `firebrick generate`."""

    RTL = "rtl"
    HLS = "hls"
    HLS4ML = "hls4ml"
