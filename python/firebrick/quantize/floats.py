# SPDX-License-Identifier: Apache-2.0
"""The float network, for calibration and for measuring quality."""

from __future__ import annotations

import numpy as np

from firebrick.ir.graph import FloatArray, Graph
from firebrick.quantize.forward import last_layer
from firebrick.quantize.ops import recipe_for


def run_float(graph: Graph, image: FloatArray) -> FloatArray:
    """Logits (N, classes) of preprocessed images (N, C, H, W)."""
    functions = ((x.name, x.inputs, recipe_for(x).real(x)) for x in graph.nodes)
    return np.asarray(last_layer(functions, image), np.float32).reshape(len(image), -1)
