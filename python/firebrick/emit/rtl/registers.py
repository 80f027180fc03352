# SPDX-License-Identifier: Apache-2.0
"""What is made from the register description ``hw/shell/registers.rdl``.

``make registers`` writes the RTL, the C header, the table of offsets and the Python map anew, and
the page for people. Making them needs PeakRDL, a tool of developers; what was made lies in the
repository, in ``hw/shell/generated``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from firebrick.data import PACKAGE, data_folder
from firebrick.files.output import whole_file, whole_folder
from firebrick.files.ownership import Marker, write_marker
from firebrick.files.scratch import scratch_folder

if TYPE_CHECKING:
    from systemrdl.node import AddrmapNode, FieldNode, RegNode

SHELL = data_folder("hw") / "shell"
DESCRIPTION = SHELL / "registers.rdl"
GENERATED = SHELL / "generated"
OFFSETS = GENERATED / "registers.json"
HEADER = GENERATED / "registers.h"
PYTHON_MAP = PACKAGE / "runtime" / "registers.py"
PAGE = Marker("firebrick.json", {"kind": "registers"})
MODULE, PACKAGE_NAME = "shell_registers", "shell_register_pkg"
REGBLOCK = (
    *("--cpuif", "passthrough", "--addr-width", "12", "--default-reset", "rst_n"),
    *("--module-name", MODULE, "--package-name", PACKAGE_NAME),
)
"""Options of PeakRDL-regblock. The package sorts before the module. The bus is `axi_lite`: a third
of the LUTs of PeakRDL's own adapter."""
NOTE = "Made from registers.rdl by `make registers`; not to be edited."
LICENCE = "SPDX-License-Identifier: Apache-2.0"
WAIVED = {
    "DECLFILENAME": "a package's file is also read by its own name",
    "MULTIDRIVEN": "members of one struct are driven by several processes, each by one",
    "UNUSEDPARAM": "sizes are there for software",
    "UNUSEDSIGNAL": "some facts of a bus cycle are used by other descriptions only",
}
"""Verilator's warnings that do not count in generated text, and why."""


def offsets() -> dict[str, int]:
    """Byte offset of each register, by name, in the order of their addresses."""
    table: dict[str, int] = json.loads(OFFSETS.read_text())
    return table


def compiled() -> AddrmapNode:
    """The elaborated description."""
    from systemrdl.compiler import RDLCompiler  # noqa: PLC0415 - a tool of developers, often absent

    compiler = RDLCompiler()
    compiler.compile_file(str(DESCRIPTION))
    return compiler.elaborate().top


def texts() -> dict[Path, str]:
    """Every file made from the description, by its path.

    Raises:
        ImportError: when the SystemRDL compiler is missing.
        CalledProcessError: when PeakRDL is missing or refuses.
    """
    top = compiled()
    with scratch_folder() as folder:
        header = folder / HEADER.name
        _peakrdl("regblock", "-o", str(folder), *REGBLOCK)
        _peakrdl("c-header", "-o", str(header))
        off = "".join(f"// {why}:\n// verilator lint_off {x}\n" for x, why in WAIVED.items())
        head = f"// {LICENCE}\n// {NOTE}\n"
        made = {
            GENERATED / f"{name}.sv": head + off + (folder / f"{name}.sv").read_text()
            for name in (MODULE, PACKAGE_NAME)
        }
        made[HEADER] = head + header.read_text()
    made[OFFSETS] = json.dumps({x.inst_name: x.address_offset for x in top.registers()}, indent=2)
    made[PYTHON_MAP] = _python_map(top)
    return {path: text.rstrip("\n") + "\n" for path, text in made.items()}


def _peakrdl(*arguments: str) -> None:
    command = [sys.executable, "-m", "peakrdl", arguments[0], str(DESCRIPTION), *arguments[1:]]
    subprocess.run(command, check=True, capture_output=True, text=True)


def _python_map(top: AddrmapNode) -> str:
    return "\n".join(_python_lines(list(top.registers()))) + "\n"


def _python_lines(registers: list[RegNode]) -> Iterator[str]:
    yield f"# {LICENCE}"
    yield from ('"""Registers of the shell.', "", NOTE, '"""')
    yield from ("", "from __future__ import annotations", "")
    yield from ("from enum import IntEnum", "from typing import NamedTuple", "", "")
    yield "class Register(IntEnum):"
    yield from ('    """Byte offsets; all registers have 32 bits."""', "")
    for register in registers:
        yield f"    {register.inst_name} = 0x{register.address_offset:02X}"
    yield from FIELD_CLASS.splitlines()
    for register in registers:
        yield ""
        for field in register.fields():
            yield from _python_field(register, field)


def _python_field(register: RegNode, field: FieldNode) -> Iterator[str]:
    name = f"{register.inst_name}_{field.inst_name}".upper()
    yield f"{name} = Field(Register.{register.inst_name}, {field.low}, {field.width})"
    text = " ".join(str(field.get_property("desc")).split())
    if len(text) + 6 <= 100:
        yield f'"""{text}"""'
    else:
        yield '"""'
        line = ""
        for word in text.split():
            if len(line) + 1 + len(word) > 100:
                yield line
                line = ""
            line = f"{line} {word}".strip()
        yield line
        yield '"""'
    if field.get_property("hw").name == "na" and not field.is_sw_writable and not field.is_volatile:
        value = field.get_property("reset")
        yield f"{name}_VALUE = 0x{value:X}"


FIELD_CLASS = '''

class Field(NamedTuple):
    """Some bits of a register.

    Attributes:
        register: it belongs to.
        low: its lowest bit.
        bits: how many.
    """

    register: Register
    low: int
    bits: int

    @property
    def mask(self) -> int:
        """The field's bits in the register."""
        return ((1 << self.bits) - 1) << self.low

    def of(self, word: int) -> int:
        """Value of the field in a word read."""
        return (word & self.mask) >> self.low

'''


def main() -> None:
    """Write what is made from the description, or the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--html", type=Path, metavar="DIR", help="write the HTML page there")
    page = parser.parse_args().html
    if page is not None:
        with whole_folder(page, PAGE) as temporary:
            _peakrdl("html", "-o", str(temporary))
            write_marker(temporary, PAGE)
        return
    for path, text in texts().items():
        with whole_file(path) as temporary:
            temporary.write_text(text)


if __name__ == "__main__":
    main()
