# SPDX-License-Identifier: Apache-2.0
"""The model of the memories is what Yosys makes of them."""

from pathlib import Path

import numpy as np
import pytest
from memory_sweep import Shape, synthesize_memories

from firebrick.hardware.memory import MemoryKind, chunks
from firebrick.hardware.memory_area import ram, rom
from firebrick.hardware.resources import Family

LUT, BLOCK, ULTRA = MemoryKind
RAMS: tuple[Shape, ...] = (
    *((112, 700, 1), (128, 2048, 1), (36, 512, 1), (36, 513, 1), (72, 512, 1), (72, 700, 1)),
    *((5, 24, 1), (19, 1025, 1), (9, 2049, 1), (37, 4096, 1), (73, 1500, 1), (37, 1500, 1)),
    *((1, 2, 0), (6, 24, 0), (7, 32, 0), (15, 33, 0), (40, 48, 0), (12, 96, 0), (13, 129, 0)),
)
ULTRAS: tuple[Shape, ...] = ((36, 100, 2), (72, 4096, 2), (73, 2048, 2), (100, 4097, 2))
ROMS: tuple[Shape, ...] = (
    *((36, 500, 1), (36, 513, 1), (33, 2000, 1), (27, 4096, 1), (36, 4700, 1), (9, 1600, 1)),
)


@pytest.mark.parametrize("family", [Family.XC7, pytest.param(Family.XCUP, marks=pytest.mark.slow)])
def test_rams(family: Family, tmp_path: Path) -> None:
    shapes = RAMS + (ULTRAS if family is Family.XCUP else ())
    for shape, found in zip(
        shapes, synthesize_memories("ram", shapes, family, tmp_path, {}), strict=True
    ):
        model = ram(*shape, family)
        exact = (model.bram18, model.uram, model.lutram, model.ffs)
        assert exact == (found.bram18, found.uram, found.lutram, found.ff), shape
        width = shape[0]
        # The choice among deep memories shares LUTs with the decoding of their enables.
        assert (model.luts > 0) == (found.lut - found.lutram > 0), shape
        assert found.lut - found.lutram <= 4 * width, shape


@pytest.mark.slow
def test_block_roms(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    images = {
        f"sweep.{n}{letter}.mem": "".join(
            f"{int.from_bytes(rng.bytes(8), 'big') % (1 << width):x}\n" for _ in range(size)
        )
        for n, (width, depth, _) in enumerate(ROMS)
        for letter, size in zip("abcdefgh", chunks(depth), strict=False)
    }
    found = synthesize_memories("rom", ROMS, Family.XC7, tmp_path, images)
    assert [x.bram18 for x in found] == [rom(*shape).bram18 for shape in ROMS]
