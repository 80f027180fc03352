# SPDX-License-Identifier: Apache-2.0
"""The top for a board with an ECP5: the generated network behind `hw/ecp5/uart_shell.sv`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from firebrick.data import data_folder
from firebrick.emit.rtl.network_top import TOP
from firebrick.emit.rtl.ports import connect
from firebrick.emit.rtl.systemverilog import Module, ModuleInstance, Signal
from firebrick.synth.vendor import read_fields

UART_TOP = "firebrick_uart"
"""Name of the top and stem of its file."""
CHANNELS = 3
MOST_BEATS = 1 << 15
"""Largest image, in beats: `uart_shell` keeps a whole one in block RAM."""
MOST_BITS = 1 << 16
PORTS = {"clk": "input", "rst_n": "input", "rx_i": "input", "tx_o": "output", "error_o": "output"}
"""Ports of the top, which a board's pins are named after."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Images and logits of a generated network.

    Attributes:
        height: rows of an image.
        width: pixels of a row.
        pixels: of a beat.
        beats: of an image.
        classes: logits of an image.
        logit_bits: bits of a logit.
    """

    height: int
    width: int
    pixels: int
    beats: int
    classes: int
    logit_bits: int

    @property
    def line_bytes(self) -> int:
        """Bytes on the line, of an image and its answer."""
        return self.height * self.width * CHANNELS + 4 * self.classes


def read_geometry(folder: Path) -> Geometry:
    """Geometry of a folder that `firebrick generate` wrote.

    Raises:
        FirebrickError: when it is no such folder, or of a network that a serial line cannot feed.
    """
    fields, target = read_fields(folder)
    fields.require(target == "rtl", "target", target, "is not 'rtl'")
    fields.require("load" not in fields.left, "load", "...", "is there, an ECP5 has no UltraRAM")
    image, logits = fields.inner("image"), fields.inner("logits")
    bits, beats = image.whole("tdata_bits", 1, MOST_BITS), image.whole("frame_beats", 1, MOST_BEATS)
    height, width = (image.whole(x, 1, MOST_BEATS) for x in ("height", "width"))
    pixels = bits // (8 * CHANNELS)
    image.require(bits == 8 * CHANNELS * pixels, "tdata_bits", bits, "is no number of RGB pixels")
    row = -(-width // max(pixels, 1))
    image.require(beats == height * row, "frame_beats", beats, f"is not {height} rows of {row}")
    classes = logits.whole("frame_beats", 1, MOST_BITS)
    return Geometry(height, width, pixels, beats, classes, logits.whole("tdata_bits", 1, 32))


def uart_top(geometry: Geometry, clocks: int) -> str:
    """The top: `uart_shell`, `firebrick_network`, and the wires between them.

    Args:
        geometry: of the network.
        clocks: cycles of a bit on the serial line.
    """
    widths = {
        "image": 8 * CHANNELS * geometry.pixels,
        "logits": geometry.logit_bits,
    }
    wires = [Signal("network_rst_n")]
    for name, bits in widths.items():
        wires += [Signal(f"{name}_{x}") for x in ("tvalid", "tready", "tlast")]
        wires.append(Signal(f"{name}_tdata", bits))
    shell = ModuleInstance(
        "uart_shell",
        "shell",
        {
            "CLOCKS": clocks,
            "CHANNELS": CHANNELS,
            "HEIGHT": geometry.height,
            "WIDTH": geometry.width,
            "PIXELS": geometry.pixels,
            "BUFFER": max(2, geometry.beats),
            "CLASSES": geometry.classes,
            "LOGIT_BITS": geometry.logit_bits,
        },
        {x: x for x in PORTS}
        | {"network_rst_no": "network_rst_n"}
        | connect("m_axis", "image")
        | connect("s_axis", "logits"),
    )
    network = ModuleInstance(
        TOP,
        "network",
        {},
        {"clk": "clk", "rst_n": "network_rst_n"}
        | connect("s_axis", "image")
        | connect("m_axis", "logits"),
    )
    return Module(
        name=UART_TOP,
        comment=(
            "SPDX-License-Identifier: Apache-2.0",
            f"{TOP} behind a serial line, written by firebrick.synth.nextpnr.top.",
        ),
        ports=tuple(Signal(name, 1, direction) for name, direction in PORTS.items()),
        wires=tuple(wires),
        instances=(shell, network),
    ).text()


def uart_sources() -> list[Path]:
    """SystemVerilog files of the serial line."""
    return sorted((data_folder("hw") / "ecp5").glob("*.sv"))
