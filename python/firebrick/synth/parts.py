# SPDX-License-Identifier: Apache-2.0
"""Parameters of the parts of a convolution engine, for synthesizing a part alone."""

from __future__ import annotations

from collections.abc import Mapping

from firebrick.hardware.memory import index_bits
from firebrick.ops.conv.shape import ConvShape

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
        | {"signed": conv["out_signed"]},
    }
