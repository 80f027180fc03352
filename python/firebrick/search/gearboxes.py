# SPDX-License-Identifier: Apache-2.0
"""What stands between two convolutions, and what it costs to change columns there.

Gearboxes between 57 and 16 columns take a thousand LUTs, between 28 and 14 hardly any, so the
search weighs neighbours' columns against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from firebrick.area.estimate import estimate
from firebrick.hardware.resources import Family
from firebrick.hardware.tensor import TensorType
from firebrick.hardware.timing import Role
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops import layer_engine
from firebrick.ops.base import Operator
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding
from firebrick.ops.image import ImageEngine
from firebrick.ops.regroup import RegroupEngine
from firebrick.plan.streams import image_pixels
from firebrick.search.candidates import Candidate


@dataclass(frozen=True, slots=True)
class Join:
    """Two convolutions with nothing but streams between them, such as max pools.

    Attributes:
        source: name of the first.
        reader: name of the second.
        tensor: output of the first.
        between: what stands between them, in the order of the data.
        stride: of the second: input pixels for each of its columns.
    """

    source: str
    reader: str
    tensor: TensorType
    between: tuple[Operator, ...]
    stride: int

    def luts(self, before: int, after: int, cycles: float, family: Family) -> int:
        """LUTs of what is between and of gearboxes, for the columns of both convolutions."""
        total, columns, kind = 0, before, self.tensor
        wanted = after * self.stride
        for operator in self.between:
            made = layer_engine(operator)
            suited = made.suited_columns(operator, [columns], [wanted], cycles)
            engine = made.of(operator, Folding(suited), tuple(range(kind.channels)))
            total += gearbox(kind, columns, engine.in_columns[0], family)
            total += estimate(operator.kind, engine.parameters(), family).lut
            columns, kind = engine.out_columns, operator.output
        return total + gearbox(kind, columns, wanted, family)


def gearbox(kind: TensorType, before: int, after: int, family: Family) -> int:
    """LUTs of a change of columns."""
    if before == after:
        return 0
    engine = RegroupEngine("gearbox", kind, before, after)
    return estimate("regroup", engine.parameters(), family).lut


def with_image(
    network: Network, name: str, options: list[Candidate], cycles: float, family: Family
) -> list[Candidate]:
    """The cost of bringing the image to a convolution that reads it, as wide as it wants, added."""
    layer, operator = next(x for x in network.each(Conv) if x[0].name == name)
    if IMAGE not in layer.inputs:
        return options
    stride, kind = operator.stride, network.image
    pixels = image_pixels(kind, cycles)
    cost = {
        columns: estimate("image", ImageEngine(kind, pixels, columns).parameters(), family)
        for columns in {x.folding.columns * stride for x in options}
    }
    return [replace(x, resources=x.resources + cost[x.folding.columns * stride]) for x in options]


def joins(network: Network) -> list[Join]:
    """Pairs of convolutions whose columns meet. Tensors with several readers are left out."""
    readers: dict[str, list[str]] = {}
    for layer in network:
        for name in layer.inputs:
            readers.setdefault(name, []).append(layer.name)
    operators = {x.name: x.operator for x in network}
    convolutions = {x.name: conv for x, conv in network.each(Conv)}
    found = []
    for source, conv in convolutions.items():
        between: list[Operator] = []
        name = source
        while len(readers.get(name, ())) == 1:
            name = readers[name][0]
            if name in convolutions:
                stride = convolutions[name].stride
                found.append(Join(source, name, conv.output, tuple(between), stride))
                break
            if layer_engine(operators[name]).ROLE is not Role.STREAM:
                break
            between.append(operators[name])
    return found


def tables(
    found: Sequence[Join], columns: Mapping[str, list[int]], cycles: float, family: Family
) -> dict[tuple[str, str], list[list[int]]]:
    """LUTs of each join, by the columns of source and reader."""
    return {
        (x.source, x.reader): [
            [x.luts(before, after, cycles, family) for after in columns[x.reader]]
            for before in columns[x.source]
        ]
        for x in found
    }
