# SPDX-License-Identifier: Apache-2.0
"""What Vitis has to know to link a generated kernel for an Alveo card: arguments, connections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from xml.etree import ElementTree

from firebrick.boards import Board
from firebrick.errors import FirebrickError
from firebrick.synth.vivado.project import KernelFolder

CONTROL, MEMORY = "s_axi_control", "m_axi_gmem"
"""Ports of the kernel; the packager names its interfaces after them."""
CONTROL_BYTES = 0x1000
COPIES = 1
POINTER, SCALAR = "1", "0"
"""`addressQualifier` of an argument: an address in the memory port, or a value."""


class Step(StrEnum):
    """What may be left out; the kernel is always packaged."""

    LINK = "link"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the kernel.

    Attributes:
        name: what a host calls it.
        register: of the register map, at whose offset it lies.
        kind: C type.
        size: bytes.
        qualifier: `POINTER` or `SCALAR`.
    """

    name: str
    register: str
    kind: str
    size: int
    qualifier: str


ARGUMENTS = (
    Argument("images", "IMAGES_LO", "unsigned char*", 8, POINTER),
    Argument("logits", "LOGITS_LO", "int*", 8, POINTER),
    Argument("frames", "FRAMES", "unsigned int", 4, SCALAR),
    Argument("weights", "WEIGHTS_LO", "unsigned char*", 8, POINTER),
)
"""In the order in which a host gives them."""


def kernel_xml(kernel: KernelFolder) -> str:
    """`kernel.xml`: ports, arguments and control protocol (UG1393, RTL Kernel XML File).

    Raises:
        FirebrickError: when the register map lacks an argument.
    """
    root = ElementTree.Element("root", versionMajor="1", versionMinor="6")
    element = ElementTree.SubElement(
        root,
        "kernel",
        name=kernel.top,
        language="ip_c",
        vlnv=f"firebrick:kernel:{kernel.top}:1.0",
        attributes="",
        preferredWorkGroupSizeMultiple="0",
        workGroupSize="1",
        interrupt="true",
        hwControlProtocol="ap_ctrl_chain",
    )
    ports = ElementTree.SubElement(element, "ports")
    for name, mode, size, bits in (
        (CONTROL, "slave", hex(CONTROL_BYTES), "32"),
        (MEMORY, "master", "0xFFFFFFFFFFFFFFFF", str(kernel.data_bits)),
    ):
        places = {"range": size, "dataWidth": bits, "portType": "addressable", "base": "0x0"}
        ElementTree.SubElement(ports, "port", {"name": name, "mode": mode, **places})
    arguments = ElementTree.SubElement(element, "args")
    for number, argument in enumerate(ARGUMENTS):
        if argument.register not in kernel.registers:
            raise FirebrickError(f"{kernel.root}: registers: {argument.register} is missing")
        ElementTree.SubElement(
            arguments,
            "arg",
            name=argument.name,
            addressQualifier=argument.qualifier,
            id=str(number),
            port=MEMORY if argument.qualifier == POINTER else CONTROL,
            size=hex(argument.size),
            offset=hex(kernel.registers[argument.register]),
            type=argument.kind,
            hostOffset="0x0",
            hostSize=hex(argument.size),
        )
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def check_card(board: Board) -> tuple[str, str]:
    """Platform and memory bank of a board.

    Raises:
        FirebrickError: when it has none: it is no card that Vitis links for.
    """
    if board.platform is None or board.memory_bank is None:
        raise FirebrickError(
            f"board {board.name!r}: platform is missing: Vitis links for cards, "
            "--tool vivado makes bitstreams of Zynq boards"
        )
    return board.platform, board.memory_bank


def config(kernel: KernelFolder, board: Board) -> str:
    """`link.cfg`: one kernel, and the bank that its memory port reaches.

    Raises:
        FirebrickError: when the board is no card.
    """
    platform, bank = check_card(board)
    unit = f"{kernel.top}_1"
    lines = [
        f"platform={platform}",
        "save-temps=1",
        "",
        "[connectivity]",
        f"nk={kernel.top}:{COPIES}:{unit}",
        f"sp={unit}.{MEMORY}:{bank}",
    ]
    return "\n".join(lines) + "\n"
