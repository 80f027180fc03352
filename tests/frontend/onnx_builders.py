# SPDX-License-Identifier: Apache-2.0
"""Small SqueezeNets as various exporters write them, and what onnxruntime says they compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firebrick.frontend import load
from firebrick.frontend.onnx_writer import to_onnx
from firebrick.ir.graph import Graph
from firebrick.onnx_runtime import onnxruntime
from firebrick.passes import prepare

SIDE = 23
CLASSES = 6
RNG = np.random.default_rng(2016)


class Builder:
    """Appends nodes; each method returns the name of the tensor it makes."""

    def __init__(self, image: str = "data") -> None:
        self.image = image
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []

    def __call__(self, op: str, *inputs: str, **attributes: object) -> str:
        output = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def constant(self, array: object, kind: type = np.float32) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array, kind), name))
        return name

    def random(self, *shape: int, positive: bool = False) -> str:
        values = RNG.normal(size=shape) / max(1, np.prod(shape[1:])) ** 0.5
        return self.constant(np.abs(values) + 0.1 if positive else values)

    def conv(
        self, source: str, shape: tuple[int, int, int], bias: bool = True, **attributes: object
    ) -> str:
        """A convolution; `shape` is (outputs, inputs of a group, kernel)."""
        out, channels, kernel = shape
        inputs = [source, self.random(out, channels, kernel, kernel)]
        if bias:
            inputs.append(self.random(out))
        return self("Conv", *inputs, **attributes)

    def norm(self, source: str, channels: int, **attributes: object) -> str:
        parts = [self.random(channels, positive=x == 3) for x in range(4)]
        return self("BatchNormalization", source, *parts, **attributes)

    def relu_conv(self, source: str, shape: tuple[int, int, int], **attributes: object) -> str:
        return self("Relu", self.conv(source, shape, **attributes))

    def fire(self, source: str, channels: int, squeeze: int) -> str:
        """A Fire module, as PyTorch and the model zoo write it."""
        small = self.relu_conv(source, (squeeze, channels, 1))
        ones = self.relu_conv(small, (4 * squeeze, squeeze, 1))
        threes = self.relu_conv(small, (4 * squeeze, squeeze, 3), pads=[1, 1, 1, 1])
        return self("Concat", ones, threes, axis=1)

    def model(
        self,
        output: str,
        opset: int = 13,
        image: tuple[object, ...] = ("N", 3, SIDE, SIDE),
        shape: tuple[object, ...] | None = None,
        inferred: bool = True,
    ) -> onnx.ModelProto:
        """A model; before opset 9 (IR version 3) weights are inputs as well.

        Shapes are noted down unless it is so wrong that ONNX would find none.
        """
        is_old = opset < 9
        inputs = [helper.make_tensor_value_info(self.image, TensorProto.FLOAT, image)]
        if is_old:
            inputs += [
                helper.make_tensor_value_info(x.name, x.data_type, x.dims) for x in self.weights
            ]
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)]
        model = helper.make_model(
            helper.make_graph(self.nodes, "exported", inputs, outputs, self.weights),
            opset_imports=[helper.make_opsetid("", opset)],
            ir_version=3 if is_old else 8,
        )
        return onnx.shape_inference.infer_shapes(model) if inferred else model


def pytorch() -> onnx.ModelProto:
    """torchvision: batch norm in between, ceil pools, Dropout, Reshape by computed shape."""
    b = Builder("input.1")
    x = b("Relu", b.norm(b.conv(b.image, (8, 3, 3), bias=False, strides=[2, 2]), 8))
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = b.fire(x, 8, 3)
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    x = b.fire(x, 24, 4)
    x = b("Dropout", x)
    x = b.relu_conv(x, (CLASSES, 32, 1))
    x = b("GlobalAveragePool", x)
    frames = b("Gather", b("Shape", x), b.constant(0, np.int64), axis=0)
    axis = b.constant([0], np.int64)
    rest = b("Constant", value_ints=[-1])
    shape = b("Concat", b("Unsqueeze", frames, axis), rest, axis=0)
    return b.model(b("Reshape", x, shape), shape=("N", CLASSES))


def zoo() -> onnx.ModelProto:
    """Model zoo, opset 7: weights among the inputs, end pads, conv10 padded, Softmax of a map."""
    b = Builder("data_0")
    x = b.relu_conv(b.image, (8, 3, 3), strides=[2, 2], pads=[0, 0, 0, 0], kernel_shape=[3, 3])
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
    x = b.fire(x, 8, 3)
    x = b("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 1, 1])
    x = b("Dropout", b.fire(x, 24, 4), ratio=0.5)
    x = b.relu_conv(x, (CLASSES, 32, 1), pads=[1, 1, 1, 1])
    x = b("GlobalAveragePool", x)
    return b.model(b("Softmax", x), opset=7, image=(1, 3, SIDE, SIDE))


def keras() -> onnx.ModelProto:
    """tf2onnx: NHWC image, SAME padding, bias as Add, ReduceMean after a Transpose back."""
    b = Builder("input_1:0")

    def layer(source: str, shape: tuple[int, int, int], **attributes: object) -> str:
        sums = b.conv(source, shape, bias=False, **attributes)
        return b("Relu", b("Add", sums, b.random(1, shape[0], 1, 1)))

    x = b("Transpose", b.image, perm=[0, 3, 1, 2])
    x = layer(x, (8, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER")
    x = b("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="VALID")
    small = layer(x, (3, 8, 1), auto_pad="SAME_UPPER")
    threes = layer(small, (12, 3, 3), auto_pad="SAME_UPPER")
    ones = layer(small, (12, 3, 1), auto_pad="VALID")
    x = b("Concat", ones, threes, axis=-3)
    x = b("Transpose", layer(x, (CLASSES, 24, 1)), perm=[0, 2, 3, 1])
    x = b("ReduceMean", x, axes=[1, 2], keepdims=0)
    return b.model(b("Softmax", x, axis=-1), image=("unk__1", SIDE, SIDE, 3))


def bypass() -> onnx.ModelProto:
    """Groups, additions, batch norm after a concat, an average pool of the whole map, Flatten."""
    b = Builder()
    x = b.relu_conv(b.image, (8, 3, 3), strides=[2, 2], pads=[1, 1, 1, 1])
    small = b.relu_conv(x, (4, 8, 1))
    ones = b.conv(small, (4, 4, 1))
    threes = b.conv(small, (4, 2, 3), pads=[1, 1, 1, 1], group=2)
    y = b("Relu", b.norm(b("Concat", threes, ones, axis=1), 8, epsilon=1e-3))
    x = b("Relu", b("Add", x, b.conv(y, (8, 1, 3), group=8, pads=[1, 1, 1, 1])))
    x = b("Mul", b.conv(x, (CLASSES, 8, 1)), b.random(CLASSES, 1, 1))
    x = b("Flatten", b("AveragePool", x, kernel_shape=[12, 12]), axis=1)
    return b.model(b("Identity", x))


STYLES = {"pytorch": pytorch, "zoo": zoo, "keras": keras, "bypass": bypass}


def same_function(
    model: onnx.ModelProto, folder: Path, images: NDArray[np.float32] | None = None
) -> Graph:
    """Read a model, and check that its graph and what passes make of it compute what it says.

    Args:
        model: read; its image may be NCHW or NHWC.
        folder: for its file.
        images: NCHW, those of the model; random ones unless given.

    Returns:
        What passes make of the graph.
    """
    loaded = load(str(save(model, folder)))
    shape = loaded.input
    if images is None:
        images = RNG.normal(size=(3, shape.channels, shape.height, shape.width)).astype(np.float32)
    dims = [x.dim_value for x in model.graph.input[0].type.tensor_type.shape.dim]
    is_nchw = dims[1:] == [shape.channels, shape.height, shape.width]
    wanted = run(model, images if is_nchw else images.transpose(0, 2, 3, 1))
    assert wanted.std() > 1e-3, "logits that do not depend on anything prove nothing"
    prepared = prepare(loaded)
    for graph in (loaded, prepared):
        np.testing.assert_allclose(run(to_onnx(graph), images), wanted, rtol=1e-4, atol=1e-5)
    return prepared


def save(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def run(model: onnx.ModelProto, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logits or probabilities of images, (N, classes)."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (result,) = session.run(None, {session.get_inputs()[0].name: images})
    return result.reshape(len(images), -1)
