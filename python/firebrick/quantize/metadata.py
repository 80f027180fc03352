# SPDX-License-Identifier: Apache-2.0
"""What the ONNX metadata say: everything of a network that its initializers do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from firebrick.hardware.tensor import TensorType
from firebrick.ir.network import Layer, Network

VERSION = "1"
VERSION_KEY = "firebrick.version"
NETWORK_KEY = "firebrick.network"
LABELS_KEY = "firebrick.labels"
NOTE_PREFIX = "firebrick.note."
"""What keys of further, free metadata begin with."""

_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "conv": ("kernel", "stride", "pad", "code_bits", "value_bits", "shift"),
        "maxpool": ("kernel", "stride"),
        "avgpool": (),
        "add": ("shift",),
    }
)
"""Integers of each operator that no initializer holds."""


def describe(network: Network) -> dict[str, str]:
    """Metadata of a network, as keys and values of the ONNX file."""
    preprocessing = network.preprocessing
    document = {
        "name": network.name,
        "image": _type(network.image),
        "preprocessing": {
            "resize": preprocessing.resize,
            "channels": preprocessing.channels,
            "mean": list(preprocessing.mean),
            "std": list(preprocessing.std),
        },
        "scales": dict(network.scales),
        "layers": [_layer(layer) for layer in network],
    }
    return {
        VERSION_KEY: VERSION,
        NETWORK_KEY: json.dumps(document, sort_keys=True),
        LABELS_KEY: json.dumps(list(network.labels)),
    }


def _type(kind: TensorType) -> dict[str, int]:
    return {
        "channels": kind.channels,
        "height": kind.height,
        "width": kind.width,
        "bits": kind.bits,
        "signed": int(kind.signed),
    }


def _layer(layer: Layer) -> dict[str, object]:
    operator = layer.operator
    fields: dict[str, object] = {
        "kind": operator.kind,
        "name": layer.name,
        "inputs": list(layer.inputs),
        "output": _type(operator.output),
    }
    return fields | {name: getattr(operator, name) for name in _FIELDS[operator.kind]}
