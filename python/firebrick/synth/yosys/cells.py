# SPDX-License-Identifier: Apache-2.0
"""Cells of Xilinx netlists as resources.

A LUT RAM counts the LUTs of its primitive, a shift register one. Inverters are free (they are
absorbed into the LUT or the register behind them), as are carry chains and the wide multiplexers
beside the LUTs. Two small LUTs that might share one are counted as two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple

from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Resources

LUT = Resources(lut=1)
FF = Resources(ff=1)
DSP = Resources(dsp=1)
FREE = Resources()


def _memory(luts: int) -> Resources:
    return Resources(lut=luts, lutram=luts)


COSTS: Mapping[str, Resources] = {
    **{f"LUT{inputs}": LUT for inputs in range(1, 7)},
    **dict.fromkeys(("FDRE", "FDSE", "FDCE", "FDPE"), FF),
    **dict.fromkeys(("DSP48E1", "DSP48E2"), DSP),
    **dict.fromkeys(("SRL16E", "SRLC16E", "SRLC32E"), _memory(1)),
    **dict.fromkeys(("RAM32X1D", "RAM64X1D"), _memory(2)),
    **dict.fromkeys(("RAM32M", "RAM64M", "RAM128X1D"), _memory(4)),
    **dict.fromkeys(("RAM32M16", "RAM64M8", "RAM256X1D", "RAM32X16DR8", "RAM64X8SW"), _memory(8)),
    **dict.fromkeys(("RAMB18E1", "RAMB18E2"), Resources(bram18=1)),
    **dict.fromkeys(("RAMB36E1", "RAMB36E2"), Resources(bram18=2)),
    "URAM288": Resources(uram=1),
    **dict.fromkeys(("INV", "CARRY4", "CARRY8", "MUXF7", "MUXF8", "MUXF9"), FREE),
    **dict.fromkeys(("VCC", "GND", "$scopeinfo"), FREE),
}


def tally(cells: Mapping[str, Mapping[str, int]], top: str) -> Resources:
    """Resources of a module with all that it instantiates.

    Args:
        cells: per module, number of cells (or modules) by type.
        top: the module.

    Raises:
        FirebrickError: naming the type of a cell that is none of the device's.
    """
    total = Resources()
    for kind, count in cells[top].items():
        if kind in cells:
            one = tally(cells, kind)
        elif kind in COSTS:
            one = COSTS[kind]
        else:
            raise FirebrickError(f"module {top!r}: {count} cells of type {kind!r} left unmapped")
        total += _times(one, count)
    return total


def _times(one: Resources, count: int) -> Resources:
    return Resources(*(count * x for x in astuple(one)))
