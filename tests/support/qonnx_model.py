# SPDX-License-Identifier: Apache-2.0
"""What QONNX says a network with `Quant` nodes computes: ONNX's own reference, and the formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

Array = NDArray[np.float32]


class Quant(OpRun):
    """`(clip(round(x / scale + zero), low, high) - zero) * scale`, halves to even."""

    op_domain = "qonnx.custom_op.general"

    def _run(self, x, scale, zero, bits, narrow=0, rounding_mode=b"ROUND", signed=1):
        del rounding_mode
        top = 2.0 ** float(bits - signed)
        low, high = (narrow - top, top - 1) if signed else (0.0, top - 1 - narrow)
        steps = np.clip(np.rint(x / scale + zero), low, high)
        return (np.asarray((steps - zero) * scale, np.float32),)


def run(model: onnx.ModelProto, images: Array, tensors: Sequence[str] = ()) -> list[Array]:
    """The output, then some more tensors, of each image by itself, joined."""
    wanted = onnx.ModelProto()
    wanted.CopyFrom(model)
    for name in tensors:
        wanted.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    evaluator = ReferenceEvaluator(wanted, new_ops=[Quant])
    source = model.graph.input[0].name
    frames = [evaluator.run(None, {source: images[n : n + 1]}) for n in range(len(images))]
    return [np.concatenate(x) for x in zip(*frames, strict=True)]
