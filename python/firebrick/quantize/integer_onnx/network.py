# SPDX-License-Identifier: Apache-2.0
"""From the metadata and initializers of an untrusted file to the network that they describe."""

from __future__ import annotations

from collections.abc import Mapping

from onnx import TensorProto

from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError
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
from firebrick.ir.onnx_file import VERSION_KEY
from firebrick.ir.rules import read_preprocessing
from firebrick.preprocessing import Preprocessing
from firebrick.quantize.integer_onnx.metadata import LABELS_KEY, NETWORK_KEY, VERSION
from firebrick.quantize.ops import recipe_named
from firebrick.quantize.ops.stored import Stored

MAX_SIDE = 1 << 14
MAX_CHANNELS = 1 << 16


def build(metadata: Mapping[str, str], initializers: Mapping[str, TensorProto]) -> Network:
    """The network of a file.

    Args:
        metadata: its keys and values.
        initializers: by name; what recipes store, others may be there.

    Raises:
        FirebrickError: naming the place in the file and the rule.
    """
    if metadata.get(VERSION_KEY) != VERSION:
        raise FirebrickError(
            f"{VERSION_KEY}={metadata.get(VERSION_KEY)!r:.20} is not {VERSION!r}: "
            "not a model written by this version of `firebrick quantize`: quantize it again"
        )
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
