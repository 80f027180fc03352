# SPDX-License-Identifier: Apache-2.0
"""Rules that the folding of a `conv` engine obeys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firebrick.hardware.memory import MemoryKind
from firebrick.ops.conv.operator import Conv

if TYPE_CHECKING:
    from firebrick.ops.conv.engine import ConvEngine


WORD_BITS = {MemoryKind.LUT: 0, MemoryKind.BLOCK: 36, MemoryKind.ULTRA: 72}
"""Widest word of a weight memory; entries are packed into it. 0: one entry a word."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What the memories of a convolution engine are made of.

    Attributes:
        weights: entries of the lanes.
        lengths: entries of each channel, of the lanes; LUT or BLOCK.
        requantize: biases and multipliers; LUT or BLOCK.
        rows: row banks of the lanes.
    """

    weights: MemoryKind = MemoryKind.BLOCK
    lengths: MemoryKind = MemoryKind.LUT
    requantize: MemoryKind = MemoryKind.LUT
    rows: MemoryKind = MemoryKind.BLOCK


def may_share_slices(operator: Conv) -> bool:
    """Whether two products of a weight fit one DSP slice: see `hw/ops/conv_multiply.sv`."""
    bits, value_bits = operator.input.bits, operator.value_bits
    return not operator.input.signed and bits + value_bits <= 16 and 2 * bits + value_bits <= 24


def entries_per_word(operator: Conv, gap_bits: int, kind: MemoryKind) -> int:
    """Entries that a word of the weight memories packs."""
    return max(1, WORD_BITS[kind] // (operator.code_bits + gap_bits))


def fewest_columns(operator: Conv) -> int:
    """Fewest columns with which an input beat completes the halo of the word before it."""
    reach = operator.kernel - operator.stride - operator.pad
    return max(1, -(-reach // operator.stride))


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
