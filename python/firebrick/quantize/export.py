# SPDX-License-Identifier: Apache-2.0
"""The quantized network as one standard integer ONNX file.

Every tensor is an integer, every node a standard operator; the tensor a layer produces bears the
layer's name. Weights are codes, looked up in their codebook by Gather. Weights and activations are
both unsigned bytes with a zero point: kernels for unsigned x signed bytes saturate on some CPUs,
those for unsigned x unsigned never do. ONNX shifts unsigned integers only: an arithmetic shift is
`((v + (lift << shift)) >> shift) - lift` with a `lift` that makes every value positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool
from firebrick.output import whole_file
from firebrick.quantize.metadata import NOTE_PREFIX, describe
from firebrick.quantize.storage import Storage, storages

OPSET = 17
IR_VERSION = 8
WEIGHT_ZERO = 128
"""Zero point of weights stored as bytes."""


def write(network: Network, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write the integer ONNX file, whole or not at all.

    Args:
        network: to write.
        path: of the file.
        notes: further metadata, written as ``firebrick.note.<key>``.

    Raises:
        FirebrickError: a layer has no exact ONNX form, or the file cannot be written.
    """
    data = to_model(network, notes).SerializeToString(deterministic=True)
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def to_model(network: Network, notes: Mapping[str, str] | None = None) -> onnx.ModelProto:
    """The ONNX model in memory.

    Raises:
        FirebrickError: a layer has no exact ONNX form.
    """
    builder = _Builder(storages(network))
    for layer in network:
        builder.add_layer(layer)
    image, output = network.image, network.layers[-1].operator.output
    graph = helper.make_graph(
        builder.nodes,
        network.name,
        [_value(IMAGE, TensorProto.UINT8, image)],
        [_value(network.output, TensorProto.INT32, output)],
        builder.initializers,
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


class _Builder:
    """Collects nodes and initializers."""

    def __init__(self, stored: Mapping[str, Storage]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._stored = stored

    def add_layer(self, layer: Layer) -> None:
        operator = layer.operator
        if isinstance(operator, Conv):
            self._conv(layer, operator)
        elif isinstance(operator, MaxPool):
            self._maxpool(layer, operator)
        elif isinstance(operator, AvgPool):
            self._avgpool(layer, operator)
        elif isinstance(operator, Add):
            self._add(layer, operator)
        else:
            raise FirebrickError(f"layer {layer.name!r}: {operator.kind} has no ONNX form")

    def _node(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, list(inputs), [output], name=output, **attributes))
        return output

    def _constant(self, name: str, value: object, dtype: type[np.integer]) -> str:
        array = np.asarray(value)
        narrow = array.astype(dtype)
        if not np.array_equal(array, narrow):
            raise FirebrickError(f"constant {name!r}: does not fit {np.dtype(dtype).name}")
        self.initializers.append(numpy_helper.from_array(narrow, name))
        return name

    def _narrow(self, name: str) -> Storage:
        """Storage of an input that must be bytes."""
        stored = self._stored[name]
        if stored.wide or stored.kind.bits > 8:
            raise FirebrickError(f"layer {name!r}: bits={stored.kind.bits} of an input exceeds 8")
        return stored

    def _conv(self, layer: Layer, conv: Conv) -> None:
        name, (source,) = layer.name, layer.inputs
        if conv.acc_bits > 32:
            raise FirebrickError(f"conv {name!r}: acc_bits={conv.acc_bits} exceeds 32")
        codes = self._constant(f"{name}.codes", conv.codes, np.uint8)
        book = self._constant(f"{name}.codebook", conv.codebook + WEIGHT_ZERO, np.uint8)
        zero = self._constant(f"{name}.input_zero", self._narrow(source).zero, np.uint8)
        weight_zero = self._constant(f"{name}.weight_zero", WEIGHT_ZERO, np.uint8)
        index = self._node("Cast", [codes], f"{name}.index", to=TensorProto.INT32)
        weights = self._node("Gather", [book, index], f"{name}.weights")
        sums = self._node(
            "ConvInteger",
            [source, weights, zero, weight_zero],
            f"{name}.sums",
            kernel_shape=[conv.kernel] * 2,
            strides=[conv.stride] * 2,
            pads=list(conv.pads),
        )
        column = (1, -1, 1, 1)
        bias = self._constant(f"{name}.bias", conv.bias.reshape(column), np.int32)
        biased = self._node("Add", [sums, bias], f"{name}.biased")
        wide = self._node("Cast", [biased], f"{name}.wide", to=TensorProto.INT64)
        multiplier = self._constant(f"{name}.multiplier", conv.multiplier.reshape(column), np.int64)
        scaled = self._node("Mul", [wide, multiplier], f"{name}.scaled")
        reach = int(conv.multiplier.max()) << (conv.acc_bits - 1)
        self._requantize(conv, scaled, reach=reach)

    def _add(self, layer: Layer, add: Add) -> None:
        name = layer.name
        terms, zeros, reach = [], 0, 0
        for side, source, factor in zip(
            ("left", "right"), layer.inputs, add.multipliers, strict=True
        ):
            stored = self._narrow(source)
            zeros += stored.zero * factor
            reach += max(stored.kind.hi, -stored.kind.lo) * factor
            wide = self._node("Cast", [source], f"{name}.{side}", to=TensorProto.INT64)
            constant = self._constant(f"{name}.{side}_multiplier", factor, np.int64)
            terms.append(self._node("Mul", [wide, constant], f"{name}.{side}_scaled"))
        total = self._node("Add", terms, f"{name}.total")
        self._requantize(add, total, offset=-zeros, reach=reach)

    def _requantize(
        self, operator: Conv | Add, scaled: str, *, offset: int = 0, reach: int
    ) -> None:
        """`clamp((scaled + offset + half) >> shift)`, |scaled + offset| <= reach, stored.

        The clamp is on int32: onnxruntime's Max, Min and Clip on int64 give wrong results on x86
        (its pull requests 25280 and 32475).
        """
        name, shift, output = operator.name, operator.shift, operator.output
        half = (1 << shift) >> 1
        lift = 1 << ((reach + half) >> shift).bit_length()  # above any shifted magnitude
        if lift > 1 << 30:
            raise FirebrickError(f"layer {name!r}: shift={shift} leaves more than 31 bits")
        total = self._constant(f"{name}.offset", offset + half + (lift << shift), np.int64)
        positive = self._node("Add", [scaled, total], f"{name}.positive")
        unsigned = self._node("Cast", [positive], f"{name}.unsigned", to=TensorProto.UINT64)
        bits = self._constant(f"{name}.shift", shift, np.uint64)
        shifted = self._node("BitShift", [unsigned, bits], f"{name}.shifted", direction="RIGHT")
        lifted = self._node("Cast", [shifted], f"{name}.lifted", to=TensorProto.INT32)
        low = self._constant(f"{name}.low", lift + output.lo, np.int32)
        high = self._constant(f"{name}.high", lift + output.hi, np.int32)
        clamped = self._node("Clip", [lifted, low, high], f"{name}.clamped")
        if self._stored[name].wide:
            self._node("Sub", [clamped, self._constant(f"{name}.lift", lift, np.int32)], name)
            return
        stored = self._node("Sub", [clamped, low], f"{name}.stored")
        self._node("Cast", [stored], name, to=TensorProto.UINT8)

    def _maxpool(self, layer: Layer, pool: MaxPool) -> None:
        name, (source,) = layer.name, layer.inputs
        past = []
        for size, out in (
            (pool.input.height, pool.output.height),
            (pool.input.width, pool.output.width),
        ):
            reach = (out - 1) * pool.stride + pool.kernel - size
            if reach <= -pool.stride:
                raise FirebrickError(f"maxpool {name!r}: output={pool.output} leaves pixels unused")
            past.append(max(0, reach))  # padding never wins a maximum: windows are clipped
        stored = self._stored[name]
        narrow = f"{name}.bytes" if stored.wide else name
        zero = self._narrow(source).zero
        self._node(
            "MaxPool",
            [source],
            narrow,
            kernel_shape=[pool.kernel] * 2,
            strides=[pool.stride] * 2,
            pads=[0, 0, *past],
        )
        if stored.wide:
            wide = self._node("Cast", [narrow], f"{name}.stored", to=TensorProto.INT32)
            self._node("Sub", [wide, self._constant(f"{name}.zero", zero, np.int32)], name)

    def _avgpool(self, layer: Layer, pool: AvgPool) -> None:
        name, (source,) = layer.name, layer.inputs
        if pool.output.bits > 32:
            raise FirebrickError(f"avgpool {name!r}: bits={pool.output.bits} exceeds 32")
        wide = self._node("Cast", [source], f"{name}.wide", to=TensorProto.INT32)
        axes = self._constant(f"{name}.axes", [2, 3], np.int64)
        zero = self._constant(f"{name}.zero", self._narrow(source).zero, np.int32)
        centred = self._node("Sub", [wide, zero], f"{name}.centred")
        total = self._node("ReduceSum", [centred, axes], f"{name}.total", keepdims=1)
        bias = self._constant(f"{name}.bias", pool.bias.reshape(1, -1, 1, 1), np.int32)
        self._node("Add", [total, bias], name)
