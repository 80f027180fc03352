# SPDX-License-Identifier: Apache-2.0
"""Pass of hls4ml: a Fire module of stock layers becomes one Fire layer.

    x -> Conv2D 1x1 -> ReLU -> Conv2D 1x1 -> ReLU --> Concatenate    becomes    x -> Fire
                           '-> Conv2D 3x3 -> ReLU -'

Only where the Fire layer gives the same bits; elsewhere the layers stay and a warning says why.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from warnings import warn

import numpy as np
from hls4ml.model.optimizer import OptimizerPass

from firebrick.emit.hls.generate import origin
from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.hls4ml.block import Block, blocks
from firebrick.hls4ml.exact import Branch, NotExact, branch, require, tensor_type
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Layer, Network
from firebrick.ops.conv.operator import Conv
from firebrick.plan.pipeline import build
from firebrick.preprocessing import Preprocessing
from firebrick.search.goal import Goal
from firebrick.search.planner import plan

FEWEST = 2
"""Multipliers of a Fire layer: one for each of its convolutions."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Layers of a Fire module.

    Attributes:
        squeeze: convolution and ReLU.
        expands: the same, in the order in which they are joined.
        join: the concatenation.
    """

    squeeze: tuple[Any, Any]
    expands: tuple[tuple[Any, Any], ...]
    join: Any

    @property
    def nodes(self) -> list[Any]:
        """All of them."""
        return [*self.squeeze, *(x for pair in self.expands for x in pair), self.join]


def find(join: Any) -> Pattern | None:
    """The Fire module that ends in a concatenation, if one does."""
    if join.class_name != "Concatenate" or len(join.inputs) != 2:
        return None
    expands = tuple(_conv_relu(join, x) for x in join.inputs)
    if None in expands or expands[0] is expands[1]:
        return None
    pairs = [x for x in expands if x is not None]
    first = _conv_relu(pairs[0][0], pairs[0][0].inputs[0], readers=[x[0] for x in pairs])
    sources = {x[0].inputs[0] for x in pairs}
    kernels = sorted(x[0].get_attr("filt_height") for x in pairs)
    if first is None or len(sources) != 1 or kernels != [1, 3]:
        return None
    if first[0].get_attr("filt_height") != 1:
        return None
    return Pattern(first, tuple(pairs), join)


def _conv_relu(
    reader: Any, tensor: str, readers: Sequence[Any] | None = None
) -> tuple[Any, Any] | None:
    """Convolution and ReLU that give a tensor which nobody else reads."""
    relu = reader.get_input_node(tensor)
    if relu is None or relu.class_name != "Activation" or relu.get_attr("activation") != "relu":
        return None
    conv = relu.get_input_node()
    if conv is None or conv.class_name not in ("Conv2D", "PointwiseConv2D"):
        return None
    inner = {*conv.outputs, *relu.outputs}
    expected = {x.name for x in readers or [reader]}
    if {x.name for x in relu.get_output_nodes()} != expected or len(conv.get_output_nodes()) != 1:
        return None
    return None if inner & set(relu.model.outputs) else (conv, relu)


def operator(name: str, source: TensorType, branches: Sequence[Branch]) -> Conv:
    """One convolution of branches side by side; smaller kernels become centre taps.

    Raises:
        NotExact: when they do not end in one type.
        FirebrickError: when a field does not fit.
    """
    kernel = max(x.weights.shape[2] for x in branches)
    shift = max(0, *(x.shift for x in branches))
    output = branches[0].output
    weights = np.concatenate([_widened(x.weights, kernel) for x in branches])
    counts = [len(x.bias) for x in branches]
    multiplier = np.repeat([1 << (shift - x.shift) for x in branches], counts).astype(np.int64)
    values = sorted({int(x) for x in np.unique(weights)} - {0})
    codebook = np.array([0, *values], np.int64)
    require(len(codebook) <= 256, f"{name}: weights={len(codebook)} distinct ones exceed 256")
    order = np.argsort(codebook)
    codes = order[np.searchsorted(codebook[order], weights)].astype(np.uint8)
    most = int(np.abs(codebook).max())
    return Conv(
        name=name,
        input=source,
        output=TensorType(sum(counts), output.height, output.width, output.bits, False),
        kernel=kernel,
        stride=1,
        pad=kernel // 2,
        codes=codes,
        codebook=codebook,
        code_bits=max(2, (len(codebook) - 1).bit_length()),
        value_bits=max(2, most.bit_length() + 1 - int(most & (most - 1) == 0 and -most in values)),
        bias=np.concatenate([x.bias for x in branches]),
        multiplier=multiplier,
        shift=shift,
    )


def _widened(weights: IntArray, kernel: int) -> IntArray:
    edge = (kernel - weights.shape[2]) // 2
    return np.pad(weights, ((0, 0), (0, 0), (edge, edge), (edge, edge)))


def fire_network(pattern: Pattern) -> Network:
    """A Fire module as a quantized network of its own.

    Raises:
        NotExact: when it would not give the same bits.
        FirebrickError: when a field does not fit.
    """
    join, (conv, relu) = pattern.join, pattern.squeeze
    expands = [branch(*x) for x in pattern.expands]
    results = {str(x[1].get_output_variable().type.precision) for x in pattern.expands}
    results.add(str(join.get_output_variable().type.precision))
    require(len(results) == 1, f"{join.name}: result_t differs: {', '.join(sorted(results))}")
    channels = sum(x.output.channels for x in expands)
    require(
        join.get_output_variable().shape[-1] == channels, f"{join.name}: does not join channels"
    )
    source = tensor_type(conv.get_input_variable())
    squeeze = operator(f"{join.name}_squeeze", source, [branch(conv, relu)])
    expand = operator(f"{join.name}_expand", squeeze.output, expands)
    layers = (Layer(squeeze, (IMAGE,)), Layer(expand, (squeeze.name,)))
    scales = dict.fromkeys((IMAGE, squeeze.name, expand.name), 1.0)
    return Network(join.name, source, layers, Preprocessing(source.height), scales)


def fire_block(pattern: Pattern, network: Network) -> Block:
    """The engines of a Fire module; as many multipliers as hls4ml would take for its weights.

    Raises:
        FirebrickError: when no plan fits.
    """
    config, conv = pattern.join.model.config, pattern.expands[-1][0]
    weights = sum(x[0].weights["weight"].data.size for x in (pattern.squeeze, *pattern.expands))
    goal = Goal(multipliers=max(FEWEST, weights // config.get_reuse_factor(conv)))
    (found,) = blocks(network, build(network, plan(network, goal)))
    return replace(found, name=network.name, inputs=(pattern.squeeze[0].inputs[0],))


class FuseFire(OptimizerPass):  # type: ignore[misc]
    """Replaces squeeze, expand and concatenation by a Fire layer."""

    def match(self, node: Any) -> bool:
        """Whether a Fire module ends here that can be replaced."""
        pattern = find(node)
        if pattern is None:
            return False
        try:
            fire_network(pattern)
        except (NotExact, FirebrickError) as error:
            warn(f"{node.name}: stays as it is: {error}", stacklevel=2)
            return False
        return True

    def transform(self, model: Any, node: Any) -> bool:
        """Replace it."""
        pattern = find(node)
        if pattern is None:
            return False
        network = fire_network(pattern)
        block = fire_block(pattern, network)
        attributes = {
            "block": block,
            "origin": origin(network),
            "output_precision": node.get_output_variable().type.precision,
        }
        for old in pattern.nodes:
            for output in old.outputs:
                del model.output_vars[output]
        fire = model.make_node("Fire", node.name, attributes, list(block.inputs), node.outputs)
        gone = {x.name for x in pattern.nodes} - {node.name}
        model.graph = OrderedDict(
            (name, fire if name == node.name else x)
            for name, x in model.graph.items()
            if name not in gone
        )
        return True
