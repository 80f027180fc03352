# SPDX-License-Identifier: Apache-2.0
"""Any ONNX classifier whose layers Firebrick knows, as a float graph.

The file is not trusted: its size is bounded, it may not refer to other files, ONNX's own checker
sees it first, and every tensor is bounded before it is unpacked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import TensorProto

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError, naming
from firebrick.frontend import onnx_quant
from firebrick.frontend.onnx_ops import HANDLERS
from firebrick.frontend.onnx_scope import Op, Scope, Value
from firebrick.frontend.onnx_writer import LABELS_KEY, NAME_KEY, PREPROCESSING_KEY
from firebrick.ir.graph import IMAGE, Graph, Node, Preprocessing, Shape
from firebrick.ir.limits import MAX_LABEL, MAX_LABELS, MAX_NAME
from firebrick.ir.onnx_file import MAX_BYTES, check_size
from firebrick.ir.rules import check_rules, read_preprocessing

MAX_NODES = 4096
MAX_INPUTS = 4 * MAX_NODES
"""Most inputs of all nodes together."""
MIN_OPSET = 7
"""From here on elementwise operators broadcast as they do today."""

_DOMAINS = ("", "ai.onnx")
_NHWC_TO_NCHW = [0, 3, 1, 2]
_IMAGENET_MEAN: tuple[float, ...] = (0.485, 0.456, 0.406)
_IMAGENET_STD: tuple[float, ...] = (0.229, 0.224, 0.225)


def read(
    path: Path, *, size: int | None = None, preprocessing: Preprocessing | None = None
) -> Graph:
    """Read a classifier.

    Args:
        path: of the ONNX file.
        size: side of the image; None for what the file says.
        preprocessing: None for what the file's metadata says, and torchvision's without any.

    Raises:
        FirebrickError: naming file, node, field, value and rule.
        OSError: when there is no such file.
    """
    with naming(path):
        return _read(path, size, preprocessing)


def _read(path: Path, size: int | None, preprocessing: Preprocessing | None) -> Graph:
    model = _parse(path)
    graph = model.graph
    scope = Scope(_opset(model), {x.name: x for x in graph.initializer})
    image, axes = _image(graph, size)
    shape = _image_shape(image, axes, size)
    scope.shapes[IMAGE] = shape
    scope.values[image.name] = Value(IMAGE, axes, shape)
    for proto in graph.node:
        op = Op(proto, scope)
        handler = HANDLERS.get(proto.op_type) if proto.domain in _DOMAINS else None
        if proto.op_type == "Quant" and proto.domain in onnx_quant.DOMAINS:
            handler = onnx_quant.quant
        if handler is None:
            raise op.fail("op", proto.op_type, f"is not one of {', '.join(sorted(HANDLERS))}")
        handler(op)
    if len(graph.output) != 1:
        raise FirebrickError(f"outputs={len(graph.output)} is not 1")
    output = scope.values.get(graph.output[0].name)
    if not isinstance(output, Value):
        raise FirebrickError(f"output {graph.output[0].name!r} is not computed from the image")
    stored = _metadata(model)
    name = stored.line(NAME_KEY, MAX_NAME) if NAME_KEY in stored.left else ""
    how = preprocessing or _default_preprocessing(shape)
    if preprocessing is None and PREPROCESSING_KEY in stored.left:
        how = read_preprocessing(stored.inner(PREPROCESSING_KEY), shape.channels, whole=False)
    labels = stored.lines(LABELS_KEY, MAX_LABELS, MAX_LABEL) if LABELS_KEY in stored.left else ()
    return check_rules(
        Graph(name or path.stem, shape, _needed(scope.nodes, output.name), how, labels)
    )


def _parse(path: Path) -> onnx.ModelProto:
    """Parse and check a file without following any reference out of it."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise FirebrickError(f"size={size} exceeds {MAX_BYTES} bytes")
    data = path.read_bytes()
    check_size(data)
    try:
        model = onnx.load_model_from_string(data)
    # The protobuf runtime decides which error that is.
    except Exception as error:
        raise FirebrickError(f"not an ONNX file: {_first_line(error)}") from None
    if len(model.graph.node) > MAX_NODES:
        raise FirebrickError(f"nodes={len(model.graph.node)} exceeds {MAX_NODES}")
    del data
    inputs = sum(len(x.input) for x in model.graph.node)
    if inputs > MAX_INPUTS:
        raise FirebrickError(f"inputs={inputs} of all nodes exceed {MAX_INPUTS}")
    for tensor in _tensors(model.graph):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise FirebrickError(f"tensor {tensor.name!r}: data in another file is not supported")
    try:
        onnx.checker.check_model(model)
    except Exception as error:
        raise FirebrickError(f"not a valid ONNX model: {_first_line(error)}") from None
    return model


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _opset(model: onnx.ModelProto) -> int:
    opset = max((x.version for x in model.opset_import if x.domain in _DOMAINS), default=1)
    if opset < MIN_OPSET:
        raise FirebrickError(f"opset={opset} is less than {MIN_OPSET}")
    if opset > onnx.defs.onnx_opset_version():
        raise FirebrickError(f"opset={opset} exceeds {onnx.defs.onnx_opset_version()}")
    return int(opset)


def _image(graph: onnx.GraphProto, size: int | None) -> tuple[onnx.ValueInfoProto, str]:
    """The input that is no weight, and the order of its axes."""
    weights = {x.name for x in graph.initializer}
    inputs = [x for x in graph.input if x.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(repr(x.name) for x in inputs)
        raise FirebrickError(f"inputs={len(inputs)} ({names}) is not 1 image")
    image = inputs[0]
    kind, rank = image.type.tensor_type.elem_type, len(image.type.tensor_type.shape.dim)
    if kind != TensorProto.FLOAT:
        raise FirebrickError(f"input {image.name!r}: element type {kind} is not float32")
    if rank != 4:
        raise FirebrickError(f"input {image.name!r}: rank={rank} is not 4")
    readers = [x for x in graph.node if image.name in x.input]
    is_nhwc = bool(readers) and all(_is_nhwc_to_nchw(x) for x in readers)
    return image, "NHWC" if is_nhwc else "NCHW"


def _is_nhwc_to_nchw(node: onnx.NodeProto) -> bool:
    order = [list(x.ints) for x in node.attribute if x.name == "perm"]
    return node.op_type == "Transpose" and order == [_NHWC_TO_NCHW]


def _image_shape(image: onnx.ValueInfoProto, axes: str, size: int | None) -> Shape:
    sides = {}
    for axis, dim in zip(axes, image.type.tensor_type.shape.dim, strict=True):
        value = dim.dim_value
        if size is not None and axis in "HW":
            value = size
        if value < 1 and axis != "N":
            shown = repr(dim.dim_param) if dim.dim_param else value
            raise FirebrickError(
                f"input {image.name!r}: dimension {axis}={shown} is not a fixed, positive number"
            )
        sides[axis] = int(value)
    return Shape(sides["C"], sides["H"], sides["W"])


def _metadata(model: onnx.ModelProto) -> Fields:
    """What Firebrick itself wrote beside a graph."""
    metadata = {x.key: x.value for x in model.metadata_props}
    known = (x for x in (NAME_KEY, PREPROCESSING_KEY, LABELS_KEY) if x in metadata)
    return Fields({x: parse_json(metadata[x], f"metadata {x!r}") for x in known}, "metadata")


def _default_preprocessing(shape: Shape) -> Preprocessing:
    """What torchvision does to photographs; other images than colour are scaled to 0..1."""
    side = max(shape.height, shape.width)
    mean, std = _IMAGENET_MEAN, _IMAGENET_STD
    if shape.channels != len(_IMAGENET_MEAN):
        mean, std = (0.0,) * shape.channels, (1.0,) * shape.channels
    return Preprocessing(
        round(side * 256 / 224),
        mean=tuple(255 * x for x in mean),
        std=tuple(255 * x for x in std),
    )


def _needed(nodes: list[Node], output: str) -> tuple[Node, ...]:
    """The layers that the output depends on."""
    needed = {output}
    kept = []
    for node in reversed(nodes):
        if node.name in needed:
            needed.update(node.inputs)
            kept.append(node)
    return tuple(reversed(kept))
