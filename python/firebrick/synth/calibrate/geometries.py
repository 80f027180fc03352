# SPDX-License-Identifier: Apache-2.0
"""Convolution engines to calibrate the area model with: of all shapes, with random weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.tensor import TensorType
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.folding import fewest_columns, may_share_slices
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding, Placement

LUT, BLOCK, ULTRA = MemoryKind
SHAPES = (
    # kernel, stride, pad, input channels, output channels, side of the input
    (1, 1, 0, 64, 16, 55),
    (1, 1, 0, 128, 32, 28),
    (1, 1, 0, 256, 64, 14),
    (1, 1, 0, 512, 100, 14),
    (1, 1, 0, 48, 7, 9),
    (3, 1, 1, 16, 128, 56),
    (3, 1, 1, 32, 256, 28),
    (3, 1, 1, 48, 384, 14),
    (3, 1, 1, 64, 64, 13),
    (3, 1, 1, 6, 12, 7),
    (3, 2, 0, 3, 64, 113),
    (7, 2, 0, 3, 96, 113),
    (5, 1, 2, 8, 24, 20),
)
"""Layers of convolutional networks, and some unlike them."""


def draw_engines(seed: int, *, ultra: bool, planned: bool = False) -> Iterator[ConvEngine]:
    """Engines without end, the same for the same seed.

    Args:
        seed: of everything random.
        ultra: some have memories of UltraRAM.
        planned: multipliers as plans mostly have them: none in LUTs, columns share slices.
    """
    rng = np.random.default_rng(seed)
    while True:
        operator = _operator(rng)
        segments = int(rng.choice([1, 2, 3, 4, 8]))
        columns = max(-(-operator.output.width // segments), fewest_columns(operator))
        columns = min(columns, 57)
        most = min(40, operator.weights[0].size, max(2, 160 // columns))
        lanes = int(np.clip(np.exp(rng.uniform(0, np.log(most + 1))), 1, most))
        groups = int(rng.choice([1, 2, 4, 8, 16, 57]))
        kinds = [LUT, BLOCK, BLOCK, ULTRA] if ultra else [LUT, BLOCK, BLOCK]
        folding = Folding(
            columns,
            lanes,
            drain=-(-columns // groups),
            gap_bits=int(rng.integers(1, 5)),
            queue_depth=int(rng.choice([8, 16, 32, 32, 64])),
            dual=bool((rng.random() < 0.5 or planned) and may_share_slices(operator)),
            fabric=int(rng.integers(0, columns + 1)) if rng.random() < 0.4 and not planned else 0,
            placement=Placement(
                MemoryKind(rng.choice(kinds)),
                MemoryKind(rng.choice([LUT, LUT, BLOCK])),
                MemoryKind(rng.choice([LUT, BLOCK])),
                MemoryKind(rng.choice(kinds)),
            ),
        )
        yield ConvEngine.of(operator, folding, tuple(range(operator.input.channels)))


def _operator(rng: np.random.Generator) -> Conv:
    """A layer whose weights look trained: values near zero are the most frequent."""
    kernel, stride, pad, inputs, outputs, side = SHAPES[rng.integers(len(SHAPES))]
    shape = (outputs, inputs, kernel, kernel)
    code_bits = int(rng.choice([4, 6, 6, 8]))
    size = 1 << code_bits
    values = np.clip(np.round(rng.normal(0, 40, size)), -127, 127).astype(np.int64)
    values[0] = 0
    values[1:][values[1:] == 0] = 1
    kept = rng.random(shape) < rng.uniform(0.15, 0.5)
    kept.reshape(outputs, -1)[:, 0] = True
    nearest = np.clip(np.abs(rng.normal(0, size / 3, shape)), 1, size - 1).astype(np.uint8)
    output = (side + 2 * pad - kernel) // stride + 1
    return Conv(
        "layer",
        TensorType(inputs, side, side, signed=bool(rng.random() < 0.1)),
        TensorType(outputs, output, output, signed=bool(rng.random() < 0.1)),
        kernel,
        stride,
        pad,
        (nearest * kept).astype(np.uint8),
        values,
        code_bits,
        8,
        rng.integers(-(1 << 15), 1 << 15, outputs),
        rng.integers(1 << 13, 1 << 16, outputs),
        int(rng.integers(18, 30)),
    )
