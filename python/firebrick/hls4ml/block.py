# SPDX-License-Identifier: Apache-2.0
"""A planned network in blocks: what stands between two streams of hls4ml, where it has a layer.

A Fire module is one block, since nothing else reads what its squeeze gives. So is the classifier
with its average: an array of a thousand channels would be wider than any stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile

from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Layer, Network
from firebrick.ops import LAYERS
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.conv.operator import Conv
from firebrick.plan.pipeline import Instance, Link, Pipeline

FIRE = "Fire"
"""Kind of a block of squeeze and expand, and of its layer's class in hls4ml."""
CLASSIFIER = "FirebrickClassifier"
"""Kind of a block of a classifier and its average."""
SINGLE: Mapping[str, str] = {
    kind: "Firebrick" + engine.__name__.removesuffix("Engine") for kind, engine in LAYERS.items()
}
"""Kinds of blocks of one layer, by its operator: `FirebrickConv` and the like."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One layer of hls4ml: functions in a row, between channels-last arrays.

    Attributes:
        name: of the layer.
        kind: its class.
        inputs: blocks read, or `IMAGE`.
        sources: row streams that the first function wants, one for each input.
        instances: the functions.
        output: row stream that the last function gives.
        values: arrays of the output hold one value, not all channels of a pixel.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    sources: tuple[Link, ...]
    instances: tuple[Instance, ...]
    output: Link
    values: bool = False

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers of the network that it computes."""
        return tuple(x.name for x in self.instances if x.module in LAYERS)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the output as hls4ml has it: channels last."""
        kind = self.output.stream.tensor
        if self.values:
            return kind.channels, 1
        return kind.height, kind.width, kind.channels


def blocks(network: Network, pipeline: Pipeline) -> tuple[Block, ...]:
    """The blocks of a network, in execution order."""
    found = chains(network)
    names = dict(zip(map(id, found), _names(network, found), strict=True))
    ends = {IMAGE: IMAGE} | {x[-1].name: names[id(x)] for x in found}
    return tuple(_block(network, pipeline, names[id(x)], x, ends) for x in found)


def is_fire(squeeze: Layer, expand: Layer) -> bool:
    """Whether two layers in a row are a Fire module."""
    first, second = squeeze.operator, expand.operator
    return (
        isinstance(first, Conv)
        and isinstance(second, Conv)
        and (first.kernel, first.stride) == (1, 1)
        and (second.kernel, second.stride, second.pad) == (3, 1, 1)
    )


def is_classifier(conv: Layer, average: Layer) -> bool:
    """Whether two layers in a row are a classifier and its average."""
    return isinstance(conv.operator, Conv) and isinstance(average.operator, AvgPool)


def chains(network: Network) -> list[tuple[Layer, ...]]:
    """Layers by block."""
    result: list[tuple[Layer, ...]] = []
    for layer in network:
        before = result[-1][-1] if result and len(result[-1]) == 1 else None
        alone = [x.name for x in network for name in x.inputs if before and name == before.name]
        if (
            before is not None
            and alone == [layer.name]
            and (is_fire(before, layer) or is_classifier(before, layer))
        ):
            result[-1] = (before, layer)
        else:
            result.append((layer,))
    return result


def _names(network: Network, chains: list[tuple[Layer, ...]]) -> list[str]:
    """A name for each block: that of its layer, or what its layers' names have in common."""
    taken = {IMAGE} | {x.name for x in network}
    result = []
    for chain in chains:
        name = chain[0].name
        if len(chain) > 1:
            alike = takewhile(
                lambda x: len(set(x)) == 1, zip(*(x.name for x in chain), strict=False)
            )
            common = "".join(x[0] for x in alike).rstrip("_")
            name = common if common.isidentifier() else "_".join(x.name for x in chain)
            while name in taken:
                name += "_"
            taken.add(name)
        result.append(name)
    return result


def _block(
    network: Network,
    pipeline: Pipeline,
    name: str,
    chain: tuple[Layer, ...],
    ends: dict[str, str],
) -> Block:
    instances = {x.name: x for x in pipeline.instances}
    first = instances[chain[0].name].engine
    sources = tuple(
        Link(tensor, StreamType(kind, columns), pipeline.link(tensor).order)
        for tensor, kind, columns in zip(
            chain[0].inputs, first.operator.inputs, first.in_columns, strict=True
        )
    )
    functions: list[Instance] = []
    for layer in chain:
        function = instances[layer.name]
        between = next((x for x in pipeline.instances if x.outputs == function.inputs), None)
        if functions and between is not None and between is not functions[-1]:
            functions.append(between)
        functions.append(function)
    output = pipeline.link(chain[-1].name)
    last = output.name == network.output
    return Block(
        name,
        SINGLE[chain[0].operator.kind] if len(chain) == 1 else _kind(*chain),
        tuple(ends[x] for x in chain[0].inputs),
        sources,
        tuple(functions),
        output,
        values=last and _is_vector(output.stream.tensor) and output.stream.columns == 1,
    )


def _kind(first: Layer, second: Layer) -> str:
    return FIRE if is_fire(first, second) else CLASSIFIER


def _is_vector(kind: TensorType) -> bool:
    return kind.height == 1 and kind.width == 1
