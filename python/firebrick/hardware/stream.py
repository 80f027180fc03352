# SPDX-License-Identifier: Apache-2.0
"""The row stream: how a tensor travels between engines (NHCW order, several pixels a beat)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firebrick.hardware.tensor import IntArray, TensorType


@dataclass(frozen=True, slots=True)
class StreamType:
    """One row stream.

    Attributes:
        tensor: what is carried.
        columns: pixels a beat; pixel 0 in the low bits of `tdata`.
    """

    tensor: TensorType
    columns: int

    @property
    def segments(self) -> int:
        """Beats that one row of one channel takes; the last is padded."""
        return -(-self.tensor.width // self.columns)

    @property
    def row_beats(self) -> int:
        """Beats of one row of all channels."""
        return self.tensor.channels * self.segments

    @property
    def frame_beats(self) -> int:
        """Beats of one frame; `tlast` accompanies the last."""
        return self.tensor.height * self.row_beats

    @property
    def data_bits(self) -> int:
        """Width of `tdata`."""
        return self.columns * self.tensor.bits


def to_beats(
    tensor: IntArray, columns: int, order: Sequence[int] | None = None, padding: int = 0
) -> IntArray:
    """Lay a tensor out as beats.

    Args:
        tensor: values, shape (N, C, H, W).
        columns: pixels a beat.
        order: channel carried at each position of the stream; natural order if None.
        padding: value of the pixels beyond the row's end.

    Returns:
        Array of shape (beats, columns).
    """
    if order is not None:
        tensor = tensor[:, list(order)]
    tail = -tensor.shape[3] % columns
    padded = np.pad(tensor, ((0, 0), (0, 0), (0, 0), (0, tail)), constant_values=padding)
    return padded.transpose(0, 2, 1, 3).reshape(-1, columns)


def from_beats(beats: IntArray, kind: TensorType, order: Sequence[int] | None = None) -> IntArray:
    """Rebuild a tensor (N, C, H, W) from whole frames of beats (beats, columns)."""
    segments = -(-kind.width // beats.shape[1])
    rows = beats.reshape(-1, kind.height, kind.channels, segments * beats.shape[1])
    tensor = rows[..., : kind.width].transpose(0, 2, 1, 3)
    if order is None:
        return tensor
    natural = np.empty_like(tensor)
    natural[:, list(order)] = tensor
    return natural
