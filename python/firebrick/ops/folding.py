# SPDX-License-Identifier: Apache-2.0
"""How an operator is folded onto hardware: the one record of engines, plan files and the search."""

from __future__ import annotations

from dataclasses import dataclass

from firebrick.checked.fields import Fields
from firebrick.hardware.memory import MemoryKind

MOST = 1 << 16
"""No folding number is larger."""


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

    @classmethod
    def read(cls, x: Fields) -> Placement:
        """Read what `dataclasses.asdict` made of one.

        Raises:
            FirebrickError: naming file, field, value and rule.
        """
        kinds = {n: MemoryKind(x.whole(n, 0, max(MemoryKind))) for n in ("weights", "rows")}
        tables = {n: MemoryKind(x.whole(n, 0, MemoryKind.BLOCK)) for n in ("lengths", "requantize")}
        x.close()
        return cls(**kinds, **tables)


@dataclass(frozen=True, slots=True)
class Folding:
    """All numbers that, with the weights, determine an engine; the plan holds one for each layer.

    Attributes:
        columns: neighbouring pixels of an output beat; for `avgpool`, of an input beat.
        lanes: weights that a convolution takes a cycle; for all else numbers from here on are 0,
            and flags and placement mean nothing.
        drain: columns requantized a cycle.
        gap_bits: bits of the distance from one stored weight to the next, 0 to 7.
        queue_depth: partial sums that a lane may be ahead of the drain, 2 or more.
        store_zeros: pruned zeros are stored and multiplied, to measure what sparsity buys.
        dual: two neighbouring columns share a DSP slice (unsigned pixels, 16-bit products).
        fabric: so many of the columns are multiplied in LUTs.
        placement: what the memories are made of.
        tight: only the rows of a window are held, so that input and work take turns.
    """

    columns: int
    lanes: int = 0
    drain: int = 0
    gap_bits: int = 0
    queue_depth: int = 0
    store_zeros: bool = False
    dual: bool = False
    fabric: int = 0
    placement: Placement = Placement()
    tight: bool = False

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return self.lanes * self.columns

    @classmethod
    def read(cls, x: Fields) -> Folding:
        """Read the fields that `dataclasses.asdict` made of one; nothing in them is trusted.

        Raises:
            FirebrickError: naming file, field, value and rule.
        """
        columns, lanes = x.whole("columns", 1, MOST), x.whole("lanes", 0, MOST)

        def of_lanes(name: str, low: int, high: int) -> int:
            return x.whole(name, low, high) if lanes else x.whole(name, 0, 0)

        return cls(
            columns,
            lanes,
            drain=of_lanes("drain", 1, columns),
            gap_bits=of_lanes("gap_bits", 0, 7),
            queue_depth=of_lanes("queue_depth", 2, 1024),
            store_zeros=x.flag("store_zeros"),
            dual=x.flag("dual"),
            fabric=of_lanes("fabric", 0, columns),
            placement=Placement.read(x.inner("placement")),
            tight=x.flag("tight"),
        )
