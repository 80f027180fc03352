# SPDX-License-Identifier: Apache-2.0
"""Lanes and columns of every convolution engine: the slowest as fast as the multipliers allow.

An engine's cycles a frame are close to `rows * (segments * heaviest lane + overhead)`. For a target
T each engine's cheapest folding that meets it is found among all useful numbers of columns (the
fewest for each number of segments) and of lanes; bisection finds the least T whose foldings stay
within the count. What the estimate leaves out (queues, drain, fillers at lane borders) the exact
timing of the chosen engines corrects afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from firebrick.errors import CheckFailed
from firebrick.ir.network import Network
from firebrick.ops.base import IntArray
from firebrick.ops.conv import Conv
from firebrick.ops.conv_encode import kept_weights, lane_positions
from firebrick.ops.conv_engine import fewest_columns
from firebrick.plan.engines import ConvChoice, Derived, derive
from firebrick.plan.lanes import assign
from firebrick.progress import Progress

ROW_OVERHEAD = 12
"""Cycles a row that do not depend on its weights."""
DRAIN_SHARE = 0.88
"""Most of a row that the drain may be busy: it must catch up after a run of short channels."""
INPUT_SHARE = 0.9
"""Most of a frame that an engine may be busy taking its input."""
FOREVER = 1e15
"""More cycles a frame than any folding takes."""
GAP_BITS = range(8)
LANE_PRICES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.1, 0.0)
"""What a further lane may cost, in multipliers: few lanes need less logic and simulate faster."""
PRICE_LOSS = 1.02
"""Cycles that preferring few lanes may cost."""
MEMORY_PRICE = 0.3
"""What a kilobyte of weight memory costs, in multipliers."""
LENGTH_BITS = 6
"""Typical width of a length table."""
PLACE_BITS = 10
"""Typical width of a lane's field in the channel table."""
TRUST = 1.002
"""Exact over estimated cycles that needs no correction."""
ROUNDS = 10
"""Corrections of the estimate by exact timing, at most."""


@dataclass(slots=True)
class Work:
    """What the search must know of one convolution.

    Attributes:
        operator: the layer.
        store_zeros: zeros are stored and multiplied like other weights.
        counts: weights to work through, (output channels, input channels, kernel rows).
        growth: per number of gap bits, entries over weights (fillers included).
        loads: the same for all output channels, (input channels, kernel rows).
        heaviest: entries of the heaviest lane by number of lanes, as far as known.
        measured: exact over estimated cycles by (lanes, columns), where it was looked at.
    """

    operator: Conv
    store_zeros: bool
    counts: IntArray
    growth: Sequence[float]
    loads: IntArray = field(init=False)
    heaviest: dict[int, int] = field(default_factory=dict)
    measured: dict[tuple[int, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sum over output channels."""
        self.loads = self.counts.sum(0)

    @classmethod
    def of(cls, operator: Conv, store_zeros: bool) -> Work:
        """Measure a layer."""
        stored = kept_weights(operator, store_zeros)
        counts = stored.sum(3, dtype=np.int64)
        pairs = [(i, k) for i in range(counts.shape[1]) for k in range(counts.shape[2])]
        flat = stored[(slice(None), *lane_positions(pairs, operator.kernel).T)]
        output, position = np.nonzero(flat)
        gaps = np.diff(position, prepend=-1) - 1
        start = np.diff(output, prepend=-1) != 0
        gaps[start] = position[start]
        total = max(1, int(counts.sum()))
        growth = [1 + float((gaps >> g).sum()) / total for g in GAP_BITS]
        return cls(operator, store_zeros, counts, growth)

    @property
    def gaps(self) -> list[int]:
        """Gap bits worth trying: from the fewest bytes to the fewest entries."""
        if self.store_zeros:
            return [0]  # there are no gaps
        thrifty = min(GAP_BITS, key=self.kilobytes)
        fastest = min(self.growth) + 0.001
        wide = next(g for g in GAP_BITS if self.growth[g] <= fastest)
        return list(range(min(thrifty, wide), max(thrifty, wide) + 1))

    def lane_load(self, lanes: int) -> int:
        """Entries of the heaviest lane without fillers; a channel takes at least one."""
        if lanes not in self.heaviest:
            slices = assign(self.loads, lanes)
            self.heaviest[lanes] = max(
                int(np.maximum(1, sum(self.counts[:, i, k] for i, k in lane)).sum())
                for lane in slices
            )
        return self.heaviest[lanes]

    def row_cycles(self, lanes: int, columns: int, gap: int) -> float:
        """Estimated cycles of one output row."""
        segments = -(-self.operator.output.width // columns)
        cycles = segments * self.lane_load(lanes) * self.growth[gap] + ROW_OVERHEAD
        return cycles * self.measured.get((lanes, columns), 1.0)

    def frame_cycles(self, choice: ConvChoice) -> float:
        """Estimated cycles of a frame."""
        row = self.row_cycles(choice.lanes, choice.columns, choice.gap_bits)
        return self.operator.output.height * row

    def kilobytes(self, gap: int) -> float:
        """Memory that codes and gaps take."""
        entries = float(self.loads.sum()) * self.growth[gap]
        return entries * (self.operator.code_bits + gap) / 8000

    @property
    def lane_kilobytes(self) -> float:
        """Memory that a further lane takes: its length table, its column of the channel table."""
        operator = self.operator
        return (
            operator.output.channels * LENGTH_BITS + operator.input.channels * PLACE_BITS
        ) / 8000

    def choose(self, target: float, lane_price: float) -> ConvChoice | None:
        """Cheapest folding that meets `target` cycles a frame; None if there is none."""
        operator = self.operator
        best: tuple[float, int, int, int] | None = None
        budget = target / operator.output.height  # cycles a row
        lane_price += MEMORY_PRICE * self.lane_kilobytes
        if budget <= ROW_OVERHEAD:
            return None
        for segments, columns in self.foldings():
            if (
                operator.output.channels * segments > DRAIN_SHARE * budget
                or operator.input.height * self.input_beats(columns) > INPUT_SHARE * target
            ):
                continue
            for gap in self.gaps:
                total = float(self.loads.sum()) * self.growth[gap]
                lanes = max(1, int(np.ceil(segments * total / (budget - ROW_OVERHEAD))))
                memory = MEMORY_PRICE * self.kilobytes(gap)
                while lanes <= self.loads.size:
                    cost = lanes * columns + lane_price * (lanes - 1) + memory
                    if best is not None and cost >= best[0]:
                        break
                    if self.row_cycles(lanes, columns, gap) <= budget:
                        best = (cost, lanes, columns, gap)
                        break
                    lanes += 1
        if best is None:
            return None
        _, lanes, columns, gap = best
        drain = self.drain(columns, budget)
        return ConvChoice(lanes, columns, drain, gap, store_zeros=self.store_zeros)

    def foldings(self) -> list[tuple[int, int]]:
        """(segments, columns) worth trying: the fewest columns for each number of segments.

        A kernel about as wide as the image needs more columns than there are output pixels.
        """
        width, least = self.operator.output.width, fewest_columns(self.operator)
        found = {-(-width // c): c for c in range(max(width, least), least - 1, -1)}
        return list(found.items())

    def input_beats(self, columns: int) -> int:
        """Cycles in which a row of all channels arrives."""
        kind, out = self.operator.input, self.operator.output
        beats = -(-kind.width // (columns * self.operator.stride))
        return kind.channels * max(beats, -(-out.width // columns)) + 1

    def drain(self, columns: int, budget: float) -> int:
        """Fewest requantizers that keep pace."""
        outputs = self.operator.output.channels * -(-self.operator.output.width // columns)
        groups = max(1, int(DRAIN_SHARE * budget / outputs))
        return -(-columns // groups)


def works(network: Network, store_zeros: bool) -> dict[str, Work]:
    """The convolutions of a network."""
    return {
        x.name: Work.of(x.operator, store_zeros) for x in network if isinstance(x.operator, Conv)
    }


def search(
    layers: Mapping[str, Work], multipliers: int, lane_price: float
) -> tuple[float, dict[str, ConvChoice]]:
    """Least target that the multipliers allow, by bisection, and the foldings that meet it.

    Raises:
        CheckFailed: fewer multipliers than the engines need.
    """

    def attempt(target: float) -> dict[str, ConvChoice] | None:
        chosen: dict[str, ConvChoice] = {}
        used = 0
        for name, work in layers.items():
            choice = work.choose(target, lane_price)
            if choice is None:
                return None
            chosen[name] = choice
            used += choice.multipliers
            if used > multipliers:
                return None
        return chosen

    def macs(work: Work) -> float:
        shape = work.operator.output
        return float(work.loads.sum()) * shape.height * shape.width

    least = [x.choose(FOREVER, 0.0) for x in layers.values()]
    fewest = sum(x.multipliers for x in least if x)
    if fewest > multipliers:
        raise CheckFailed(
            f"plan: multipliers={multipliers} is less than {fewest}, the fewest with which "
            f"{len(layers)} engines work"
        )
    low = max(1.0, sum(map(macs, layers.values())) / multipliers)
    high = 1.2 * low
    found = attempt(high)
    while found is None:
        high *= 1.5
        found = attempt(high)
    while high - low > 2e-4 * high:
        middle = (low + high) / 2
        result = attempt(middle)
        if result is None:
            low = middle
        else:
            high, found = middle, result
    return high, found


def few_lanes(layers: Mapping[str, Work], multipliers: int) -> tuple[float, dict[str, ConvChoice]]:
    """Foldings of the fastest plan, with as few lanes as cost next to nothing."""
    fastest, found = search(layers, multipliers, 0.0)
    for price in LANE_PRICES[:-1]:
        target, chosen = search(layers, multipliers, price)
        if target <= PRICE_LOSS * fastest:
            return target, chosen
    return fastest, found


def balance(
    network: Network,
    multipliers: int,
    *,
    store_zeros: bool = False,
    progress: Progress | None = None,
) -> tuple[dict[str, ConvChoice], Derived]:
    """Choose the folding of every convolution.

    Args:
        network: quantized network.
        multipliers: at most so many are used.
        store_zeros: store and multiply zeros too (for comparison).
        progress: told how far the search is.

    Returns:
        The foldings, and the engines that follow from them.

    Raises:
        CheckFailed: too few multipliers.
    """
    layers = works(network, store_zeros)
    found: list[tuple[int, dict[str, ConvChoice], Derived]] = []
    for attempt in range(ROUNDS):
        if progress:
            progress("balancing", attempt / ROUNDS)
        target, choices = few_lanes(layers, multipliers)
        derived = derive(network, choices)
        exact = {n: sum(x.timing().cycles) for n, x in derived.engines.items()}
        slowest = max(exact.values())
        found.append((slowest, choices, derived))
        if slowest <= TRUST * target:
            break
        for name, choice in choices.items():
            work, folding = layers[name], (choice.lanes, choice.columns)
            ratio = exact[name] / work.frame_cycles(choice)
            work.measured[folding] = work.measured.get(folding, 1.0) * ratio
    if progress:
        progress("balancing", 1.0)
    _, choices, derived = min(found, key=lambda x: x[0])
    return choices, derived
