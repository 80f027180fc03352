# SPDX-License-Identifier: Apache-2.0
"""Rules that the folding of a convolution obeys, and what of it depends on the layer alone."""

from __future__ import annotations

from firebrick.hardware.memory import MemoryKind
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding

QUEUE_DEPTH = 32
"""Partial sums a lane may be ahead; the smallest LUT memory of a Xilinx device is as deep."""


def may_share_slices(operator: Conv) -> bool:
    """Whether two products of a weight fit one DSP slice: see `hw/ops/conv_multiply.sv`."""
    bits, value_bits = operator.input.bits, operator.value_bits
    return not operator.input.signed and bits + value_bits <= 16 and 2 * bits + value_bits <= 24


def fewest_columns(operator: Conv) -> int:
    """Fewest columns with which an input beat completes the halo of the word before it."""
    return max(1, -(-_reach(operator) // operator.stride))


def _reach(operator: Conv) -> int:
    """Pixels of a window that lie in input beats behind its own."""
    return operator.kernel - operator.stride - operator.pad


def check(operator: Conv, folding: Folding) -> None:
    """Check a folding.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    require, columns = operator.require, folding.columns
    weights = operator.codes[0].size
    require(folding.lanes >= 1, "lanes", folding.lanes, "is less than 1")
    require(
        folding.lanes <= weights, "lanes", folding.lanes, f"exceeds {weights} weights a channel"
    )
    require(columns >= 1, "columns", columns, "is less than 1")
    require(1 <= folding.drain <= columns, "drain", folding.drain, f"is not in 1..{columns}")
    require(0 <= folding.gap_bits <= 7, "gap_bits", folding.gap_bits, "is not in 0..7")
    require(folding.queue_depth >= 2, "queue_depth", folding.queue_depth, "is less than 2")
    require(0 <= folding.fabric <= columns, "fabric", folding.fabric, f"is not in 0..{columns}")
    require(
        may_share_slices(operator) or not folding.dual,
        "dual",
        folding.dual,
        "needs unsigned pixels and products of at most 16 bits",
    )
    for memory in ("lengths", "requantize"):
        kind = getattr(folding.placement, memory)
        require(kind in (MemoryKind.LUT, MemoryKind.BLOCK), memory, kind.name, "is not initialised")
    beat = columns * operator.stride
    require(
        _reach(operator) <= beat,
        "columns",
        columns,
        f"gives beats of {beat} pixels, less than kernel-stride-pad={_reach(operator)}",
    )
