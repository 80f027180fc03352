# SPDX-License-Identifier: Apache-2.0
"""Random float classifiers as exporters might write them, with what surprises in trained ones.

Odd windows, joins, dead layers, channels of very different ranges, layers behind the average.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCKS = (
    *("conv", "conv", "fire", "residual", "shortcut", "pool", "pool", "separable", "norm", "pad"),
    *("bottleneck",),
)
ENDS = ("average", "average", "linear", "linear", "two linear", "convolution", "flat", "max")
FAULTS = ("none", "none", "none", "dead layer", "dead channels", "spread", "tiny", "flat bias")


def random_model(seed: int) -> onnx.ModelProto:
    """A model of some blocks; the same one for the same seed."""
    return _Maker(seed).model()


class _Maker:
    """Appends nodes; methods give the name of the tensor they make and change `shape` to its."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[TensorProto] = []
        channels = self.pick((3, 3, 3, 1))
        self.image = (channels, *(int(x) for x in self.rng.integers(8, 22, 2)))
        self.shape = self.image
        self.fault = self.pick(FAULTS)

    def pick(self, options: tuple) -> object:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, part: float) -> bool:
        return bool(self.rng.random() < part)

    def node(self, op: str, *inputs: str, **attributes: object) -> str:
        output = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def constant(self, array: object, kind: type = np.float32) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array, kind), name))
        return name

    def model(self) -> onnx.ModelProto:
        x = "image"
        is_nhwc, is_normalized = self.chance(0.2), self.chance(0.3)
        if is_nhwc:
            x = self.node("Transpose", x, perm=[0, 3, 1, 2])
        if is_normalized:
            x = self.node("Mul", x, self.constant(1 / 127.5))
            x = self.node("Add", x, self.constant(-1.0))
        x = self.relu(self.conv(x))
        for _ in range(int(self.rng.integers(1, 4))):
            x = self.block(x)
        x = self.end(x)
        image = [self.image[n] for n in ((1, 2, 0) if is_nhwc else (0, 1, 2))]
        graph = helper.make_graph(
            self.nodes,
            "random",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", *image])],
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)],
            self.weights,
        )
        opset = helper.make_opsetid("", 13)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8)

    def conv(self, source: str, filters: int | None = None, kernel: object = None) -> str:
        """Any window that fits; a given kernel is square, and keeps the map's size."""
        channels, height, width = self.shape
        filters = int(self.rng.integers(2, 13)) if filters is None else filters
        fields: dict[str, object] = {}
        if kernel is None:
            sides = self.pick(((3, 3), (3, 3), (1, 1), (5, 5), (2, 2), (1, 3), (3, 1), (3, 2)))
            step = self.pick((1, 1, 1, 2)) if max(sides) < 4 else 1
            pads = [int(x) for x in self.rng.integers(0, min(sides), 4)]
            stride = self.pick((1, 1, 2, 3))
        else:
            sides, step, stride = (kernel, kernel), 1, 1
            pads = [(kernel - 1) // 2] * 2 + [kernel // 2] * 2
        reach = [(side - 1) * step + 1 for side in sides]
        sizes = [
            (size + pads[n] + pads[n + 2] - reach[n]) // stride + 1
            for n, size in enumerate((height, width))
        ]
        if min(sizes) < 1 or reach[0] > height or reach[1] > width:
            return self.conv(source, filters, 1)
        groups = 1
        if self.chance(0.2) and channels % 2 == 0 and filters % 2 == 0:
            groups = 2
        if kernel is None and step == 1 and self.chance(0.1):
            fields["auto_pad"] = self.pick(("SAME_UPPER", "SAME_LOWER", "VALID"))
            if fields["auto_pad"] == "VALID":
                sizes = [(n - r) // stride + 1 for n, r in zip((height, width), reach, strict=True)]
            else:
                sizes = [-(-n // stride) for n in (height, width)]
        else:
            fields["pads"] = pads
        inputs = [source, self.constant(self.filters(filters, channels // groups, *sides))]
        if self.chance(0.8):
            inputs.append(self.constant(self.bias(filters)))
        self.shape = (filters, *sizes)
        return self.node(
            "Conv", *inputs, strides=[stride] * 2, dilations=[step] * 2, group=groups, **fields
        )

    def filters(self, *shape: int) -> np.ndarray:
        weights = self.rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape)
        weights *= self.rng.random(shape) < self.pick((1.0, 1.0, 0.4))
        hit = self.chance(0.5)
        if hit and self.fault == "dead layer":
            weights *= 0
        elif hit and self.fault == "dead channels":
            weights[self.rng.random(shape[0]) < 0.5] = 0
        elif hit and self.fault == "spread":
            factors = 10 ** self.rng.uniform(-2, 2, shape[0])
            weights *= factors.reshape(-1, *(1,) * (len(shape) - 1))
        elif hit and self.fault == "tiny":
            weights *= 1e-6
        return weights

    def bias(self, count: int) -> np.ndarray:
        if self.fault == "flat bias":
            return np.full(count, 0.5)
        return self.rng.normal(0, 0.3, count)

    def relu(self, source: str) -> str:
        kind = self.pick(("Relu", "Relu", "Relu", "Clip", "Max"))
        if kind == "Clip":
            return self.node("Clip", source, self.constant(0.0), self.constant(6.0))
        return self.node(kind, source, *([self.constant(0.0)] if kind == "Max" else []))

    def block(self, x: str) -> str:
        kind = self.pick(BLOCKS)
        if kind == "conv":
            x = self.conv(x)
            return self.relu(x) if self.chance(0.9) else x
        return getattr(self, kind)(x)

    def fire(self, x: str) -> str:
        x = self.node("Relu", self.conv(x, int(self.rng.integers(2, 5)), 1))
        before = self.shape
        ones, left = self.conv(x, 4, 1), self.shape
        self.shape = before
        threes = self.conv(x, 6, 3)
        if self.chance(0.5):
            ones, threes = self.node("Relu", ones), self.node("Relu", threes)
            x = self.node("Concat", ones, threes, axis=1)
        else:
            x = self.node("Relu", self.node("Concat", ones, threes, axis=1))
        self.shape = (left[0] + 6, *left[1:])
        return x

    def residual(self, x: str) -> str:
        y = self.node("Relu", self.conv(x, self.shape[0], 3))
        y = self.conv(y, self.shape[0], self.pick((1, 3)))
        x = self.node(self.pick(("Add", "Sum")), x, y)
        return self.relu(x) if self.chance(0.8) else x

    def bottleneck(self, x: str) -> str:
        """As of MobileNet v2: wider inside, no ReLU at its end."""
        channels = self.shape[0]
        y = self.relu(self.conv(x, 2 * channels, 1))
        y = self.relu(self.depthwise(y))
        y = self.conv(y, channels, 1)
        return self.node("Add", x, y)

    def shortcut(self, x: str) -> str:
        filters, before = int(self.rng.integers(3, 9)), self.shape
        y = self.conv(x, filters, 3)
        self.shape = before
        return self.relu(self.node("Add", self.conv(x, filters, 1), y))

    def depthwise(self, x: str) -> str:
        channels = self.shape[0]
        weights = self.constant(self.filters(channels, 1, 3, 3))
        return self.node("Conv", x, weights, pads=[1, 1, 1, 1], group=channels)

    def separable(self, x: str) -> str:
        x = self.depthwise(x)
        if self.chance(0.5):
            x = self.relu(x)
        return self.relu(self.conv(x, int(self.rng.integers(3, 13)), 1))

    def norm(self, x: str) -> str:
        channels = self.shape[0]
        if self.chance(0.5):
            x = self.conv(x, channels, 1)
        parts = [self.rng.normal(0, 0.5, channels) for _ in range(4)]
        parts[0] += 1
        parts[3] = np.abs(parts[3]) + 0.1
        x = self.node("BatchNormalization", x, *(self.constant(y) for y in parts))
        return self.relu(x) if self.chance(0.7) else x

    def pad(self, x: str) -> str:
        edges = [int(x) for x in self.rng.integers(0, 2, 4)]
        pads = [0, 0, *edges[:2], 0, 0, *edges[2:]]
        x = self.node("Pad", x, self.constant(pads, np.int64))
        channels, height, width = self.shape
        self.shape = (channels, height + edges[0] + edges[2], width + edges[1] + edges[3])
        # nothing else may be around what a Pad has put there
        weights = self.constant(self.filters(4, channels, 2, 2))
        if min(self.shape[1:]) < 2:
            weights = self.constant(self.filters(4, channels, 1, 1))
        side = 2 if min(self.shape[1:]) >= 2 else 1
        self.shape = (4, *(n - side + 1 for n in self.shape[1:]))
        return self.relu(self.node("Conv", x, weights))

    def pool(self, x: str) -> str:
        channels, height, width = self.shape
        kernel, stride = self.pick((2, 3)), self.pick((1, 2, 2, 3))
        if min(height, width) < kernel:
            return x
        pads = [int(n) for n in self.rng.integers(0, kernel, 4)]
        ceil = self.pick((0, 1))
        sizes = []
        for n, size in enumerate((height, width)):
            span = size + pads[n] + pads[n + 2] - kernel
            count = (-(-span // stride) if ceil else span // stride) + 1
            # a window that would begin in the far padding is no window in PyTorch; avoid those
            if (count - 1) * stride >= size + pads[n]:
                return x
            sizes.append(count)
        self.shape = (channels, *sizes)
        return self.node(
            "MaxPool", x, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads, ceil_mode=ceil
        )

    def end(self, x: str) -> str:
        kind, classes = self.pick(ENDS), int(self.rng.integers(2, 8))
        if kind == "average":
            return self.node("GlobalAveragePool", self.conv(x, classes, 1))
        if kind == "flat" and np.prod(self.shape) < 400:
            x = self.node("Flatten", x)
            return self.linear(x, int(np.prod(self.shape)), classes)
        x = self.node("GlobalMaxPool" if kind == "max" else "GlobalAveragePool", x)
        channels = self.shape[0]
        self.shape = (channels, 1, 1)
        if kind in ("convolution", "max"):
            return self.conv(x, classes, 1)
        x = self.node("Flatten", x)
        if kind == "two linear":
            x = self.node("Relu", self.linear(x, channels, 9))
            channels = 9
        x = self.linear(x, channels, classes)
        return self.node("Softmax", x) if self.chance(0.3) else x

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        weights = self.filters(outputs, inputs)
        if self.chance(0.5):
            bias = self.constant(self.bias(outputs))
            return self.node("Gemm", x, self.constant(weights), bias, transB=1)
        x = self.node("MatMul", x, self.constant(weights.T))
        return self.node("Add", x, self.constant(self.bias(outputs)))
