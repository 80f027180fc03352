# SPDX-License-Identifier: Apache-2.0
"""Any ONNX classifier whose layers Firebrick knows, as a float graph.

The file is not trusted: `parse` bounds and checks it, and every tensor is bounded before it is
unpacked. What cannot be read is collected, so that the user learns of all of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import onnx

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError, naming
from firebrick.frontend import told
from firebrick.frontend.defaults import doubt, raw
from firebrick.frontend.onnx_reader import beyond, constants, image, parse, quant, swapped
from firebrick.frontend.onnx_reader.operators import ADVICE, HANDLERS
from firebrick.frontend.onnx_reader.scope import NO_PADS, Op, Scope
from firebrick.frontend.onnx_writer import LABELS_KEY, NAME_KEY, PREPROCESSING_KEY
from firebrick.ir.graph import IMAGE, Graph, Node
from firebrick.ir.limits import MAX_LABEL, MAX_LABELS, MAX_NAME
from firebrick.ir.onnx_file import check_is_float
from firebrick.ir.rules import check_rules, read_preprocessing

Item = TypeVar("Item")


def read(path: Path, size: int | None, user: told.Told) -> tuple[Graph, str]:
    """Read a classifier.

    Args:
        path: of the ONNX file.
        size: side of the image; None for what the file says.
        user: what is done to a photograph before the model sees it, which comes before what the
            model itself does.

    Returns:
        The graph, and where its preprocessing comes from.

    Raises:
        FirebrickError: naming file, nodes, field, value and rule.
        OSError: when there is no such file.
    """
    with naming(path):
        return _read(path, size, user)


def _read(path: Path, size: int | None, user: told.Told) -> tuple[Graph, str]:
    model = parse.parse(path)
    check_is_float(model)
    graph = model.graph
    if len(graph.output) != 1:
        names = ", ".join(repr(x.name) for x in graph.output)
        raise FirebrickError(
            f"outputs={len(graph.output)} ({names:.200}) is not 1: keep the logits"
        )
    last = graph.output[0].name
    protos = _needed(graph.node, last, lambda x: x.output, lambda x: x.input)
    weights = {x.name: x for x in graph.initializer}
    entry = image.find(graph)
    protos, is_swapped = swapped.take_out(entry, protos, weights)
    pixels, batch = image.value(entry, protos, weights, size)
    scope = Scope(parse.opset(model), batch, weights)
    scope.shapes[IMAGE] = pixels.shape
    scope.values[entry.name] = pixels
    _read_nodes(graph, protos, scope)
    output = scope.values.get(graph.output[0].name)
    if output is None:
        raise FirebrickError(f"output {graph.output[0].name!r} is not computed from the image")
    if output.axes[0] != "N" or output.pads != NO_PADS:
        what = f"axes={output.axes}, zeros around it {output.pads}"
        raise FirebrickError(f"output {graph.output[0].name!r}: {what}: is not frames of logits")
    stored = _metadata(model)
    name = stored.line(NAME_KEY, MAX_NAME) if NAME_KEY in stored.left else ""
    labels = stored.lines(LABELS_KEY, MAX_LABELS, MAX_LABEL) if LABELS_KEY in stored.left else ()
    # of what is computed for its shape alone, no layer is left
    layers = _needed(scope.nodes, output.name, lambda x: (x.name,), lambda x: x.inputs)
    nodes: tuple[Node, ...] = tuple(layers)
    shape = pixels.shape
    left, own = image.take_in_factors(nodes, raw(shape))
    if PREPROCESSING_KEY in stored.left:
        inner = stored.inner(PREPROCESSING_KEY)
        known = told.stored(read_preprocessing(inner, shape.channels, whole=False), size)
    elif len(left) < len(nodes):
        known = told.raw(shape, size, told.OWN)
    elif image.is_bytes(entry):
        known = told.raw(shape, size, told.BYTES)
    else:
        known = told.guessed(shape, size)
    known = user.over(known)
    questions = ""
    if len(left) < len(nodes):
        questions, known = doubt(own, known.how), known.then("mean", "std")
    if is_swapped:
        known = known.then("channels").swapped()
    nodes, how = image.take_in_factors(nodes, known.how)
    result = Graph(name or path.stem, shape, nodes, how, labels)
    return check_rules(result), known.source + questions


def _read_nodes(graph: onnx.GraphProto, protos: Sequence[onnx.NodeProto], scope: Scope) -> None:
    """Read nodes in order.

    Raises:
        FirebrickError: naming every node that cannot be read.
    """
    reasons: dict[str, list[str]] = {}
    unread: set[str] = set()
    dims: beyond.Dims | None = None
    for proto in protos:
        op = Op(proto, scope)
        if unread.isdisjoint(proto.input):
            try:
                _read_node(op)
                continue
            except FirebrickError as error:
                reason = error.message.removeprefix(f"{op.where}: ")
                reasons.setdefault(reason, []).append(op.where)
        dims = beyond.dims_of(graph) if dims is None else dims
        if constants.is_foldable(op) or not beyond.pass_over(op, dims):
            unread.update(x for x in proto.output if x)
    if reasons:
        lines = (f"{', '.join(nodes)}: {reason}" for reason, nodes in reasons.items())
        raise FirebrickError("; ".join(lines))


def _read_node(op: Op) -> None:
    proto = op.proto
    is_standard = proto.domain in parse.DOMAINS
    if proto.op_type == "Quant" and proto.domain in quant.DOMAINS:
        quant.quant(op)
    elif is_standard and proto.input and constants.is_foldable(op):
        constants.fold(op)
    elif is_standard and proto.op_type in HANDLERS:
        HANDLERS[proto.op_type](op)
    else:
        advice = ADVICE.get(proto.op_type, "docs/operators.md has the operators that are")
        shown = proto.op_type if is_standard else f"{proto.domain}.{proto.op_type}"
        raise op.fail("op", shown, f"is not read: {advice}")


def _needed(
    items: Sequence[Item],
    output: str,
    gives: Callable[[Item], Iterable[str]],
    reads: Callable[[Item], Iterable[str]],
) -> list[Item]:
    """Those that the output depends on, of nodes or layers in execution order."""
    needed, kept = {output}, []
    for item in reversed(items):
        if not needed.isdisjoint(gives(item)):
            needed.update(x for x in reads(item) if x)
            kept.append(item)
    return kept[::-1]


def _metadata(model: onnx.ModelProto) -> Fields:
    """What Firebrick itself wrote beside a graph."""
    metadata = {x.key: x.value for x in model.metadata_props}
    known = (x for x in (NAME_KEY, PREPROCESSING_KEY, LABELS_KEY) if x in metadata)
    return Fields({x: parse_json(metadata[x], f"metadata {x!r}") for x in known}, "metadata")
