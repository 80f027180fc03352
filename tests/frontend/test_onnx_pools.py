# SPDX-License-Identifier: Apache-2.0
"""Max pools padded in all ways that ONNX has: the maxima are those of onnxruntime."""

import numpy as np
import pytest
from onnx_builders import RNG, Builder, run, save

from firebrick.frontend import load
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.quantize.ops.maxpool import MaxPoolRecipe

PAD = [(0, 0, 1, 0), (1, 0, 0, 0), (0, 1, 0, 0), (1, 1, 1, 1), (2, 1, 0, 2), (0, 0, 1, 1)]


def agrees(pool, b, tmp_path, height, width):
    """The maxima themselves, as onnxruntime finds them in the file and in what is written of it."""
    model = b.model(b("GlobalAveragePool", pool), image=("N", 3, height, width))
    graph = load(str(save(model, tmp_path)))
    model.graph.output[0].name = pool
    again = to_onnx(graph)
    again.graph.output[0].name = graph.nodes[0].name
    for one in (model, again):
        one.graph.output[0].type.tensor_type.ClearField("shape")
    images = RNG.normal(size=(2, 3, height, width)).astype(np.float32) - 5
    expected = run(model, images)
    np.testing.assert_array_equal(run(again, images), expected)
    maxima = MaxPoolRecipe().real(graph.nodes[0])(images)
    np.testing.assert_array_equal(maxima.reshape(expected.shape), expected)


@pytest.mark.parametrize("kernel, stride", [(3, 2), (3, 1), (3, 3), (4, 2), (5, 1)])
@pytest.mark.parametrize("ceil", [0, 1])
@pytest.mark.parametrize("pads", PAD)
def test_max_pool_windows(kernel, stride, ceil, pads, tmp_path):
    for size in range(5, 9):
        b = Builder()
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2}
        x = b("MaxPool", b.image, **window, ceil_mode=ceil, pads=pads)
        agrees(x, b, tmp_path, size, size + 1)


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("kernel, stride", [(2, 1), (3, 2), (2, 2), (3, 1), (4, 3)])
def test_max_pool_auto_pad(auto_pad, kernel, stride, tmp_path):
    for size in range(5, 9):
        b = Builder()
        window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2}
        x = b("MaxPool", b.image, **window, auto_pad=auto_pad)
        agrees(x, b, tmp_path, size, size + 1)
