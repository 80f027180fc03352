# SPDX-License-Identifier: Apache-2.0
"""Rules that the folding of a `conv` engine obeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firebrick.ops.base import MemoryKind

if TYPE_CHECKING:
    from firebrick.ops.conv_engine import ConvEngine


def check(engine: ConvEngine, *, dual: bool) -> None:
    """Check a folding.

    Args:
        engine: the engine.
        dual: its operator lets columns share DSP slices.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    op, require = engine.operator, engine.operator.require
    weights = op.weights[0].size
    require(engine.lanes >= 1, "lanes", engine.lanes, "is less than 1")
    require(engine.lanes <= weights, "lanes", engine.lanes, f"exceeds {weights} weights a channel")
    require(engine.columns >= 1, "columns", engine.columns, "is less than 1")
    require(
        1 <= engine.drain <= engine.columns, "drain", engine.drain, f"is not in 1..{engine.columns}"
    )
    require(0 <= engine.gap_bits <= 7, "gap_bits", engine.gap_bits, "is not in 0..7")
    require(engine.queue_depth >= 2, "queue_depth", engine.queue_depth, "is less than 2")
    require(
        engine.owner.shape == op.weights.shape
        and bool(np.all((engine.owner >= 0) & (engine.owner < engine.lanes))),
        "owner",
        engine.owner.shape,
        f"does not name one of {engine.lanes} lanes for each weight",
    )
    require(
        0 <= engine.fabric <= engine.columns,
        "fabric",
        engine.fabric,
        f"is not in 0..{engine.columns}",
    )
    require(
        dual or not engine.dual,
        "dual",
        engine.dual,
        "needs unsigned pixels and products of at most 16 bits",
    )
    for memory in ("lengths", "requantize"):
        kind = getattr(engine.placement, memory)
        require(kind in (MemoryKind.LUT, MemoryKind.BLOCK), memory, kind.name, "is not initialised")
    for field, order, channels in (
        ("in_order", engine.in_order, op.input.channels),
        ("out_order", engine.out_order, op.output.channels),
    ):
        require(
            sorted(order) == list(range(channels)),
            field,
            len(order),
            f"channels are not a permutation of {channels}",
        )
    reach = op.kernel - op.stride - op.pad
    require(
        reach <= engine.in_columns[0],
        "columns",
        engine.columns,
        f"gives beats of {engine.in_columns[0]} pixels, less than kernel-stride-pad={reach}",
    )
