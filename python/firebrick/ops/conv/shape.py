# SPDX-License-Identifier: Apache-2.0
"""Parameters of `conv.sv` from a folding; widths, depths and submodules inside it from those."""

from __future__ import annotations

from collections.abc import Mapping

from firebrick.hardware.memory import MemoryKind, index_bits
from firebrick.hardware.tensor import MULTIPLIER_BITS
from firebrick.ops.conv.operator import BIAS_BITS, Conv
from firebrick.ops.folding import Folding

WORD_BITS = {MemoryKind.LUT: 0, MemoryKind.BLOCK: 36, MemoryKind.ULTRA: 72}
"""Widest word of a weight memory; entries are packed into it. 0: one entry a word."""
FIFO_DEPTH = 32
"""Beats of the output queue (fixed in `conv_drain.sv`): more than its pipeline holds."""


class ConvShape:
    """What the submodules of a convolution engine are made with: local parameters of `conv.sv`.

    Attributes are those of the modules, in lower case.
    """

    __slots__ = (
        "bank_bits",
        "bank_depth",
        "entry_bits",
        "groups",
        "place_bits",
        "ring",
        "row_words",
        "segments",
        "tap_bits",
        "weight_words",
        "word_bits",
    )

    def __init__(self, conv: Mapping[str, int]) -> None:
        kernel, stride, columns = conv["kernel"], conv["stride"], conv["columns"]
        self.segments = -(-conv["out_width"] // columns)
        self.ring = conv["ring"]
        self.row_words = conv["lane_channels"] * self.segments
        self.bank_depth = self.ring * self.row_words
        self.bank_bits = index_bits(self.bank_depth)
        self.word_bits = ((columns - 1) * stride + kernel) * conv["in_bits"]
        self.entry_bits = conv["gap_bits"] + conv["code_bits"]
        self.tap_bits = index_bits(kernel)
        self.place_bits = self.bank_bits + 2 * self.tap_bits
        self.weight_words = -(-conv["weight_depth"] // conv["pack"])
        self.groups = -(-columns // conv["drain"])


def ring(operator: Conv, *, tight: bool) -> int:
    """Input rows that an engine holds.

    Args:
        operator: the convolution.
        tight: as few as work at all; else so many that rows arrive while others are at work.
    """
    reach = max(operator.kernel, operator.stride)
    last = operator.input.height + operator.pad - (operator.output.height - 1) * operator.stride
    return max(reach, last) if tight else reach + operator.stride


def layer_parameters(operator: Conv) -> dict[str, int]:
    """Parameters of `conv.sv` that do not depend on the folding."""
    source, sink = operator.input, operator.output
    return {
        "in_channels": source.channels,
        "in_height": source.height,
        "in_width": source.width,
        "in_bits": source.bits,
        "in_signed": int(source.signed),
        "out_channels": sink.channels,
        "out_height": sink.height,
        "out_width": sink.width,
        "out_bits": sink.bits,
        "out_signed": int(sink.signed),
        "out_narrow": int(sink.narrow),
        "kernel": operator.kernel,
        "stride": operator.stride,
        "pad": operator.pad,
        "code_bits": operator.code_bits,
        "value_bits": operator.value_bits,
        "acc_bits": operator.acc_bits,
        "bias_bits": BIAS_BITS,
        "multiplier_bits": MULTIPLIER_BITS,
        "shift": operator.shift,
    }


def folding_parameters(operator: Conv, folding: Folding) -> dict[str, int]:
    """Parameters of `conv.sv` that follow from the folding without the weights."""
    placement = folding.placement
    entry_bits = operator.code_bits + folding.gap_bits
    return {
        "lanes": folding.lanes,
        "columns": folding.columns,
        "drain": folding.drain,
        "gap_bits": folding.gap_bits,
        "queue_depth": folding.queue_depth,
        "ring": ring(operator, tight=folding.tight),
        "dual": int(folding.dual),
        "fabric": folding.fabric,
        "pack": max(1, WORD_BITS[placement.weights] // entry_bits),
        "weight_kind": int(placement.weights),
        "length_kind": int(placement.lengths),
        "requantize_kind": int(placement.requantize),
        "bank_kind": int(placement.rows),
    }


RENAMED = {
    "bits": "in_bits",
    "signed": "in_signed",
    "channels": "out_channels",
    "sum_bits": "acc_bits",
}
LANE = (
    *("columns", "drain", "channels", "kernel", "stride", "bits", "signed", "code_bits"),
    *("gap_bits", "value_bits", "sum_bits", "bank_kind", "weight_depth", "pack", "length_max"),
    *("positions", "queue_depth", "dual", "fabric"),
)
WEIGHTS = (
    *("channels", "weight_depth", "pack", "weight_kind", "length_kind", "positions"),
    *("code_bits", "value_bits"),
)
WRITER = ("lanes", "columns", "bits", "kernel", "stride", "pad")
ROWS = ("in_height", "out_height", "kernel", "stride", "pad")
DRAIN = (
    *("lanes", "columns", "drain", "channels", "sum_bits", "bias_bits", "multiplier_bits", "shift"),
)


def part_parameters(conv: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Parameters of each part, in lower case, by module.

    Args:
        conv: parameters of ``conv``, in lower case.
    """
    shape = ConvShape(conv)

    def same(*names: str) -> dict[str, int]:
        return {name: int(conv[RENAMED.get(name, name)]) for name in names}

    return {
        "conv_lane": same(*LANE) | {"segments": shape.segments, "bank_depth": shape.bank_depth},
        "conv_weights": same(*WEIGHTS)
        | {"entry_bits": shape.entry_bits, "place_bits": shape.place_bits}
        | {"length_bits": index_bits(conv["length_max"])},
        "conv_writer": same(*WRITER)
        | {"channels": conv["in_channels"], "width": conv["in_width"]}
        | {"segments": shape.segments, "ring": shape.ring, "row_words": shape.row_words},
        "conv_rows": same(*ROWS) | {"ring": shape.ring, "row_words": shape.row_words},
        "conv_drain": same(*DRAIN)
        | {"height": conv["out_height"], "segments": shape.segments}
        | {"kind": conv["requantize_kind"], "bits": conv["out_bits"]}
        | {"signed": conv["out_signed"], "narrow": conv["out_narrow"]},
    }
