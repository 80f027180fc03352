# SPDX-License-Identifier: Apache-2.0
"""The integer ONNX model in onnxruntime: a second opinion from code that nobody here wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray
from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.onnx_runtime import onnxruntime
from firebrick.quantize.integer_onnx.export import to_model
from firebrick.quantize.integer_onnx.load import read
from firebrick.quantize.integer_onnx.storage import storages


def run(network: Network | Path, pixels: PixelArray, optimize: bool = True) -> dict[str, IntArray]:
    """Every layer's integers.

    Args:
        network: or the file that holds it.
        pixels: uint8 (N, C, H, W), as in `Job`.
        optimize: let onnxruntime rewrite the graph as it does by default.

    Returns:
        Output of each layer by name, int64 (N, C, H, W).

    Raises:
        FirebrickError: the file is refused, or pixels have the wrong shape or type.
    """
    if isinstance(network, Path):
        network = read(network)
    image = network.image
    expected = (image.channels, image.height, image.width)
    if pixels.dtype != np.uint8 or pixels.shape[1:] != expected:
        raise FirebrickError(
            f"onnxruntime: pixels={pixels.dtype}{pixels.shape} is not uint8 (N, *{expected})"
        )
    model = to_model(network)
    stored = storages(network)
    del model.graph.output[:]
    names = [layer.name for layer in network]
    for name in names:
        kind = TensorProto.INT32 if stored[name].wide else TensorProto.UINT8
        model.graph.output.append(helper.make_tensor_value_info(name, kind, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = session.run(names, {IMAGE: pixels})
    return {
        name: np.asarray(value, np.int64) - stored[name].zero
        for name, value in zip(names, values, strict=True)
    }
