# SPDX-License-Identifier: Apache-2.0
"""Resources of an instance from its module and parameters alone, in microseconds.

DSP slices, block RAMs and UltraRAMs follow from the RTL's text and are exact. LUTs and flip-flops
are weighted sums of what they grow with; the weights (`coefficients.py`) were fitted to what Yosys
makes of many engines, for each family on its own. What a module grows with, its engine says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import mul

from firebrick.area import shell
from firebrick.area.coefficients import COEFFICIENTS
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family, Resources
from firebrick.ops import ENGINES, PLUMBING
from firebrick.ops.avgpool import requantize_area
from firebrick.ops.base import AreaPart

Module = Callable[[Mapping[str, int], Family], Iterator[AreaPart]]

MODULES: Mapping[str, Module] = {
    **{kind: engine.area for kind, engine in {**ENGINES, **PLUMBING}.items()},
    "avgpool_requantize": requantize_area,
    "load_gate": shell.load_gate,
    "shell": shell.shell,
    "skid": shell.skid,
}


def parts(module: str, parameters: Mapping[str, int], family: Family) -> Iterator[AreaPart]:
    """What an instance takes, part by part.

    Args:
        module: name of the SystemVerilog module.
        parameters: its parameters, in lower case.
        family: device family.

    Raises:
        FirebrickError: for a module that nobody can estimate.
        KeyError: without a parameter that the estimate needs.
    """
    if module not in MODULES:
        known = ", ".join(sorted(MODULES))
        raise FirebrickError(f"area: module={module!r:.80} has no estimate; there are {known}")
    return MODULES[module](parameters, family)


def estimate(module: str, parameters: Mapping[str, int], family: Family) -> Resources:
    """Resources of an instance; arguments and errors as those of `parts`.

    Raises:
        FirebrickError: for a module or a part that nobody has fitted coefficients for.
    """
    dsp = lutram = bram18 = uram = 0
    lut = ff = 0.0
    for name, features, copies in parts(module, parameters, family):
        if name not in COEFFICIENTS[family]:
            raise FirebrickError(
                f"area: module={name!r} has no coefficients for {family}: its engine has "
                "GEOMETRIES to fit them to, then run python -m firebrick.synth.calibrate.fit"
            )
        lut_weights, ff_weights = COEFFICIENTS[family][name]
        memory = features.memory
        lut += copies * (
            memory.luts + memory.lutram + sum(map(mul, features.lut_terms, lut_weights))
        )
        ff += copies * (memory.ffs + sum(map(mul, features.ff_terms, ff_weights)))
        dsp += copies * features.dsp
        lutram += copies * memory.lutram
        bram18 += copies * memory.bram18
        uram += copies * memory.uram
    return Resources(dsp, round(lut), lutram, round(ff), bram18, uram)
