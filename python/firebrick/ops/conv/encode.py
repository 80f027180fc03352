# SPDX-License-Identifier: Apache-2.0
"""How the lanes of a `conv` engine store their weights.

Every weight is owned by one lane. Each tap (input channel, kernel row, tap) of which a lane owns
weights of some output channel has a *position* in the lane; two lanes may share a tap. Per output
channel a lane stores an entry ``{gap, code}`` for every weight it keeps, in order of position; the
gap counts the positions skipped since the entry before, or since the start of the channel. Gaps too
long for their field are bridged by fillers, entries with code 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from firebrick.hardware.tensor import IntArray
from firebrick.ops.base import Order
from firebrick.ops.conv.folding import check
from firebrick.ops.conv.lanes import assign
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding


@dataclass(frozen=True, slots=True, eq=False)
class LaneCode:
    """What one lane stores.

    Attributes:
        channels: natural input channels whose rows the lane keeps, in the order of its bank.
        positions: (positions, 3): input channel, kernel row and tap of each position.
        lengths: (out_channels,): entries of each output channel in stream order, at least 1.
        gaps: (entries,): positions skipped before each entry.
        codes: (entries,): code of each entry; 0 in fillers.
    """

    channels: tuple[int, ...]
    positions: IntArray
    lengths: IntArray
    gaps: IntArray
    codes: IntArray


def kept_weights(operator: Conv, store_zeros: bool) -> NDArray[np.bool_]:
    """Tell which weights get an entry, shape (O, I, kernel, kernel).

    Args:
        operator: the convolution.
        store_zeros: keep pruned weights too, except where a tap of an output channel is zero for
            all input channels: such zeros are structure (an expand1x1 inside a 3x3), not pruning.
    """
    nonzero: NDArray[np.bool_] = operator.weights != 0
    if not store_zeros:
        return nonzero
    return np.broadcast_to(nonzero.any(axis=1, keepdims=True), nonzero.shape)


def lane_positions(owned: NDArray[np.bool_]) -> IntArray:
    """List the taps of a lane, shape (positions, 3): input channel, kernel row, tap.

    The centre taps come first, so that an output channel that uses no others (expand1x1) needs no
    long gaps. Taps that the lane shares with others come last in either part, for the same reason.

    Args:
        owned: weights of the lane, shape (O, I, kernel, kernel).
    """
    uses = owned.sum(0)
    taps = np.argwhere(uses)
    centre = uses.shape[1] // 2
    outer = np.any(taps[:, 1:] != centre, axis=1)
    whole = uses.max(axis=(1, 2))[taps[:, 0]]
    order = np.lexsort((taps[:, 2], taps[:, 1], taps[:, 0], -whole, outer))
    return np.asarray(taps[order], np.int64)


def encode_lane(
    operator: Conv,
    owned: NDArray[np.bool_],
    out_order: Sequence[int],
    gap_bits: int,
) -> LaneCode:
    """Encode the weights of one lane.

    Args:
        operator: the convolution.
        owned: weights that get an entry in this lane, shape (O, I, kernel, kernel).
        out_order: natural output channel at each stream position.
        gap_bits: bits of a gap; with 0 every position up to a channel's last weight is stored.
    """
    order = list(out_order)
    positions = lane_positions(owned)
    row, position, fillers, gap = _spaced(owned[order], positions, gap_bits)
    code = operator.codes[order][(slice(None), *positions.T)][row, position].astype(np.int64)

    lengths = _lengths(row, fillers, len(order))
    empty = np.setdiff1d(np.arange(len(order)), row)
    before = np.searchsorted(row, empty)
    fillers, gap, code = (np.insert(field, before, 0) for field in (fillers, gap, code))

    ends = np.cumsum(fillers + 1) - 1
    gaps = np.full(int(lengths.sum()), (1 << gap_bits) - 1, dtype=np.int64)
    codes = np.zeros_like(gaps)
    gaps[ends], codes[ends] = gap, code
    channels = tuple(int(x) for x in np.unique(positions[:, 0]))
    return LaneCode(channels, positions, lengths, gaps, codes)


@dataclass(frozen=True, eq=False)
class Deal:
    """Weights dealt to lanes; what each lane stores follows, but for the order of its channels.

    Attributes:
        operator: the convolution.
        owner: (O, I, kernel, kernel): the lane that takes each weight, natural channels.
        lanes: how many there are.
        gap_bits: bits of a gap.
        store_zeros: zeros are stored too.
    """

    operator: Conv
    owner: IntArray
    lanes: int
    gap_bits: int
    store_zeros: bool

    @staticmethod
    def key(folding: Folding) -> tuple[int, int, bool]:
        """What a deal depends on; columns and memories make no difference."""
        return folding.lanes, folding.gap_bits, folding.store_zeros

    def __post_init__(self) -> None:
        """Check the owners.

        Raises:
            FirebrickError: one is none of the lanes.
        """
        lanes = self.lanes
        self.operator.require(
            self.owner.shape == self.operator.codes.shape
            and bool(np.all((self.owner >= 0) & (self.owner < lanes))),
            "owner",
            self.owner.shape,
            f"does not name one of {lanes} lanes for each weight",
        )

    @classmethod
    def of(cls, operator: Conv, folding: Folding, owner: IntArray | None = None) -> Deal:
        """Deal the weights, see `lanes.assign`, unless their owners are known.

        Raises:
            FirebrickError: the folding does not suit, or an owner is none of its lanes.
        """
        check(operator, folding)
        if owner is None:
            owner = assign(kept_weights(operator, folding.store_zeros), folding.lanes)
        return cls(operator, owner, folding.lanes, folding.gap_bits, folding.store_zeros)

    @cached_property
    def positions(self) -> tuple[IntArray, ...]:
        """Of each lane, see `lane_positions`."""
        return tuple(lane_positions(x) for x in self._owned())

    @cached_property
    def lengths(self) -> IntArray:
        """Entries of each lane for each output channel, shape (lanes, out_channels)."""
        found = []
        for owned, positions in zip(self._owned(), self.positions, strict=True):
            row, _, fillers, _ = _spaced(owned, positions, self.gap_bits)
            found.append(_lengths(row, fillers, len(owned)))
        return np.stack(found)

    @cached_property
    def kept_channels(self) -> tuple[int, ...]:
        """Number of input channels whose rows each lane keeps."""
        return tuple(len(np.unique(x[:, 0])) for x in self.positions)

    def encode(self, out_order: Order) -> tuple[LaneCode, ...]:
        """What each lane stores.

        Args:
            out_order: natural output channel at each stream position.
        """
        return tuple(encode_lane(self.operator, x, out_order, self.gap_bits) for x in self._owned())

    def _owned(self) -> Iterator[NDArray[np.bool_]]:
        """Weights that get an entry in each lane."""
        kept = kept_weights(self.operator, self.store_zeros)
        return (kept & (self.owner == lane) for lane in range(self.lanes))


def _spaced(
    owned: NDArray[np.bool_], positions: IntArray, gap_bits: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Channel and position of each weight, channel by channel, fillers before it, and its gap."""
    row, position = np.nonzero(owned[(slice(None), *positions.T)])
    gap = np.diff(position, prepend=-1) - 1
    start = np.diff(row, prepend=-1) != 0
    gap[start] = position[start]
    reach = 1 << gap_bits  # positions that a filler moves on
    fillers, gap = np.divmod(gap, reach)
    return row, position, fillers, gap


def _lengths(row: IntArray, fillers: IntArray, channels: int) -> IntArray:
    """Entries of each channel.

    A channel without weights is one filler: its (empty) sum still has to enter the queue.
    """
    lengths = np.bincount(row, weights=fillers + 1, minlength=channels)
    return np.maximum(lengths.astype(np.int64), 1)
