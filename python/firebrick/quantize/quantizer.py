# SPDX-License-Identifier: Apache-2.0
"""Post-training quantization, layer by layer, on a few photographs without labels.

Two streams run side by side through the network: what the float network computes, and what the
layers quantized so far make of the same crops, as the exact integers of the hardware. Each
layer's weights, bias and scales are chosen so that its integers follow the float output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.images import PixelArray
from firebrick.ir.graph import (
    IMAGE,
    AddNode,
    ConvNode,
    FloatArray,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Shape,
)
from firebrick.ir.network import Layer, Network
from firebrick.ir.verify import output_shape
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool, sum_type
from firebrick.ops.base import Operator
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool
from firebrick.progress import Progress
from firebrick.quantize import memory
from firebrick.quantize.calibration import random_crops
from firebrick.quantize.equalize import equalize
from firebrick.quantize.floats import float_operator
from firebrick.quantize.fold_input import fold_input
from firebrick.quantize.forward import fast_operator
from firebrick.quantize.hessian import Statistics, gather_patches
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.scales import activation_scale, multipliers, scale_floor
from firebrick.quantize.tensors import Step, Tensors
from firebrick.quantize.weights import quantize_weights

RANGE_CROPS = 17
"""Crops that channels are compared on."""
SCALE_SAMPLES = 1 << 21
"""Values of a tensor that its scale is chosen on, at most."""


@dataclass(slots=True)
class _State:
    """What is known so far."""

    options: QuantizeOptions
    rng: np.random.Generator
    tensors: Tensors
    kinds: dict[str, TensorType]
    scales: dict[str, float]
    layers: list[Layer] = field(default_factory=list)

    def source(self, name: str) -> _Source:
        return _Source(name, self.kinds[name], self.scales[name])


@dataclass(frozen=True, slots=True)
class _Source:
    """A tensor that a layer reads."""

    name: str
    kind: TensorType
    scale: float


def quantize(
    graph: Graph,
    options: QuantizeOptions,
    photographs: Sequence[PixelArray],
    progress: Progress | None = None,
) -> Network:
    """Quantize a prepared float graph (convolutions, max pools, adds, global average).

    Args:
        graph: after `firebrick.passes.prepare`.
        options: bits, scheme, seed.
        photographs: uint8 (3, H, W) RGB of any size, to calibrate on.
        progress: called with what is being done and the share done, 0 to 1.

    Returns:
        Integers only; its logits times `scales[output]` follow the float logits. Scales of inner
        tensors are those of the equalized network: a channel may be amplified on top.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    size = graph.input
    if size.channels != 3:
        raise FirebrickError(f"{graph.name}: image channels={size.channels} is not 3, as RGB has")
    memory.check(graph, options)
    folded = fold_input(graph)
    crops = random_crops(photographs, options.crops, size.height, size.width, options.seed)
    if options.compensate:
        folded = equalize(folded, crops[:RANGE_CROPS])
    image = TensorType(size.channels, size.height, size.width, 8, signed=False)
    state = _State(
        options,
        np.random.default_rng(options.seed + 1),
        Tensors(crops),
        {IMAGE: image},
        {IMAGE: 1.0},
    )
    # BLAS threads gain little on these small matrices, and spin for minutes on a busy machine
    with threadpool_limits(limits=1, user_api="blas"):
        _quantize_nodes(folded, state, progress)
    if progress:
        progress("quantizing", 1.0)
    return Network(
        graph.name,
        image,
        tuple(state.layers),
        graph.preprocessing,
        state.scales,
        graph.labels,
    )


def _quantize_nodes(graph: Graph, state: _State, progress: Progress | None) -> None:
    """All layers in order; a tensor is forgotten after its last reader."""
    last_use = {source: at for at, node in enumerate(graph.nodes) for source in node.inputs}
    rooms = memory.rooms(graph, state.options)
    alive = {IMAGE}
    for index, node in enumerate(graph.nodes):
        if progress:
            progress("quantizing", index / len(graph.nodes))
        _quantize_node(node, state, rooms[index])
        alive.add(node.name)
        alive -= {x for x in node.inputs if last_use[x] == index}
        state.tensors.forget(alive)


def _quantize_node(node: Node, state: _State, room: int) -> None:
    inputs = [state.source(name) for name in node.inputs]
    for source in inputs:
        if source.kind.bits > 8:
            raise FirebrickError(
                f"layer {node.name!r}: input {source.name!r} has bits={source.kind.bits}, exceeds 8"
            )
    real = float_operator(node)
    if isinstance(node, ConvNode):
        operator, scale = _conv(node, inputs[0], state)
    elif isinstance(node, AddNode):
        operator, scale = _add(node, inputs, state)
    elif isinstance(node, MaxPoolNode):
        operator, scale = _maxpool(node, inputs[0]), inputs[0].scale
    elif isinstance(node, GlobalAveragePoolNode):
        operator, scale = _avgpool(node, inputs[0])
    else:  # float_operator has refused it
        raise TypeError(type(node).__name__)
    step = Step(node.inputs, real, fast_operator(operator), operator.output.values, scale)
    state.tensors.add(node.name, step, room)
    state.layers.append(Layer(operator, node.inputs))
    state.kinds[node.name] = operator.output
    state.scales[node.name] = scale


def _shape(node: Node, kind: TensorType) -> Shape:
    """Shape of what a layer makes of a tensor."""
    return output_shape(node, [Shape(kind.channels, kind.height, kind.width)])


def _conv(node: ConvNode, source: _Source, state: _State) -> tuple[Operator, float]:
    """Weights, then bias (correcting the mean), then the scale of what comes out."""
    options = state.options
    outputs, _channels, kernel, _ = node.weights.shape
    shape = _shape(node, source.kind)
    parts = (part for (part,) in state.tensors.batches([source.name]))
    count = memory.patches(node, options)
    size = (shape.height, shape.width)
    patches = gather_patches(parts, options.crops, node, size, count, state.rng)
    statistics = Statistics.of(patches)
    sampled = patches.quantized
    del patches
    flat = node.weights.reshape(outputs, -1).astype(np.float64)
    floor = scale_floor(node.bias.astype(np.float64), source.scale)
    quantized = quantize_weights(flat, statistics, options, floor)
    bias = node.bias.astype(np.float64)
    if options.compensate:
        bias = bias + flat @ statistics.float_mean - quantized.real @ statistics.mean
    output = sampled @ quantized.real.T.astype(np.float32)
    output += bias.astype(np.float32)
    signed = not node.relu
    kind = TensorType(outputs, shape.height, shape.width, options.act_bits, signed)
    sum_scale = source.scale * quantized.scale
    # an output step finer than that of the sums would show nothing new
    scale = activation_scale(output, kind.lo, kind.hi, float(sum_scale.max()))
    multiplier, shift = multipliers(sum_scale / scale)
    top, left = node.pads[:2]
    if top != left:
        raise FirebrickError(f"conv {node.name!r}: pads={node.pads}, top and left differ")
    operator = Conv(
        name=node.name,
        input=source.kind,
        output=kind,
        kernel=kernel,
        stride=node.stride,
        pad=top,
        codes=quantized.codes.reshape(node.weights.shape),
        codebook=quantized.codebook,
        code_bits=options.weight_bits,
        value_bits=options.value_bits,
        bias=np.rint(bias / sum_scale).astype(np.int64),
        multiplier=multiplier,
        shift=shift,
    )
    return operator, scale


def _add(node: AddNode, inputs: Sequence[_Source], state: _State) -> tuple[Operator, float]:
    left, right = inputs
    kind = TensorType(
        left.kind.channels,
        left.kind.height,
        left.kind.width,
        state.options.act_bits,
        signed=not node.relu,
    )
    floor = max(left.scale, right.scale) / (1 << state.options.act_bits)
    scale = activation_scale(_sample_sums(left, right, state), kind.lo, kind.hi, floor)
    multiplier, shift = multipliers(np.array([left.scale, right.scale]) / scale)
    pair = (int(multiplier[0]), int(multiplier[1]))
    return Add(node.name, left.kind, right.kind, kind, pair, shift), scale


def _sample_sums(left: _Source, right: _Source, state: _State) -> FloatArray:
    """Every nth sum of all crops."""
    step = -(-left.kind.values * state.options.crops // SCALE_SAMPLES)
    samples, done = [], 0
    for a, b in state.tensors.batches([left.name, right.name]):
        total = a.integer * np.float32(left.scale) + b.integer * np.float32(right.scale)
        samples.append(total.reshape(-1)[-done % step :: step].copy())
        done += total.size
    return np.concatenate(samples)


def _maxpool(node: MaxPoolNode, source: _Source) -> Operator:
    kind = source.kind
    shape = _shape(node, kind)
    output = TensorType(shape.channels, shape.height, shape.width, kind.bits, kind.signed)
    return MaxPool(node.name, kind, output, node.kernel, node.stride)


def _avgpool(node: GlobalAveragePoolNode, source: _Source) -> tuple[Operator, float]:
    """Sums; the division by the number of pixels lives in the scale."""
    kind = source.kind
    ring = np.zeros(kind.channels) if node.ring is None else node.ring.astype(np.float64)
    bias = np.rint(ring / source.scale).astype(np.int64)
    operator = AvgPool(node.name, kind, sum_type(kind, bias), bias)
    count = kind.height * kind.width if node.count is None else node.count
    return operator, source.scale / count
