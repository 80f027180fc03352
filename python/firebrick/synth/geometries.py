# SPDX-License-Identifier: Apache-2.0
"""Convolution engines to calibrate the area model with: of all shapes, with random weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from firebrick.hardware.memory import Memory, MemoryKind, image, rom
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


POOL = {"kernel": 3, "stride": 2, "bits": 8, "signed": 0, "memory_kind": 0}
SIDES = {113: 56, 55: 27, 28: 14, 13: 6}
"""Output side of a 3x3 pooling, step 2, by input side."""
SHAPE = {"channels": 64, "height": 55, "width": 55, "bits": 8}
SHELL = {"channels": 3, "height": 227, "width": 227, "classes": 1000, "logit_bits": 17}
ADD = {"left_signed": 0, "right_signed": 0, "left_bits": 8, "right_bits": 8, "out_signed": 0}

STREAM_MODULES: tuple[tuple[str, dict[str, int]], ...] = (
    *(
        ("fifo", {"width": width, "depth": depth, "kind": kind})
        for width, depth, kind in (
            *((9, 144, 0), (113, 40, 0), (57, 1000, 1), (33, 24, 0), (225, 3000, 1), (17, 5, 0)),
        )
    ),
    *(("skid", {"width": width}) for width in (9, 57, 225)),
    *(("broadcast", {"width": w, "copies": n}) for w, n in ((8, 2), (112, 2), (40, 3), (224, 5))),
    *(
        ("load_gate", {"words": words, "stages": stages, "width": 64})
        for words, stages in ((40, 3), (5000, 20), (300, 2))
    ),
    *(
        (
            "maxpool",
            POOL
            | {"channels": channels, "in_height": side, "in_width": side, "columns": columns}
            | {"out_height": SIDES[side], "out_width": SIDES[side]},
        )
        for channels, side, columns in (
            *((64, 113, 56), (64, 113, 14), (128, 55, 7), (256, 28, 2), (96, 55, 1), (6, 13, 3)),
        )
    ),
    *(
        ("regroup", SHAPE | {"in_columns": before, "out_columns": after})
        for before, after in (
            *((4, 2), (2, 14), (28, 14), (14, 7), (16, 57), (57, 16), (1, 8), (5, 3), (11, 28)),
            *((28, 55), (7, 6), (19, 1), (1, 55), (1, 28), (2, 55), (28, 4), (56, 8), (14, 4)),
        )
    ),
    *(
        (
            "image",
            {"channels": 3, "height": 227, "width": 227, "bits": 8, "memory_kind": 0}
            | {"pixels": pixels, "columns": columns},
        )
        for pixels, columns in (
            *((8, 8), (1, 4), (16, 114), (8, 38), (4, 3), (12, 57), (1, 112), (1, 28), (2, 56)),
        )
    ),
    *(
        (
            "add",
            ADD
            | {"channels": 64, "height": 55, "width": 55}
            | {"columns": columns, "out_bits": 8, "multiplier0": 20000, "multiplier1": 31111}
            | {"shift": shift},
        )
        for columns, shift in ((1, 16), (4, 15), (14, 16), (28, 20), (7, 18))
    ),
    *(
        (
            "avgpool",
            {"channels": channels, "height": side, "width": side, "columns": columns, "bits": 8}
            | {"signed": 0, "sum_bits": 8 + (side * side).bit_length(), "memory_kind": kind},
        )
        for channels, side, columns, kind in (
            *((1000, 14, 14, 1), (1000, 13, 2, 1), (10, 6, 2, 0), (100, 8, 4, 0), (7, 5, 5, 0)),
        )
    ),
    *(
        (
            "shell",
            SHELL | {"data_bits": bits, "pixels": pixels, "read_depth": depth, "load_words": words},
        )
        for bits, pixels, depth, words in (
            *((32, 1, 32, 0), (32, 8, 64, 0), (64, 2, 32, 5000), (64, 8, 64, 100_000)),
            *((128, 16, 64, 0), (128, 4, 256, 300), (256, 16, 128, 0)),
        )
    ),
)
"""Modules around convolutions, with their parameters."""


def random_tables(
    module: str, parameters: Mapping[str, int], rng: np.random.Generator
) -> dict[str, Memory]:
    """Contents of a module's read-only memories, by file suffix; mostly none."""
    if module != "avgpool":
        return {}
    width = (parameters["channels"] - 1).bit_length() + parameters["sum_bits"]
    table = image(width, rng.integers(1 << width, size=parameters["channels"]).tolist())
    return rom("channels", table, MemoryKind(parameters["memory_kind"]))
