# SPDX-License-Identifier: Apache-2.0
"""How large the values of the float network's channels are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firebrick.images import PixelArray
from firebrick.ir.graph import FloatArray, Graph
from firebrick.quantize.floats import float_functions
from firebrick.quantize.forward import run_layers

Vector = NDArray[np.float64]

LARGEST_VALUE = 2.0**40
"""Of a layer: sums of thousands of squares of such values stay far within float32."""


def channel_ranges(graph: Graph, images: FloatArray | PixelArray) -> dict[str, Vector]:
    """Per layer and channel, the largest magnitude of an image, averaged over images.

    Args:
        graph: prepared graph.
        images: preprocessed images (N, C, H, W).

    Raises:
        FirebrickError: a layer's output is too large to calculate with; naming it and the value.
    """
    totals: dict[str, Vector] = {}
    functions = list(float_functions(graph))
    nodes = {x.name: x for x in graph.nodes}
    for index in range(len(images)):
        image = images[index : index + 1].astype(np.float32)
        for name, y in run_layers(functions, image):
            largest = np.maximum(y.max((0, 2, 3)), -y.min((0, 2, 3))).astype(np.float64)
            peak = float(largest.max())
            rule = f"exceeds {LARGEST_VALUE:.3g} on a photograph: its weights or bias are too large"
            nodes[name].require(peak <= LARGEST_VALUE, "output", f"{peak:.3g}", rule)
            totals[name] = totals.get(name, np.zeros(1)) + largest
    return {name: total / len(images) for name, total in totals.items()}
