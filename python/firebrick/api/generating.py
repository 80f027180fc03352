# SPDX-License-Identifier: Apache-2.0
"""From a plan to the folder of its hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from firebrick.api.models import QuantizedModel, as_network
from firebrick.emit.hls import generate as hls
from firebrick.emit.rtl import generate as rtl
from firebrick.emit.target import Target
from firebrick.errors import FirebrickError
from firebrick.hls4ml import generate as hls4ml
from firebrick.ir.network import Network
from firebrick.plan.claims import read_plan
from firebrick.plan.plan import Plan

WRITERS: Mapping[Target, Callable[[Network, Plan, Path], None]] = MappingProxyType(
    {Target.RTL: rtl.generate, Target.HLS: hls.generate, Target.HLS4ML: hls4ml.generate}
)
"""What writes the folder of a target."""


def generate(
    model: QuantizedModel | str | Path,
    plan: Plan | str | Path,
    folder: str | Path,
    *,
    target: Target | str = Target.RTL,
) -> None:
    """Write the hardware as a self-contained folder; `firebrick generate` in a program.

    Args:
        model: quantized, or its file.
        plan: of this model, or its file.
        folder: to write; replaces one that this function made, unchanged.
        target: ``rtl``, SystemVerilog; ``hls``, C++ for Vitis HLS; ``hls4ml``, a project of it.

    Raises:
        CheckFailed: the plan does not stay on chip.
        FirebrickError: naming file, field, value and rule.
    """
    network = as_network(model)
    chosen = plan if isinstance(plan, Plan) else read_plan(Path(plan), network)
    WRITERS[_target(target)](network, chosen, Path(folder))


def _target(name: str) -> Target:
    try:
        return Target(name)
    except ValueError:
        raise FirebrickError(f"generate: target={name!r} is none of {', '.join(Target)}") from None
