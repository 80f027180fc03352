# SPDX-License-Identifier: Apache-2.0
"""Counts that Yosys once made of some modules, kept: the area model is compared in no time.

python tests/area/stored_counts.py      # makes stored_counts.json anew; some minutes
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path

from firebrick.area.estimate import estimate
from firebrick.data import hardware_sources
from firebrick.emit.rtl.memories import memory_text
from firebrick.hardware.resources import Family, Resources
from firebrick.synth.calibrate.geometries import draw_engines
from firebrick.synth.yosys.module import synthesize_module

STORED = Path(__file__).with_suffix(".json")
UNSEEN = 7
"""Seed of engines that the model was not fitted to."""
ENGINES = (2, 18)
"""Which of the engines drawn with that seed."""
REGROUP = {"channels": 32, "height": 28, "width": 28, "bits": 8, "in_columns": 7, "out_columns": 4}
SHELL = {
    **{"channels": 3, "height": 56, "width": 60, "classes": 100, "logit_bits": 20},
    **{"data_bits": 64, "pixels": 4, "read_depth": 64, "load_words": 0},
}
ADD = {
    **{"channels": 24, "height": 20, "width": 20, "columns": 5, "shift": 17, "out_bits": 8},
    **{"left_signed": 0, "right_signed": 0, "left_bits": 8, "right_bits": 8, "out_signed": 0},
    **{"out_narrow": 0, "multiplier0": 23456, "multiplier1": 31001},
}
OTHERS = (
    ("add", ADD, Family.XC7),
    ("shell", SHELL, Family.XC7),
    ("regroup", REGROUP, Family.XC7),
    ("fifo", {"width": 73, "depth": 1500, "kind": 1}, Family.XC7),
    ("fifo", {"width": 73, "depth": 8192, "kind": 2}, Family.XCUP),
)


@dataclass(frozen=True)
class Stored:
    """A module that was synthesized.

    Attributes:
        module: its name.
        parameters: of it.
        family: of the device.
        counts: by Yosys.
        errors: of the model, relative to them: LUTs, flip-flops.
    """

    module: str
    parameters: dict[str, int]
    family: Family
    counts: Resources
    errors: tuple[float, float]


def errors(model: Resources, found: Resources) -> tuple[float, float]:
    """How much more the model says: LUTs, flip-flops; 0.1 is 10 %."""
    return model.lut / found.lut - 1, model.ff / found.ff - 1


def entry(
    module: str, parameters: dict[str, int], family: Family, images: dict[str, str]
) -> dict[str, object]:
    """What is kept of a synthesis."""
    literals = {name.upper(): str(value) for name, value in parameters.items()}
    found = synthesize_module(module, literals, images, hardware_sources(), family).resources
    known = errors(estimate(module, parameters, family), found)
    return {
        "module": module,
        "family": family.value,
        "parameters": parameters,
        "counts": list(found.counts),
        "errors": [round(x, 4) for x in known],
    }


def load() -> list[Stored]:
    """All of them."""
    return [
        Stored(
            x["module"],
            x["parameters"],
            Family(x["family"]),
            Resources(*x["counts"]),
            (x["errors"][0], x["errors"][1]),
        )
        for x in json.loads(STORED.read_text())["modules"]
    ]


def main() -> int:
    """Count them, write the file."""
    found = [entry(module, parameters, family, {}) for module, parameters, family in OTHERS]
    for place in ENGINES:
        engine = next(islice(draw_engines(UNSEEN, ultra=False), place, None))
        parameters = {name: int(value) for name, value in engine.parameters().items()}
        images = {f"conv.{name}.mem": memory_text(x) for name, x in engine.memories().items()}
        found.append(entry("conv", parameters, Family.XC7, images))
    document = {
        "command": "python tests/area/stored_counts.py",
        "pyosys": metadata.version("pyosys"),
        "fields": ["dsp", "lut", "lutram", "ff", "bram18", "uram"],
        "modules": found,
    }
    STORED.write_text(json.dumps(document, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
