# SPDX-License-Identifier: Apache-2.0
"""The kernel of `avgpool` in C++: it has tables."""

from __future__ import annotations

import numpy as np

from firebrick.emit.hls_kernel import CppKernel
from firebrick.emit.hls_tables import Table, rows_of
from firebrick.hardware.memory import index_bits
from firebrick.ops.avgpool import AvgPoolEngine


class AvgPoolKernel(CppKernel):
    """Channels in any order, sums in natural order."""

    engine: AvgPoolEngine

    def tables(self) -> list[Table]:
        """Number and initial sum of each channel."""
        op, order = self.engine.operator, list(self.engine.in_order)
        index, total = index_bits(op.input.channels), op.output.bits
        return [
            Table(
                "channel",
                f"ap_uint<{index}>",
                rows_of([np.array(order)], 0),
                "Natural number of each channel in the stream's order.",
            ),
            Table(
                "initial_sum",
                f"ap_int<{total}>",
                rows_of([op.bias[order]], 0),
                "Sum that each channel in the stream's order begins with.",
            ),
        ]
