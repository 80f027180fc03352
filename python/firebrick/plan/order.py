# SPDX-License-Identifier: Apache-2.0
"""In which order an engine computes its output channels.

Lanes work through a channel's weights at their own pace; queues decouple them. A lane that is far
ahead waits for the others, and the drain, which takes one channel's partial sums from all lanes at
a fixed pace, waits for whoever is last. So channels are ordered such that all lanes, and a
pseudo-lane that advances by the mean each time (the drain), keep abreast after every prefix.
"""

from __future__ import annotations

import numpy as np

from firebrick.hardware.tensor import IntArray


def balance_order(entries: IntArray) -> tuple[int, ...]:
    """Greedy order that keeps the running sums of all lanes and of their mean together.

    Each step takes the channel after which the squared distances between the lanes' sums are
    smallest. The distance after adding channel o to sums s is |s|^2 + 2 s.d_o + |d_o|^2 in
    centred coordinates: one matrix-vector product a step.

    Args:
        entries: cycles of each lane for each channel, shape (lanes, channels).

    Returns:
        Natural channel number at each position.
    """
    lanes, channels = entries.shape
    work = np.empty((channels, lanes + 1))
    work[:, :lanes] = entries.T
    work[:, lanes] = entries.sum() / entries.size
    work -= work.mean(1, keepdims=True)
    squares = np.einsum("ol,ol->o", work, work)
    left = np.arange(channels)
    state = np.zeros(lanes + 1)
    order: list[int] = []
    for size in range(channels, 0, -1):
        pick = int(np.argmin(squares[:size] + 2 * (work[:size] @ state)))
        order.append(int(left[pick]))
        state += work[pick]
        last = size - 1  # the last candidate takes the place of the one taken
        for array in (work, squares, left):
            array[pick] = array[last]
    return tuple(order)
