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
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops.conv.operator import Conv
from firebrick.ops.image import ImageEngine
from firebrick.ops.maxpool import MaxPool, MaxPoolEngine
from firebrick.ops.regroup import RegroupEngine
from firebrick.plan.streams import image_pixels, pool_columns
from firebrick.search.candidates import Folding


@dataclass(frozen=True, slots=True)
class Join:
    """Two convolutions with nothing but max pools between them.

    Attributes:
        source: name of the first.
        reader: name of the second.
        tensor: output of the first.
        pools: in the order of the data.
        stride: of the second: input pixels for each of its columns.
    """

    source: str
    reader: str
    tensor: TensorType
    pools: tuple[MaxPool, ...]
    stride: int

    def luts(self, before: int, after: int, cycles: float, family: Family) -> int:
        """LUTs of pools and gearboxes, for the columns of both convolutions."""
        total, columns, kind = 0, before, self.tensor
        wanted = after * self.stride
        for pool in self.pools:
            given = columns
            columns = pool_columns(pool, given, [wanted], cycles)
            total += gearbox(kind, given, columns * pool.stride, family)
            engine = MaxPoolEngine(pool, columns)
            total += estimate("maxpool", engine.parameters(), family).lut
            kind = pool.output
        return total + gearbox(kind, columns, wanted, family)


def gearbox(kind: TensorType, before: int, after: int, family: Family) -> int:
    """LUTs of a change of columns."""
    if before == after:
        return 0
    engine = RegroupEngine("gearbox", kind, before, after)
    return estimate("regroup", engine.parameters(), family).lut


def with_image(
    network: Network, name: str, options: list[Folding], cycles: float, family: Family
) -> list[Folding]:
    """Add what brings the image to a convolution that reads it, as wide as its columns want."""
    layer = next(x for x in network if x.name == name)
    if IMAGE not in layer.inputs or not isinstance(layer.operator, Conv):
        return options
    stride, kind = layer.operator.stride, network.image
    pixels = image_pixels(kind, cycles)
    cost = {
        columns: estimate("image", ImageEngine(kind, pixels, columns).parameters(), family)
        for columns in {x.choice.columns * stride for x in options}
    }
    return [replace(x, resources=x.resources + cost[x.choice.columns * stride]) for x in options]


def joins(network: Network) -> list[Join]:
    """Pairs of convolutions whose columns meet. Tensors with several readers are left out."""
    readers: dict[str, list[str]] = {}
    for layer in network:
        for name in layer.inputs:
            readers.setdefault(name, []).append(layer.name)
    operators = {x.name: x.operator for x in network}
    found = []
    for layer in network:
        if not isinstance(layer.operator, Conv):
            continue
        pools: list[MaxPool] = []
        name = layer.name
        while len(readers.get(name, ())) == 1:
            name = readers[name][0]
            reader = operators[name]
            if isinstance(reader, MaxPool):
                pools.append(reader)
            elif isinstance(reader, Conv):
                kind = layer.operator.output
                found.append(Join(layer.name, name, kind, tuple(pools), reader.stride))
                break
            else:
                break
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
