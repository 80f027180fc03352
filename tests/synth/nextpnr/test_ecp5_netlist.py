# SPDX-License-Identifier: Apache-2.0
"""What Yosys makes of the design for an ECP5 computes the same as the source, bit for bit."""

import shutil
from pathlib import Path

import netlists
import numpy as np
import pytest
from uart_host import HERE

from firebrick.data import hardware_sources
from firebrick.emit.rtl.memories import write_memories
from firebrick.errors import FirebrickError
from firebrick.hardware.memory import MemoryKind, image, rom_images
from firebrick.synth.nextpnr.flow import synthesize
from firebrick.synth.nextpnr.worker import VERILOG
from firebrick.verify.simulation import cocotb_run

ROMS = {"rom9": (9, 1500, MemoryKind.BLOCK), "rom36": (36, 512, MemoryKind.BLOCK)}
ROMS |= {"rom15": (15, 100, MemoryKind.LUT)}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A folder with the netlist of `cells_dut`, and its cells."""
    folder = tmp_path_factory.mktemp("cells")
    rng = np.random.default_rng(1)
    for prefix, (width, words, kind) in ROMS.items():
        table = image(width, rng.integers(1 << width, size=words).tolist())
        for name, memory in rom_images(prefix, table, kind).items():
            write_memories(folder, "", {name: memory})
            (folder / f".{name}.mem").rename(folder / f"{name}.mem")
    sources = [x for x in hardware_sources() if x.stem in ("ram", "rom")] + [HERE / "cells_dut.sv"]
    for path in sources:
        shutil.copyfile(path, folder / path.name)
    return folder, synthesize("cells_dut", [x.name for x in sources], folder)


def test_everything_has_become_cells_of_the_device(cells: tuple[Path, dict[str, int]]) -> None:
    # Block RAM: one for 8 bits of 2048 words and for 18 of 1024, two for 60 of 300; two tables of 9
    # bits, of 1024 and 512 words, and one of 36. Multipliers: 8 x 8 bits is one, 25 x 16 two.
    _, found = cells
    assert found["DP16KD"] == 1 + 1 + 2 + 2 + 1
    assert found["MULT18X18D"] == 1 + 2
    assert found["TRELLIS_DPR16X4"] == 3 * 9
    known = {"LUT4", "PFUMX", "L6MUX21", "CCU2C", "TRELLIS_FF", "TRELLIS_DPR16X4"}
    assert found.keys() <= known | {"DP16KD", "MULT18X18D"}


def test_netlist_is_equal_in_every_cycle(
    cells: tuple[Path, dict[str, int]], build_root: Path, tmp_path: Path
) -> None:
    folder, _ = cells
    netlist = tmp_path / "cells_net.v"
    netlist.write_text((folder / VERILOG).read_text().replace("cells_dut", "cells_net"))
    sources = [x for x in hardware_sources() if x.stem in ("ram", "rom")]
    sources += [HERE / "cells_dut.sv", HERE / "cells_bench.sv"]
    binary = netlists.build(netlist, sources, "cells_bench", build_root)
    for path in folder.glob("*.mem"):
        shutil.copyfile(path, tmp_path / path.name)
    cocotb_run.run(binary, tmp_path, "cells_run", python_path=(HERE,))


def test_a_missing_memory_image_is_an_error(tmp_path: Path) -> None:
    for name in ("rom.sv", "ram.sv"):
        (source,) = (x for x in hardware_sources() if x.name == name)
        shutil.copyfile(source, tmp_path / name)
    with pytest.raises(FirebrickError, match=r"rom: Yosys failed .*roma\.mem"):
        synthesize("rom", ["rom.sv"], tmp_path)
