# SPDX-License-Identifier: Apache-2.0
"""Fuse ReLU, and the grid of a `Quant`, into the convolution or addition before it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from firebrick.ir.graph import ActivatedNode, Graph, MaxPoolNode, Node, QuantNode, ReluNode
from firebrick.ir.grid import BITS, Grid
from firebrick.passes.rewrite import readers, rebuild


def fuse_relu(graph: Graph) -> Graph:
    """Let convolutions and additions clamp and round their own output.

    Rewrites:
        - Relu(Conv(x)) -> Conv(x) with relu and ceiling, when nothing else reads the convolution
        - Relu(y) -> y, when y has been clamped already; the smaller of two ceilings is kept, when
          nothing else reads y
        - Quant(Conv(x)) -> Conv(x) with the grid, when nothing else reads the convolution but
          Quants of the same grid; an unsigned one is a ReLU too, and behind a ReLU a signed one
          loses its sign
        - Quant(y) -> y, when y is on that grid already
        - the same of Add(x, y)

    Raises:
        FirebrickError: when a ReLU or a Quant follows anything else, or cannot be part of it.
    """
    fusion = _Fusion(readers(graph))
    for node in graph.nodes:
        fusion.nodes[node.name] = node
        if isinstance(node, ReluNode):
            fusion.relu(node)
        if isinstance(node, QuantNode):
            fusion.quant(node)
    return rebuild(graph, fusion.replaced, fusion.redirects)


@dataclass(slots=True)
class _Fusion:
    read_by: dict[str, list[Node]]
    nodes: dict[str, Node] = field(default_factory=dict)
    replaced: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)

    def relu(self, node: ReluNode) -> None:
        source, grid = self.source(node), None
        ceilings = [x for x in (source.ceiling, node.ceiling) if x is not None]
        ceiling = min(ceilings, default=None)
        if source.grid is not None:
            largest, ceiling = source.grid.hi * source.grid.scale, source.ceiling
            rule = f"is below {largest}, the largest value of the grid that its input is on"
            inside = node.ceiling is not None and node.ceiling < largest
            node.require(not inside, "ceiling", node.ceiling, rule)
            grid = self.grid(node, source.grid.behind_relu())
        if source.relu and ceiling == source.ceiling:
            self.drop(node, source)
        elif any(x is not node for x in self.readers(source)):
            raise node.fail("input", repr(source.name), "is also read without the ReLU")
        else:
            fused = replace(source, relu=True, ceiling=ceiling, grid=grid)
            self.fuse(node, source, fused)

    def quant(self, node: QuantNode) -> None:
        before = self.on_grid(node.inputs[0])
        if before is not None:
            wanted = node.grid.behind_relu() if before.relu else node.grid
            rule = f"is not {before.grid}, which its input is on: one tensor has one grid"
            node.require(wanted == before.grid, "grid", node.grid, rule)
            self.drop(node, self.nodes[self.target(node.inputs[0])])
            return
        source = self.source(node)
        for other in self.readers(source):
            is_same = isinstance(other, QuantNode) and other.grid == node.grid
            rule = f"is also read by {other.name!r} without this Quant: give both the same"
            node.require(is_same, "input", repr(source.name), rule)
        grid = self.grid(node, node.grid.behind_relu() if source.relu else node.grid)
        if source.ceiling is not None and not grid.reaches(source.ceiling):
            rule = f"exceeds the ceiling {source.ceiling} before it: train it with a smaller scale"
            raise node.fail("largest value", grid.hi * grid.scale, rule)
        fused = replace(source, relu=source.relu or not grid.signed, grid=grid)
        self.fuse(node, source, fused)

    def grid(self, node: Node, grid: Grid) -> Grid:
        """A grid, if integers of the hardware can be on it.

        Raises:
            FirebrickError: they cannot.
        """
        rule = f"is not in {BITS.start}..{BITS[-1]}, as between layers; a ReLU takes the sign's bit"
        node.require(grid.bits in BITS, "bits", grid.bits, rule)
        return grid

    def on_grid(self, name: str) -> ActivatedNode | None:
        """The layer whose values a tensor has, chosen among or as they are, if that has a grid."""
        node = self.nodes.get(self.target(name))
        while isinstance(node, MaxPoolNode):
            node = self.nodes.get(self.target(node.inputs[0]))
        return node if isinstance(node, ActivatedNode) and node.grid is not None else None

    def source(self, node: Node) -> ActivatedNode:
        source = self.nodes.get(self.target(node.inputs[0]))
        if not isinstance(source, ActivatedNode):
            raise node.fail("input", repr(node.inputs[0]), "is not a convolution or an addition")
        return source

    def readers(self, source: Node) -> list[Node]:
        return self.read_by[source.name]

    def target(self, name: str) -> str:
        while name in self.redirects:
            name = self.redirects[name]
        return name

    def drop(self, node: Node, source: Node) -> None:
        """Who reads `node` reads `source`."""
        self.replaced[node.name] = ()
        self.redirects[node.name] = source.name
        self.read_by[source.name] = [
            *(x for x in self.readers(source) if x is not node),
            *self.readers(node),
        ]

    def fuse(self, node: Node, source: Node, fused: ActivatedNode) -> None:
        """`fused` takes the place of `node`; other readers of `source`, if any, read that."""
        fused = replace(fused, name=node.name)
        self.nodes[node.name] = fused
        self.replaced |= {source.name: (), node.name: (fused,)}
        others = [x for x in self.readers(source) if x is not node]
        self.redirects[source.name] = node.name
        self.read_by[node.name] = [*self.readers(node), *others]
