# SPDX-License-Identifier: Apache-2.0
"""Resources of an instance from its module and parameters alone, in microseconds.

DSP slices, block RAMs and UltraRAMs follow from the RTL's text and are exact. LUTs and flip-flops
are weighted sums of what they grow with; the weights (`coefficients.py`) were fitted to what Yosys
makes of many engines, for each family on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import mul

from firebrick.area import streams
from firebrick.area.coefficients import COEFFICIENTS
from firebrick.hardware.features import Features
from firebrick.hardware.resources import Family, Resources
from firebrick.ops.conv import area as conv
from firebrick.ops.conv.shape import ConvShape

Part = Callable[[Mapping[str, int], ConvShape, Family], Features]
Module = Callable[[Mapping[str, int], Family], Features]

CONV_PARTS: Mapping[str, Part] = {
    "conv_lane": conv.lane,
    "conv_weights": conv.weights,
    "conv_writer": conv.writer,
    "conv_rows": conv.rows,
    "conv_drain": conv.drain,
}
OF_A_LANE = ("conv_lane", "conv_weights")
"""Parts that there are `lanes` of."""
MODULES: Mapping[str, Module] = {
    "add": streams.add,
    "avgpool": streams.avgpool,
    "broadcast": streams.broadcast,
    "fifo": streams.fifo,
    "image": streams.image,
    "load_gate": streams.load_gate,
    "maxpool": streams.maxpool,
    "regroup": streams.regroup,
    "shell": streams.shell,
    "skid": streams.skid,
}


def estimate(module: str, parameters: Mapping[str, int], family: Family) -> Resources:
    """Resources of an instance.

    Args:
        module: name of the SystemVerilog module.
        parameters: its parameters, in lower case.
        family: device family.

    Raises:
        KeyError: for a module or without a parameter that the model needs.
    """
    dsp = lutram = bram18 = uram = 0
    lut = ff = 0.0
    for name, features, count in _parts(module, parameters, family):
        lut_weights, ff_weights = COEFFICIENTS[family][name]
        memory = features.memory
        lut += count * (
            memory.luts + memory.lutram + sum(map(mul, features.lut_terms, lut_weights))
        )
        ff += count * (memory.ffs + sum(map(mul, features.ff_terms, ff_weights)))
        dsp += count * features.dsp
        lutram += count * memory.lutram
        bram18 += count * memory.bram18
        uram += count * memory.uram
    return Resources(dsp, round(lut), lutram, round(ff), bram18, uram)


def _parts(
    module: str, parameters: Mapping[str, int], family: Family
) -> Iterator[tuple[str, Features, int]]:
    if module != "conv":
        yield module, MODULES[module](parameters, family), 1
        return
    shape = ConvShape(parameters)
    for name, part in CONV_PARTS.items():
        count = parameters["lanes"] if name in OF_A_LANE else 1
        yield name, part(parameters, shape, family), count
