# SPDX-License-Identifier: Apache-2.0
"""Cells become resources, through the hierarchy; what is not known is an error."""

import re

import pytest

from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources
from firebrick.synth.yosys.cells import tally


def test_modules_count_as_often_as_they_are_instantiated() -> None:
    cells = {
        "top": {"lane": 3, "LUT6": 2, "FDRE": 1, "INV": 7, "CARRY4": 5},
        "lane": {"DSP48E1": 2, "RAM32M": 1, "SRL16E": 2, "RAMB36E1": 1, "RAMB18E1": 1, "MUXF7": 9},
    }
    assert tally(cells, "lane") == Resources(dsp=2, lut=6, lutram=6, bram18=3)
    assert tally(cells, "top") == Resources(dsp=6, lut=20, lutram=18, ff=1, bram18=9)


def test_ultrascale_cells() -> None:
    cells = {"top": {"DSP48E2": 1, "URAM288": 2, "RAM64M8": 1, "RAM32M16": 1, "CARRY8": 3}}
    assert tally(cells, "top") == Resources(dsp=1, lut=16, lutram=16, uram=2)


@pytest.mark.parametrize("kind", ["$mem_v2", "$mul", "LDCE", "never_heard_of"])
def test_cell_of_unknown_type_is_named(kind: str) -> None:
    with pytest.raises(FirebrickError, match=re.escape(f"module 'lane': 4 cells of type '{kind}'")):
        tally({"top": {"lane": 1}, "lane": {kind: 4}}, "top")
