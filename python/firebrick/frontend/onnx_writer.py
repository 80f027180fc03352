# SPDX-License-Identifier: Apache-2.0
"""A float graph as an ordinary ONNX file.

The batch dimension is symbolic. How photographs become input, and the names of the classes, lie in
the file's metadata under `firebrick.*`, as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from firebrick.files.output import whole_file
from firebrick.frontend.onnx_reader.quant import DOMAINS
from firebrick.ir.graph import (
    IMAGE,
    MONOTONE,
    ActivatedNode,
    AddNode,
    BatchNormNode,
    ConcatNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    IdentityNode,
    MaxPoolNode,
    Node,
    QuantNode,
    ReluNode,
    Shape,
)
from firebrick.ir.grid import Grid
from firebrick.ir.rules import check_rules, shapes

OPSET = 17
IR_VERSION = 8
QUANT_DOMAIN = DOMAINS[0]
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
    known = shapes(check_rules(graph))
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
        opset_imports=_opsets(emitter.nodes),
        producer_name="firebrick",
    )
    helper.set_model_props(
        model,
        {
            NAME_KEY: json.dumps(graph.name),
            PREPROCESSING_KEY: json.dumps(_preprocessing(graph)),
            LABELS_KEY: json.dumps(graph.labels),
        },
    )
    onnx.checker.check_model(model)
    return model


def _opsets(nodes: Sequence[onnx.NodeProto]) -> list[onnx.OperatorSetIdProto]:
    """ONNX's own, and that of `Quant` where there is one."""
    versions = {"": OPSET} | {x.domain: 1 for x in nodes if x.domain}
    return [helper.make_opsetid(*x) for x in versions.items()]


def _preprocessing(graph: Graph) -> dict[str, object]:
    """Its fields but the border, which a float graph has none of."""
    fields = asdict(graph.preprocessing)
    return {x: value for x, value in fields.items() if x not in ("border", "fill")}


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

    def add(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Append an ONNX node of one output, whose name it bears."""
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, array: NDArray[np.floating] | float) -> str:
        """Append an initializer."""
        name = self.fresh(name)
        self.initializers.append(numpy_helper.from_array(np.asarray(array, np.float32), name))
        return name

    def constants(self, node: Node, *fields: str) -> list[str]:
        """Append fields of a layer as initializers."""
        return [self.constant(f"{node.name}.{x}", getattr(node, x)) for x in fields]

    def emit(self, node: Node) -> None:
        """Append what computes a layer."""
        _WRITERS[type(node)](self, node)
        if isinstance(node, ActivatedNode):
            self._activation(node)

    def sums(self, node: ActivatedNode) -> str:
        """Name of a layer's tensor before the nodes that `emit` appends; its own without any."""
        is_last = not node.relu and node.grid is None
        return node.name if is_last else self.fresh(f"{node.name}.linear")

    def _activation(self, node: ActivatedNode) -> None:
        """What stands behind the sums of a layer."""
        source = self.sums(node)
        # an unsigned grid is a ReLU itself
        if node.relu and (node.grid is None or node.ceiling is not None):
            clamped = node.name if node.grid is None else self.fresh(f"{node.name}.clamped")
            source = self.clamp(node, source, node.ceiling, clamped)
        if node.grid is not None:
            self.quant(node, source, node.grid)

    def clamp(self, node: Node, source: str, ceiling: float | None, output: str) -> str:
        """Append a ReLU, with a ceiling if there is one."""
        if ceiling is None:
            return self.add("Relu", [source], output)
        names = (f"{node.name}.floor", f"{node.name}.ceiling")
        limits = (np.asarray(0.0), np.asarray(ceiling))
        constants = [self.constant(*x) for x in zip(names, limits, strict=True)]
        return self.add("Clip", [source, *constants], output)

    def quant(self, node: Node, source: str, grid: Grid) -> None:
        """Append a `Quant` of QONNX, as the last of a layer."""
        values = {"scale": grid.scale, "zero": 0.0, "bits": grid.bits}
        constants = [self.constant(f"{node.name}.{x}", np.asarray(y)) for x, y in values.items()]
        how = {"signed": int(grid.signed), "narrow": int(grid.narrow), "rounding_mode": "ROUND"}
        self.add("Quant", [source, *constants], node.name, domain=QUANT_DOMAIN, **how)


def _conv(out: _Emitter, node: ConvNode) -> None:
    inputs = [*node.inputs, *out.constants(node, "weights", "bias")]
    window = {"kernel_shape": node.weights.shape[2:], "strides": (node.stride,) * 2}
    out.add("Conv", inputs, out.sums(node), pads=node.pads, **window)


def _batch_norm(out: _Emitter, node: BatchNormNode) -> None:
    inputs = [*node.inputs, *out.constants(node, "scale", "bias", "mean", "var")]
    out.add("BatchNormalization", inputs, node.name, epsilon=node.epsilon)


def _relu(out: _Emitter, node: ReluNode) -> None:
    out.clamp(node, node.inputs[0], node.ceiling, node.name)


def _quant(out: _Emitter, node: QuantNode) -> None:
    out.quant(node, node.inputs[0], node.grid)


def _max_pool(out: _Emitter, node: MaxPoolNode) -> None:
    window = {"kernel_shape": (node.kernel,) * 2, "strides": (node.stride,) * 2}
    ceil = int(node.ceil)
    out.add("MaxPool", node.inputs, node.name, ceil_mode=ceil, pads=node.pads, **window)


def _concat(out: _Emitter, node: ConcatNode) -> None:
    out.add("Concat", node.inputs, node.name, axis=1)


def _add(out: _Emitter, node: AddNode) -> None:
    out.add("Add", node.inputs, out.sums(node))


def _global_average(out: _Emitter, node: GlobalAveragePoolNode) -> None:
    """A mean, rescaled and shifted when a constant ring belongs to it."""
    name, source = node.name, node.inputs[0]
    if node.ring is None and node.count is None:
        out.add("GlobalAveragePool", [source], name)
        return
    shape = out.known[source]
    pixels = shape.height * shape.width
    count = node.count or pixels
    ring = np.zeros(shape.channels, np.float32) if node.ring is None else node.ring
    share_name = out.constant(f"{name}.share", np.full((1, 1, 1), pixels / count))
    ring_name = out.constant(f"{name}.ring", ring[:, None, None] / count)
    mean = out.add("GlobalAveragePool", [source], out.fresh(f"{name}.mean"))
    scaled = out.add("Mul", [mean, share_name], out.fresh(f"{name}.scaled"))
    out.add("Add", [scaled, ring_name], name)


def _identity(out: _Emitter, node: IdentityNode) -> None:
    source = node.inputs[0]
    if node.op in MONOTONE:
        axis = {} if node.op == "Sigmoid" else {"axis": 1}
        out.add(node.op, [source], node.name, **axis)
    elif node.op in ("Dropout", "Identity") or node.name not in out.tail:
        out.add("Identity", [source], node.name)
    else:
        out.add("Flatten", [source], node.name, axis=1)
        out.flat.add(node.name)
    if source in out.flat:
        out.flat.add(node.name)


_WRITERS: Mapping[type[Node], Callable[[_Emitter, Any], None]] = {
    ConvNode: _conv,
    BatchNormNode: _batch_norm,
    ReluNode: _relu,
    QuantNode: _quant,
    MaxPoolNode: _max_pool,
    ConcatNode: _concat,
    AddNode: _add,
    GlobalAveragePoolNode: _global_average,
    IdentityNode: _identity,
}
"""What appends the ONNX nodes of each layer."""
