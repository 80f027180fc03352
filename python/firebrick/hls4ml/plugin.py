# SPDX-License-Identifier: Apache-2.0
"""What hls4ml calls when it starts: the entry point of the group `hls4ml.backends`."""

from __future__ import annotations

from importlib import import_module


def register(register_backend: object = None, register_writer: object = None) -> None:
    """Make Firebrick's layers known to hls4ml.

    The extension registers itself when it is imported: it may be that whose import has made hls4ml
    start, and then it is not whole yet.

    Args:
        register_backend: offered by hls4ml; the layers belong to its Vitis backend instead.
        register_writer: offered by hls4ml.
    """
    import_module("firebrick.hls4ml.extension")
