# SPDX-License-Identifier: Apache-2.0
"""Bench of `image`: every kind of stall, resets in mid-frame."""

from stream_bench import every_run

__all__ = ["every_run"]
