# SPDX-License-Identifier: Apache-2.0
"""An integer ONNX file to its `.fbz` file, and back to the last byte.

Only what cannot be computed is kept: metadata, and the initializers that recipes read back. The
network is built from these as from an ONNX file, and exported again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from firebrick.errors import FirebrickError
from firebrick.fbz import read, write
from firebrick.fbz.codes import Codes
from firebrick.fbz.contents import Contents, Packed
from firebrick.hardware.tensor import IntArray
from firebrick.ir.network import Network
from firebrick.quantize.integer_onnx.export import to_bytes, to_model
from firebrick.quantize.integer_onnx.network import build
from firebrick.quantize.ops import RECIPES, recipe_of

CODES = "codes"
"""What names of initializers end with that hold a layer's weights."""


def compress(data: bytes, network: Network) -> Packed:
    """The `.fbz` file of an integer ONNX file.

    Args:
        data: of the ONNX file.
        network: that was read from it.

    Raises:
        FirebrickError: this version would write the file otherwise, so that it would not come back
            as it is.
    """
    model = onnx.ModelProto()
    model.ParseFromString(data)
    metadata = {x.key: x.value for x in model.metadata_props}
    if _export(network, metadata) != data:
        raise FirebrickError(
            "bytes differ from what `firebrick quantize` writes for the same network: only its own "
            "files come back as they were: quantize the model again"
        )
    initializers = {x.name: x for x in model.graph.initializer}
    codes: dict[str, Codes] = {}
    constants: dict[str, dict[str, IntArray]] = {}
    for layer in network:
        for suffix, _type in recipe_of(layer.operator).stored:
            array = numpy_helper.to_array(initializers[f"{layer.name}.{suffix}"])
            if suffix == CODES:
                codes[layer.name] = array
            else:
                constants.setdefault(suffix, {})[layer.name] = array.astype(np.int64).reshape(-1)
    digest = hashlib.sha256(data).digest()
    packed = write.pack(Contents(metadata, codes, constants, len(data), digest))
    if decompress(packed.data) != data:
        raise FirebrickError("does not come back from its compressed form as it was")
    return packed


def decompress(data: bytes) -> bytes:
    """The ONNX file that a `.fbz` file was made from.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    contents = read.unpack(data)
    initializers = {x.name: x for x in _initializers(contents)}
    network = build(contents.metadata, initializers)
    known = {f"{x.name}.{y}" for x in network for y, _ in recipe_of(x.operator).stored}
    for name in initializers.keys() - known:
        raise FirebrickError(f"{name}: is of no layer")
    rebuilt = _export(network, contents.metadata)
    found = (len(rebuilt), hashlib.sha256(rebuilt).digest())
    if found != (contents.size, contents.digest):
        raise FirebrickError(
            f"sha256={found[1].hex()[:16]}... of the network's {found[0]} bytes is not "
            f"{contents.digest.hex()[:16]}... of {contents.size}: damaged, or made by another "
            "version of Firebrick: compress the ONNX file again"
        )
    return rebuilt


def _export(network: Network, metadata: Mapping[str, str]) -> bytes:
    model = to_model(network)
    helper.set_model_props(model, dict(metadata))
    return to_bytes(model)


def _initializers(contents: Contents) -> Iterator[TensorProto]:
    """Those that the file keeps, as the ONNX file has them but for their shapes."""
    types = {name: kind for recipe in RECIPES for name, kind in recipe.stored}
    arrays: dict[str, Mapping[str, Codes] | Mapping[str, IntArray]] = {
        CODES: contents.codes,
        **contents.constants,
    }
    for suffix, of_layers in arrays.items():
        if suffix not in types:
            raise FirebrickError(f"constants {suffix!r}: is not one of {', '.join(types)}")
        dtype = helper.tensor_dtype_to_np_dtype(types[suffix])
        limits = np.iinfo(dtype)
        for layer, array in of_layers.items():
            name = f"{layer}.{suffix}"
            if array.min(initial=0) < limits.min or array.max(initial=0) > limits.max:
                raise FirebrickError(f"{name}: does not fit {dtype}")
            yield numpy_helper.from_array(array.astype(dtype), name)
