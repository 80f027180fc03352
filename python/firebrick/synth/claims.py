# SPDX-License-Identifier: Apache-2.0
"""What the plan in a generated folder says its hardware takes, recomputed from the tops.

Cycles and bytes cannot be: they follow from the weights, which the tops do not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from firebrick.area.estimate import estimate
from firebrick.errors import FirebrickError
from firebrick.hardware.resources import Family, Resources
from firebrick.ops import LAYERS
from firebrick.plan.claims import compare
from firebrick.plan.plan import Plan
from firebrick.synth.folder import Part

SHELL = "shell"
UNCOUNTED = ("load_gate",)
"""Modules that estimates leave out."""


def check_resources(folder: Path, plan: Plan, parts: Sequence[Part]) -> None:
    """Refuse a plan that predicts other resources than those of the folder's instances.

    Raises:
        FirebrickError: naming field, value, and what it would be.
    """
    layers, waiting, shell = {}, Resources(), Resources()
    for part in parts:
        if part.module == SHELL:
            shell += _estimated(folder, part, plan.family)
        elif part.module not in UNCOUNTED:
            waiting += _estimated(folder, part, plan.family)
        if part.module in LAYERS:  # what stands in front of one counts as its own
            layers[part.name], waiting = waiting, Resources()
    names = [x.name for x in plan.layers]
    if names != list(layers):
        raise FirebrickError(
            f"layers: {', '.join(names)[:80]} are not those of the folder's top, "
            f"{', '.join(layers)[:80]}: generate it again"
        )
    expected = replace(
        plan,
        layers=tuple(replace(x, resources=layers[x.name]) for x in plan.layers),
        resources=sum(layers.values(), shell),
    )
    compare(plan, expected, "what the folder's instances are estimated at")


def _estimated(folder: Path, part: Part, family: Family) -> Resources:
    try:
        return estimate(part.module, part.numbers(), family)
    except (FirebrickError, ArithmeticError, LookupError, ValueError) as error:
        what = f"{type(error).__name__} {error}"
        raise FirebrickError(
            f"{folder}: instance {part.name!r:.80} is not as generated, its parameters make no "
            f"{part.module}: {what:.80}"
        ) from None
