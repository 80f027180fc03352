# SPDX-License-Identifier: Apache-2.0
"""Read an integer ONNX file back into the network it was written from.

The metadata give geometry, the initializers give weights; then the network is exported again in
memory and must give the file's graph to the last byte. So a file that is accepted computes exactly
what the metadata say, whoever runs it, and nothing in it is ever interpreted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import TensorProto

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError, naming
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.limits import (
    MAX_FRAME,
    MAX_LABEL,
    MAX_LABELS,
    MAX_LAYERS,
    MAX_NAME,
    MAX_VALUES,
    MAX_WEIGHTS,
)
from firebrick.ir.network import Layer, Network
from firebrick.ir.onnx_file import MAX_BYTES, VERSION_KEY, check_size
from firebrick.ir.rules import read_preprocessing
from firebrick.preprocessing import Preprocessing
from firebrick.quantize.integer_onnx.export import to_model
from firebrick.quantize.integer_onnx.metadata import (
    LABELS_KEY,
    NETWORK_KEY,
    NOTE_PREFIX,
    VERSION,
)
from firebrick.quantize.ops import recipe_named
from firebrick.quantize.ops.stored import Stored

GIVE = "give an integer ONNX file, as `firebrick quantize model.onnx -o q.onnx` writes it"
MAX_SIDE = 1 << 14
MAX_CHANNELS = 1 << 16


def read(path: Path) -> Network:
    """Read and check an integer ONNX file.

    Raises:
        FirebrickError: naming the file, the place in it and the rule.
    """
    try:
        model = _parse(path)
    except FirebrickError as error:
        raise FirebrickError(f"{error}: {GIVE}") from None
    metadata = {x.key: x.value for x in model.metadata_props}
    if NETWORK_KEY not in metadata:
        raise FirebrickError(f"{path}: is not quantized: {GIVE}")
    if metadata.get(VERSION_KEY) != VERSION:
        raise FirebrickError(
            f"{path}: {VERSION_KEY}={metadata.get(VERSION_KEY)!r:.20} is not {VERSION!r}: "
            "not a model written by this version of `firebrick quantize`: quantize it again"
        )
    with naming(path):
        network = _network(metadata, {x.name: x for x in model.graph.initializer})
        _compare(model, network)
    return network


def holds_integers(path: Path) -> bool:
    """Whether a file is what `quantize` writes, of whichever version; a float one is not.

    Raises:
        FirebrickError: the file cannot be read.
    """
    return any(x.key == NETWORK_KEY for x in _parse(path).metadata_props)


def read_notes(path: Path) -> dict[str, str]:
    """Notes given to `export.write`.

    Raises:
        FirebrickError: the file cannot be read.
    """
    props = _parse(path).metadata_props
    return {
        x.key.removeprefix(NOTE_PREFIX): x.value for x in props if x.key.startswith(NOTE_PREFIX)
    }


def _parse(path: Path) -> onnx.ModelProto:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise FirebrickError(f"{path}: bytes={size} exceeds {MAX_BYTES}")
        data = path.read_bytes()
    except OSError as error:
        raise FirebrickError(f"{path}: cannot be read: {error.strerror}") from None
    with naming(path):
        check_size(data)
    try:
        model = onnx.ModelProto()
        model.ParseFromString(data)  # never follows references to other files
    except Exception:  # which error a damaged file gives is up to the protobuf runtime
        raise FirebrickError(f"{path}: is not an ONNX file") from None
    return model


def _network(metadata: Mapping[str, str], initializers: Mapping[str, TensorProto]) -> Network:
    found = {x: parse_json(metadata.get(x, ""), x) for x in (NETWORK_KEY, LABELS_KEY)}
    top = Fields(found, "metadata")
    labels = top.lines(LABELS_KEY, MAX_LABELS, MAX_LABEL)
    document = top.inner(NETWORK_KEY)
    image = _type(document.inner("image"))
    if (image.bits, image.signed, image.narrow) != (8, False, False):
        raise FirebrickError(f"image={image} is not of unsigned bytes")
    types = {IMAGE: image}
    frame, weights = image.values, 0
    layers = []
    for fields in document.objects("layers", "name", MAX_LAYERS):
        layer, count = _layer(fields, types, initializers)
        name, output = layer.name, layer.operator.output
        frame += output.values
        if frame > MAX_FRAME:
            raise FirebrickError(f"layer {name!r}: values={frame} up to here exceed {MAX_FRAME}")
        weights += count
        if weights > MAX_WEIGHTS:
            raise FirebrickError(f"layer {name!r}: weights={weights} exceed {MAX_WEIGHTS}")
        types[name] = output
        layers.append(layer)
    stored = document.inner("scales")
    scales = {x: stored.number(x) for x in tuple(stored.left)}
    for name, scale in scales.items():
        stored.require(scale > 0, name, scale, "is not positive")
    missing = types.keys() - scales.keys()
    if missing:
        raise FirebrickError(f"{document.where}: scales has no {min(missing)!r}")
    network = Network(
        name=document.line("name", MAX_NAME),
        image=image,
        layers=tuple(layers),
        preprocessing=_preprocessing(document.inner("preprocessing"), image),
        scales=scales,
        labels=labels,
    )
    document.close()
    return network


def _layer(
    fields: Fields, types: Mapping[str, TensorType], initializers: Mapping[str, TensorProto]
) -> tuple[Layer, int]:
    """A layer that reads tensors of some types, and its number of weights."""
    inputs = fields.lines("inputs", 2)
    name = fields.identifier("name", MAX_NAME)
    for source in inputs:
        if source not in types:
            raise FirebrickError(f"layer {name!r}: input {source!r} is not computed")
    kind = fields.line("kind")
    recipe = recipe_named(kind, name)
    expected = recipe.node_type.arity
    if len(inputs) != expected:
        raise FirebrickError(f"{kind} {name!r}: inputs={len(inputs)} is not {expected}")
    kinds = tuple(types[x] for x in inputs)
    numbers = {x: fields.whole(x, low, high) for x, low, high in recipe.fields}
    stored = Stored(name, kinds, _type(fields.inner("output")), numbers, initializers)
    try:
        operator = recipe.read(stored)
    except (ValueError, IndexError) as error:
        raise FirebrickError(f"layer {name!r}: {error}") from None
    return Layer(operator, inputs), recipe.weights(operator)


def _preprocessing(fields: Fields, image: TensorType) -> Preprocessing:
    how = read_preprocessing(fields, image.channels, whole=True)
    how.check(NETWORK_KEY, image.channels, image.height, image.width)
    return how


def _type(fields: Fields) -> TensorType:
    kind = TensorType(
        channels=fields.whole("channels", 1, MAX_CHANNELS),
        height=fields.whole("height", 1, MAX_SIDE),
        width=fields.whole("width", 1, MAX_SIDE),
        bits=fields.whole("bits", 1, 32),
        signed=bool(fields.whole("signed", 0, 1)),
        narrow=bool(fields.whole("narrow", 0, 1)),
    )
    fields.close()
    if kind.values > MAX_VALUES:
        raise FirebrickError(f"tensor {kind}: values={kind.values} exceeds {MAX_VALUES}")
    return kind


def _compare(model: onnx.ModelProto, network: Network) -> None:
    """Refuse a file that is not what its network would be written as."""
    again = to_model(network)
    for field in ("ir_version", "opset_import", "functions", "training_info"):
        if getattr(model, field) != getattr(again, field):
            raise FirebrickError(f"{field} differs from what its metadata describe")
    for what in ("node", "initializer", "input", "output"):
        found, expected = getattr(model.graph, what), getattr(again.graph, what)
        if len(found) != len(expected):
            raise FirebrickError(f"{what}s={len(found)}, its metadata describe {len(expected)}")
        for a, b in zip(found, expected, strict=True):
            if a != b:
                raise FirebrickError(f"{what} {a.name!r} differs from what its metadata describe")
    if model.graph.SerializeToString(deterministic=True) != again.graph.SerializeToString(
        deterministic=True
    ):
        raise FirebrickError("graph differs from what its metadata describe")
