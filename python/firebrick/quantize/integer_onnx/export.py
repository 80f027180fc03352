# SPDX-License-Identifier: Apache-2.0
"""The quantized network as one standard integer ONNX file.

Every tensor is an integer, every node a standard operator; the tensor a layer produces bears the
layer's name. What an operator is written as, its recipe in `quantize.ops` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from firebrick.files.output import whole_file
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.quantize.integer_onnx.metadata import NOTE_PREFIX, describe
from firebrick.quantize.integer_onnx.storage import storages
from firebrick.quantize.ops import recipe_of
from firebrick.quantize.ops.onnx_nodes import OnnxNodes

OPSET = 17
IR_VERSION = 8


def write(network: Network, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write the integer ONNX file, whole or not at all.

    Args:
        network: to write.
        path: of the file.
        notes: further metadata, written as ``firebrick.note.<key>``.

    Raises:
        FirebrickError: a layer has no exact ONNX form, or the file cannot be written.
    """
    data = to_bytes(to_model(network, notes))
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def to_bytes(model: onnx.ModelProto) -> bytes:
    """The file of a model; the same bytes for the same model."""
    return bytes(model.SerializeToString(deterministic=True))


def to_model(network: Network, notes: Mapping[str, str] | None = None) -> onnx.ModelProto:
    """The ONNX model in memory.

    Raises:
        FirebrickError: a layer has no exact ONNX form.
    """
    out = OnnxNodes(storages(network))
    for layer in network:
        recipe_of(layer.operator).write(layer.operator, layer.inputs, out)
    image, output = network.image, network.layers[-1].operator.output
    graph = helper.make_graph(
        out.nodes,
        network.name,
        [_value(IMAGE, TensorProto.UINT8, image)],
        [_value(network.output, TensorProto.INT32, output)],
        out.initializers,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="firebrick",
    )
    notes = {f"{NOTE_PREFIX}{key}": value for key, value in (notes or {}).items()}
    helper.set_model_props(model, describe(network) | notes)
    return model


def _value(name: str, kind: int, tensor: TensorType) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["N", tensor.channels, tensor.height, tensor.width]
    return helper.make_tensor_value_info(name, kind, shape)
