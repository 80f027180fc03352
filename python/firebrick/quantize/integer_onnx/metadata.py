# SPDX-License-Identifier: Apache-2.0
"""What the ONNX metadata say: everything of a network that its initializers do not."""

from __future__ import annotations

import json
from dataclasses import asdict

from firebrick.hardware.tensor import TensorType
from firebrick.ir.network import Layer, Network
from firebrick.ir.onnx_file import VERSION_KEY
from firebrick.quantize.ops import recipe_of

VERSION = "2"
NETWORK_KEY = "firebrick.network"
LABELS_KEY = "firebrick.labels"
NOTE_PREFIX = "firebrick.note."
"""What keys of further, free metadata begin with."""


def describe(network: Network) -> dict[str, str]:
    """Metadata of a network, as keys and values of the ONNX file."""
    document = {
        "name": network.name,
        "image": _type(network.image),
        "preprocessing": asdict(network.preprocessing),
        "scales": dict(network.scales),
        "layers": [_layer(layer) for layer in network],
    }
    return {
        VERSION_KEY: VERSION,
        NETWORK_KEY: json.dumps(document, sort_keys=True),
        LABELS_KEY: json.dumps(list(network.labels)),
    }


def _type(kind: TensorType) -> dict[str, int]:
    return {name: int(value) for name, value in asdict(kind).items()}


def _layer(layer: Layer) -> dict[str, object]:
    operator = layer.operator
    fields = {x: getattr(operator, x) for x, _low, _high in recipe_of(operator).fields}
    return fields | {
        "kind": operator.kind,
        "name": layer.name,
        "inputs": list(layer.inputs),
        "output": _type(operator.output),
    }
