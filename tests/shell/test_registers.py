# SPDX-License-Identifier: Apache-2.0
"""What is made from the register description is up to date, and says the same everywhere."""

import importlib.util
import os
import re
from pathlib import Path

import pytest

from firebrick.emit.rtl import registers
from firebrick.runtime.registers import Field, Register

GENERATED = Path(__file__).parents[2] / "hw" / "shell" / "generated"
ADDRESSES = {
    **{"CTRL": 0x00, "GIE": 0x04, "IER": 0x08, "ISR": 0x0C},
    **{"IMAGES_LO": 0x10, "IMAGES_HI": 0x14, "LOGITS_LO": 0x1C, "LOGITS_HI": 0x20},
    **{"FRAMES": 0x28, "WEIGHTS_LO": 0x30, "WEIGHTS_HI": 0x34, "ID": 0x40, "VERSION": 0x44},
    **{f"MODEL_HASH{n}": 0x48 + 4 * n for n in range(4)},
    **{"SIZE": 0x58, "PIXEL": 0x5C, "CLASSES": 0x60, "IMAGE_STRIDE": 0x64},
    **{"LOGITS_STRIDE": 0x68, "WEIGHTS_BYTES": 0x6C, "BUS": 0x70, "STATUS": 0x74},
    **{"ERRORS": 0x78, "RESET": 0x7C, "FRAMES_DONE": 0x80, "CYCLES_LO": 0x84},
    **{"CYCLES_HI": 0x88, "FRAME_CYCLES": 0x8C},
}
"""Where software has been told to look: version 1 of the interface."""


def fields() -> dict[str, Field]:
    from firebrick.runtime import registers as made  # noqa: PLC0415 - its names, not itself

    return {name: x for name, x in vars(made).items() if isinstance(x, Field)}


def test_everything_made_is_up_to_date() -> None:
    if importlib.util.find_spec("peakrdl") is None:
        assert not os.environ.get("CI"), "CI must have PeakRDL"
        pytest.skip("PeakRDL is not installed")
    stale = [str(path) for path, text in registers.texts().items() if path.read_text() != text]
    assert stale == [], "run `make registers`"


def test_addresses_stay_where_they_are() -> None:
    assert registers.offsets() == ADDRESSES
    assert {x.name: x.value for x in Register} == ADDRESSES


def test_control_is_as_ap_ctrl_chain_has_it() -> None:
    found = {name: (x.low, x.bits) for name, x in fields().items() if x.register in (0, 4, 8, 12)}
    assert found == {
        "CTRL_AP_START": (0, 1),
        "CTRL_AP_DONE": (1, 1),
        "CTRL_AP_IDLE": (2, 1),
        "CTRL_AP_READY": (3, 1),
        "CTRL_AP_CONTINUE": (4, 1),
        "CTRL_AUTO_RESTART": (7, 1),
        "GIE_ENABLE": (0, 1),
        "IER_DONE": (0, 1),
        "IER_READY": (1, 1),
        "ISR_DONE": (0, 1),
        "ISR_READY": (1, 1),
    }


def test_header_and_python_map_agree() -> None:
    text = registers.HEADER.read_text()
    header = {
        (register, field): (int(low), int(bits))
        for register, field, low, bits in re.findall(
            r"#define REGISTERS__(\w+?)__(\w+)_bp (\d+)\n#define \w+_bw (\d+)", text
        )
    }
    python = {
        (x.register.name, name.removeprefix(f"{x.register.name}_")): (x.low, x.bits)
        for name, x in fields().items()
    }
    assert header == python


def test_fields_take_their_bits_out_of_a_word() -> None:
    field = Field(Register.SIZE, 16, 16)
    assert field.mask == 0xFFFF0000
    assert field.of(0x00E300E4) == 0xE3


def test_python_map_needs_nothing_but_the_standard_library() -> None:
    lines = registers.PYTHON_MAP.read_text().splitlines()
    imports = [x for x in lines if x.startswith(("import", "from"))]
    assert imports == [
        "from __future__ import annotations",
        "from enum import IntEnum",
        "from typing import NamedTuple",
    ]


def test_register_rtl_is_told_to_be_made() -> None:
    for name in (registers.MODULE, registers.PACKAGE_NAME):
        assert registers.NOTE in (GENERATED / f"{name}.sv").read_text().splitlines()[1]
