# SPDX-License-Identifier: Apache-2.0
"""What the search must know of a convolution: how long a folding takes, without making its engine.

An engine's cycles a frame are close to `rows * (segments * heaviest lane + overhead)`. What that
leaves out (fillers at lane borders, queues, drain) is measured on the engines of the plans that the
search proposes, and corrects the estimate of foldings like them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from firebrick.hardware.tensor import IntArray
from firebrick.hardware.timing import Role
from firebrick.ir.network import Network
from firebrick.ops import layer_engine
from firebrick.ops.conv.encode import kept_weights, lane_positions
from firebrick.ops.conv.folding import fewest_columns
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding

ROW_OVERHEAD = 3
"""Cycles a row that do not depend on its weights."""
DRAIN_SHARE = 0.88
"""Most of a row that the drain may be busy: it must catch up after a run of short channels."""
INPUT_SHARE = 0.9
"""Most of a frame that an engine may be busy taking its input."""
GAP_BITS = range(8)
LANE_LOSS = 1.003
"""Typical entries of the heaviest lane over the mean."""


@dataclass(slots=True)
class Work:
    """One convolution.

    Attributes:
        operator: the layer.
        store_zeros: zeros are stored and multiplied like other weights.
        weights: to work through, per output channel.
        growth: per number of gap bits, entries over weights (fillers included).
        skipped: per number of gap bits, fillers of a lane for an output channel, about, that other
            lanes' weights cause: a lane begins anywhere in a channel that it shares, so it skips up
            to a kernel of taps.
        positions: taps that some output channel uses.
        most_lanes: lanes beyond which there is nothing to share out.
        pace: rows a frame of the tensor in front of the pools before it, if any: a pool gives its
            rows while it takes single ones, so each has to leave in that time.
        tight: hold only the rows of a window, see `Folding`.
        share: of a frame's cycles that it may be at work: less than 1 where it and its neighbours
            take turns.
        measured: exact over estimated cycles by gap bits and lanes, where it was looked at.
        loaded: loads of the heaviest lane, by lanes and gap bits, so far; targets ask again.
    """

    operator: Conv
    store_zeros: bool
    weights: IntArray
    growth: Sequence[float]
    skipped: Sequence[float]
    positions: int
    most_lanes: int
    pace: int
    tight: bool = False
    share: float = 1.0
    measured: dict[int, dict[int, float]] = field(default_factory=dict)
    loaded: dict[tuple[int, int], float] = field(default_factory=dict)

    @classmethod
    def of(cls, operator: Conv, store_zeros: bool, pace: int) -> Work:
        """Measure a layer."""
        kept = kept_weights(operator, store_zeros)
        places = lane_positions(kept)
        output, position = np.nonzero(kept[(slice(None), *places.T)])
        gaps = np.diff(position, prepend=-1) - 1
        start = np.diff(output, prepend=-1) != 0
        gaps[start] = position[start]
        weights = kept.sum((1, 2, 3), dtype=np.int64)
        total = max(1, int(weights.sum()))
        growth = [1 + float((gaps >> g).sum()) / total for g in GAP_BITS]
        taps = operator.kernel**2
        return cls(
            operator,
            store_zeros,
            weights,
            growth,
            [sum(x >> g for x in range(taps)) / taps for g in GAP_BITS],
            positions=max(1, len(places)),
            most_lanes=kept[0].size,
            pace=pace,
        )

    @property
    def loads(self) -> float:
        """Multiplications of a frame."""
        shape = self.operator.output
        return float(self.weights.sum()) * shape.height * shape.width

    @property
    def gaps(self) -> list[int]:
        """Gap bits worth trying: from the fewest bytes to the fewest entries."""
        if self.store_zeros:
            return [0]  # there are no gaps
        thrifty = min(GAP_BITS, key=self.stored_bits)
        fastest = min(self.growth) + 0.001
        taps = min((self.operator.kernel**2 - 1).bit_length(), GAP_BITS[-1])
        wide = max(taps, next(g for g in GAP_BITS if self.growth[g] <= fastest))
        return list(range(min(thrifty, wide), max(thrifty, wide) + 1))

    def stored_bits(self, gap: int) -> float:
        """Bits that codes and gaps take."""
        return float(self.weights.sum()) * self.growth[gap] * (self.operator.code_bits + gap)

    def lane_load(self, lanes: int, gap: int) -> float:
        """Entries of the heaviest lane, about; every lane has one for each output channel."""
        if (lanes, gap) not in self.loaded:
            load = float(self.weights.sum()) * self.growth[gap]
            if lanes > 1:
                each = np.maximum(self.weights * self.growth[gap] / lanes + self.skipped[gap], 1.0)
                load = float(each.sum()) * LANE_LOSS
            self.loaded[lanes, gap] = load
        return self.loaded[lanes, gap]

    def row_cycles(self, lanes: int, columns: int, gap: int) -> float:
        """Estimated cycles of one output row."""
        entries = self.segments(columns) * self.lane_load(lanes, gap)
        return entries * self._loss(lanes, gap) + ROW_OVERHEAD

    def frame_cycles(self, lanes: int, columns: int, gap: int) -> float:
        """Estimated cycles of a frame."""
        return self.operator.output.height * self.row_cycles(lanes, columns, gap)

    def fewest_lanes(self, columns: int, gap: int, target: float) -> int | None:
        """Fewest lanes with which a frame takes at most `target` cycles; None if none do."""
        row = target / self.operator.output.height - ROW_OVERHEAD
        if row <= 0:
            return None
        total = float(self.weights.sum()) * self.growth[gap]
        lanes = max(1, int(self.segments(columns) * total / row * 0.97))
        while lanes <= self.most_lanes:
            if self.frame_cycles(lanes, columns, gap) <= target:
                return lanes
            lanes += 1
        return None

    def _loss(self, lanes: int, gap: int) -> float:
        """Exact over estimated cycles, from the nearest number of lanes that was looked at."""
        known = self.measured.get(gap)
        if not known:
            return 1.0
        nearest = min(known, key=lambda x: (abs(x - lanes) / x, x))
        # One lane has no borders and no skew: it says nothing of several.
        return 1.0 if nearest == 1 and lanes > 1 else known[nearest]

    def folded_cycles(self, folding: Folding) -> float:
        """Estimated cycles of a frame."""
        return self.frame_cycles(folding.lanes, folding.columns, folding.gap_bits)

    def learn(self, folding: Folding, exact: int) -> None:
        """Correct the estimate by the exact cycles of a folding."""
        ratio = exact / self.folded_cycles(folding)
        lanes, gap = folding.lanes, folding.gap_bits
        self.measured.setdefault(gap, {})[lanes] = self._loss(lanes, gap) * ratio

    def segments(self, columns: int) -> int:
        """Beats of an output row of a channel."""
        return -(-self.operator.output.width // columns)

    def columns(self) -> list[int]:
        """Columns worth trying: the fewest for each number of segments.

        A kernel about as wide as the image needs more columns than there are output pixels.
        """
        width, least = self.operator.output.width, fewest_columns(self.operator)
        found = {-(-width // c): c for c in range(max(width, least), least - 1, -1)}
        return sorted(found.values())

    def input_beats(self, columns: int) -> int:
        """Cycles in which a row of all channels arrives."""
        kind = self.operator.input
        beats = -(-kind.width // (columns * self.operator.stride))
        return kind.channels * max(beats, self.segments(columns)) + 1

    def keeps_pace(self, columns: int, target: float) -> bool:
        """Whether input and output, a beat a cycle, leave time to spare."""
        shape = self.operator.output
        out = shape.channels * self.segments(columns) * shape.height
        return (
            out <= DRAIN_SHARE * target
            and self.pace * self.input_beats(columns) <= INPUT_SHARE * target
        )

    def drain(self, columns: int, target: float) -> int:
        """Fewest requantizers that keep pace."""
        shape = self.operator.output
        outputs = shape.channels * self.segments(columns) * shape.height
        groups = max(1, int(DRAIN_SHARE * target / outputs))
        return -(-columns // min(groups, columns))


def works(network: Network, store_zeros: bool) -> dict[str, Work]:
    """The convolutions of a network."""
    layers = {x.name: x for x in network}
    found = {}
    for layer, operator in network.each(Conv):
        pace, source = operator.input.height, layers.get(layer.inputs[0])
        while source and layer_engine(source.operator).ROLE is Role.STREAM:
            pace = max(pace, source.operator.inputs[0].height)
            source = layers.get(source.inputs[0])
        found[layer.name] = Work.of(operator, store_zeros, pace)
    return found
