# SPDX-License-Identifier: Apache-2.0
"""Streams as bundles of signals: every module has `clk`, `rst_n` and AXI4-Stream ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from firebrick.emit.rtl.systemverilog import Signal
from firebrick.hardware.stream import StreamType

CLOCK = {"clk": "clk", "rst_n": "rst_n"}
"""Connections that every instance has."""


def handshake(prefix: str, stream: StreamType) -> dict[str, int]:
    """Widths of the four signals of a stream, by signal name."""
    return _widths(prefix, stream.data_bits)


def _widths(prefix: str, data_bits: int) -> dict[str, int]:
    return {
        f"{prefix}_tvalid": 1,
        f"{prefix}_tready": 1,
        f"{prefix}_tdata": data_bits,
        f"{prefix}_tlast": 1,
    }


def connect(port: str, link: str) -> dict[str, str]:
    """Connect the stream ports ``<port>_t*`` to the wires ``<link>_t*``."""
    return {f"{port}_{x}": f"{link}_{x}" for x in ("tvalid", "tready", "tdata", "tlast")}


def connect_all(port: str, links: Sequence[str]) -> dict[str, str]:
    """Connect ports that carry several streams side by side, the first in the low bits."""
    if len(links) == 1:
        return connect(port, links[0])
    return {
        f"{port}_{x}": "{" + ", ".join(f"{link}_{x}" for link in reversed(links)) + "}"
        for x in ("tvalid", "tready", "tdata", "tlast")
    }


def stream_ports(prefix: str, stream: StreamType, *, source: bool) -> Iterator[Signal]:
    """Ports of a stream that leaves (`source`) or enters the module."""
    return handshake_ports(prefix, stream.data_bits, source=source)


def handshake_ports(prefix: str, data_bits: int, *, source: bool) -> Iterator[Signal]:
    """The same, by the bits of its tdata."""
    for name, width in _widths(prefix, data_bits).items():
        yield Signal(name, width, "output" if source != name.endswith("_tready") else "input")


def connect_packed(port: str, link: str) -> dict[str, str]:
    """Connect a payload port: `tlast` travels as the top bit of `tdata`."""
    return {
        f"{port}_tvalid": f"{link}_tvalid",
        f"{port}_tready": f"{link}_tready",
        f"{port}_tdata": f"{{{link}_tlast, {link}_tdata}}",
    }
