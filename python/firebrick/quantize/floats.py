# SPDX-License-Identifier: Apache-2.0
"""The float network, for calibration and for measuring quality."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from firebrick.ir.graph import FloatArray, Graph
from firebrick.quantize.forward import Function, last_layer
from firebrick.quantize.ops import recipe_for


def float_functions(graph: Graph) -> Iterator[Function]:
    """Layers as they are computed in floats."""
    return ((x.name, x.inputs, recipe_for(x).real(x)) for x in graph.nodes)


def run_float(graph: Graph, image: FloatArray) -> FloatArray:
    """Logits (N, classes) of preprocessed images (N, C, H, W)."""
    return np.asarray(last_layer(float_functions(graph), image), np.float32).reshape(len(image), -1)
