# SPDX-License-Identifier: Apache-2.0
"""The chain that fills UltraRAMs after a reset: its gate at the image stream, its wires.

A module that may have such memories has the chain's ports; where it has none, they are tied off.
"""

from __future__ import annotations

from collections.abc import Sequence

from firebrick.emit.rtl.ports import CLOCK, connect
from firebrick.emit.rtl.systemverilog import ModuleInstance, Signal
from firebrick.hardware.memory import LOAD_BITS
from firebrick.ops.base import Engine

LOAD_PORT = "s_load"
"""Prefix of the stream of words."""
LOADED = "loaded"
"""Prefix of the image stream behind the gate."""
LOAD_FILE = "weights.load.mem"
"""Words of a whole network in the order in which its chain takes them."""
PORTS = ("load_valid_i", "load_data_i", "load_valid_o", "load_data_o")
"""Ports of every module that may be on it."""


def load_wires(count: int) -> list[Signal]:
    """Wires of a chain of so many engines; the last end is open."""
    return [
        signal
        for n in range(count)
        for signal in (Signal(f"load{n}_valid"), Signal(f"load{n}_data", LOAD_BITS))
    ]


def load_connections(place: int | None, count: int) -> dict[str, str]:
    """Connections of a module at a place of a chain of `count`; None: it is in none."""
    if place is None:
        return dict(zip(PORTS, ("1'b0", "'0", "", ""), strict=True))
    after = place + 1
    end = (f"load{after}_valid", f"load{after}_data") if after < count else ("", "")
    return dict(zip(PORTS, (f"load{place}_valid", f"load{place}_data", *end), strict=True))


def load_gate(
    engines: Sequence[Engine], width: int, load: str, source: str, sink: str
) -> ModuleInstance:
    """The gate before a chain.

    Args:
        engines: those on the chain, in its order.
        width: bits of the gated stream's tdata.
        load: prefix of the stream of words.
        source: prefix of the stream that the gate holds back.
        sink: prefix of what it lets through.
    """
    parameters = {
        "WORDS": sum(x.load_count for x in engines),
        "STAGES": sum(x.load_stages for x in engines),
        "WIDTH": width,
    }
    connections = {
        **CLOCK,
        **connect("s_load", load),
        "load_valid_o": "load0_valid",
        "load_data_o": "load0_data",
        **connect("s_axis", source),
        **connect("m_axis", sink),
    }
    return ModuleInstance("load_gate", "load_gate", parameters, connections)
