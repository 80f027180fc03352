# SPDX-License-Identifier: Apache-2.0
"""A float graph as an ordinary ONNX file.

The batch dimension is symbolic. How photographs become input, and the names of the classes, lie in
the file's metadata under `firebrick.*`, as JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    BatchNormNode,
    ConcatNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    MaxPoolNode,
    Node,
    ReluNode,
    Shape,
)
from firebrick.ir.verify import shapes, verify
from firebrick.output import whole_file

OPSET = 17
IR_VERSION = 8
BATCH = "N"
NAME_KEY = "firebrick.name"
PREPROCESSING_KEY = "firebrick.preprocessing"
LABELS_KEY = "firebrick.labels"


def write(graph: Graph, path: Path) -> None:
    """Write a graph; the file appears whole or not at all.

    Raises:
        FirebrickError: when the graph breaks a rule, or the path cannot be written.
    """
    data = to_onnx(graph).SerializeToString(deterministic=True)
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def to_onnx(graph: Graph) -> onnx.ModelProto:
    """The graph as an ONNX model, checked by ONNX itself.

    Raises:
        FirebrickError: when the graph breaks a rule.
    """
    known = shapes(verify(graph))
    emitter = _Emitter(known, _tail(graph))
    for node in graph.nodes:
        emitter.emit(node)
    last = graph.nodes[-1]
    output, classes = last.name, known[last.name].channels
    if last.name not in emitter.flat:
        output = emitter.fresh("logits")
        emitter.add("Flatten", [last.name], output, axis=1)
    image = (graph.input.channels, graph.input.height, graph.input.width)
    model = helper.make_model(
        helper.make_graph(
            emitter.nodes,
            graph.name,
            [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [BATCH, *image])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [BATCH, classes])],
            emitter.initializers,
        ),
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="firebrick",
    )
    helper.set_model_props(
        model,
        {
            NAME_KEY: json.dumps(graph.name),
            PREPROCESSING_KEY: json.dumps(asdict(graph.preprocessing)),
            LABELS_KEY: json.dumps(graph.labels),
        },
    )
    onnx.checker.check_model(model)
    return model


def _tail(graph: Graph) -> set[str]:
    tail = takewhile(lambda x: isinstance(x, IdentityNode), reversed(graph.nodes))
    return {node.name for node in tail}


@dataclass(slots=True)
class _Emitter:
    """Collects ONNX nodes and initializers.

    Attributes:
        known: shape of each tensor of the graph.
        tail: names of the layers without effect at the end; only there may a tensor become flat.
        nodes: so far.
        initializers: so far.
        flat: tensors that have lost their height and width.
    """

    known: dict[str, Shape]
    tail: set[str]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[TensorProto] = field(default_factory=list)
    flat: set[str] = field(default_factory=set)

    def fresh(self, name: str) -> str:
        """A tensor name that is not one of the graph's."""
        while name in self.known:
            name += "_"
        return name

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Append an ONNX node of one output, whose name it bears."""
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, array: NDArray[np.floating]) -> str:
        """Append an initializer."""
        name = self.fresh(name)
        self.initializers.append(numpy_helper.from_array(np.asarray(array, np.float32), name))
        return name

    def emit(self, node: Node) -> None:
        """Append what computes a layer."""
        name, inputs = node.name, list(node.inputs)
        match node:
            case ConvNode():
                inputs.append(self.constant(f"{name}.weights", node.weights))
                inputs.append(self.constant(f"{name}.bias", node.bias))
                window = {"kernel_shape": node.weights.shape[2:], "strides": (node.stride,) * 2}
                output = self.before_relu(name, node.relu)
                self.add("Conv", inputs, output, pads=node.pads, **window)
            case BatchNormNode():
                parts = ("scale", "bias", "mean", "var")
                inputs += [self.constant(f"{name}.{x}", getattr(node, x)) for x in parts]
                self.add("BatchNormalization", inputs, name, epsilon=node.epsilon)
            case ReluNode():
                self.add("Relu", inputs, name)
            case MaxPoolNode():
                window = {"kernel_shape": (node.kernel,) * 2, "strides": (node.stride,) * 2}
                self.add("MaxPool", inputs, name, ceil_mode=int(node.ceil), **window)
            case ConcatNode():
                self.add("Concat", inputs, name, axis=1)
            case AddNode():
                self.add("Add", inputs, self.before_relu(name, node.relu))
            case GlobalAveragePoolNode():
                self.global_average(node)
            case IdentityNode():
                self.identity(node)
        if self.nodes[-1].output[0] != name:
            self.add("Relu", [self.nodes[-1].output[0]], name)

    def before_relu(self, name: str, relu: bool) -> str:
        """Name of a layer's tensor before the ReLU that `emit` appends; its own without one."""
        return self.fresh(f"{name}.linear") if relu else name

    def global_average(self, node: GlobalAveragePoolNode) -> None:
        """Append a mean, rescaled and shifted when a constant ring belongs to it."""
        name, source = node.name, node.inputs[0]
        if node.ring is None and node.count is None:
            self.add("GlobalAveragePool", [source], name)
            return
        shape = self.known[source]
        pixels = shape.height * shape.width
        count = node.count or pixels
        ring = np.zeros(shape.channels, np.float32) if node.ring is None else node.ring
        share_name = self.constant(f"{name}.share", np.full((1, 1, 1), pixels / count))
        ring_name = self.constant(f"{name}.ring", ring[:, None, None] / count)
        mean = self.add("GlobalAveragePool", [source], self.fresh(f"{name}.mean"))
        scaled = self.add("Mul", [mean, share_name], self.fresh(f"{name}.scaled"))
        self.add("Add", [scaled, ring_name], name)

    def identity(self, node: IdentityNode) -> None:
        """Append a layer without effect."""
        source = node.inputs[0]
        if node.op == "Softmax":
            self.add("Softmax", [source], node.name, axis=1)
        elif node.op in ("Dropout", "Identity") or node.name not in self.tail:
            self.add("Identity", [source], node.name)
        else:
            self.add("Flatten", [source], node.name, axis=1)
            self.flat.add(node.name)
        if source in self.flat:
            self.flat.add(node.name)
