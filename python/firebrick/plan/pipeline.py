# SPDX-License-Identifier: Apache-2.0
"""The hardware graph: module instances and the streams between them, ready to print.

Between two layers stands a `regroup` where their columns differ. A tensor with several readers goes
through a `broadcast`, and through a `fifo` on the way to readers that take it later (a bypass).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from firebrick.errors import FirebrickError
from firebrick.hardware.memory import Memory
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops import layer_engine
from firebrick.ops.base import Engine
from firebrick.ops.image import ImageEngine
from firebrick.ops.plumbing import Broadcast, BroadcastEngine, Fifo, FifoEngine
from firebrick.ops.regroup import RegroupEngine
from firebrick.plan.engines import Derived, derive
from firebrick.plan.plan import Plan

PIXELS = "pixels"
"""Link that brings the image in: interleaved RGB."""


@dataclass(frozen=True, slots=True)
class Link:
    """A stream between two instances.

    Attributes:
        name: of the wires.
        stream: what is carried, and its columns.
        order: natural channel number at each position.
        layer: the layer whose output this is, on that layer's own output only.
    """

    name: str
    stream: StreamType
    order: tuple[int, ...]
    layer: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A module instance.

    Attributes:
        name: of the instance, and prefix of its memory files.
        engine: what it is.
        inputs: links, in the order of the module's input streams.
        outputs: links.
    """

    name: str
    engine: Engine
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def module(self) -> str:
        """Name of the module."""
        return self.engine.operator.kind

    @property
    def parameters(self) -> dict[str, int]:
        """Of the module, by name in lower case."""
        return self.engine.parameters()

    @property
    def memories(self) -> dict[str, Memory]:
        """Memory images by suffix, made when they are asked for."""
        return self.engine.memories()


@dataclass(frozen=True, slots=True, eq=False)
class Pipeline:
    """The whole hardware.

    Attributes:
        instances: in the order in which data meets them.
        links: every stream.
        input_link: where the image enters.
        output_link: where the logits leave.
    """

    instances: tuple[Instance, ...]
    links: tuple[Link, ...]
    input_link: str
    output_link: str

    def link(self, name: str) -> Link:
        """A link by name."""
        return next(x for x in self.links if x.name == name)


def build(network: Network, plan: Plan, derived: Derived | None = None) -> Pipeline:
    """The hardware of a planned network.

    Args:
        network: the network.
        plan: its foldings.
        derived: the engines of these foldings, if they are made already.

    Raises:
        FirebrickError: the plan is another network's, or does not suit it.
    """
    plan.check(network)
    if derived is None:
        return _built(network, plan)
    return _Builder(network, plan, derived).build()


@lru_cache(maxsize=1)
def _built(network: Network, plan: Plan) -> Pipeline:
    """The last one is kept: a plan's claims are recomputed from it, then it is printed."""
    return _Builder(network, plan, derive(network, plan.foldings)).build()


@dataclass(slots=True)
class _Builder:
    network: Network
    plan: Plan
    derived: Derived
    instances: list[Instance] = field(default_factory=list)
    links: dict[str, Link] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def build(self) -> Pipeline:
        network = self.network
        self.names = {x.name for x in network} | {IMAGE, PIXELS}
        for name in self.names:
            if not (name.isidentifier() and name.isascii()):
                raise FirebrickError(f"layer {name!r}: name is no identifier in SystemVerilog")
        orders = self.derived.orders
        foldings = self.plan.foldings
        engines = {
            x.name: self.derived.engines.get(x.name)
            or layer_engine(x.operator).of(x.operator, foldings[x.name], orders[x.inputs[0]])
            for x in network
        }
        wants = {x.name: engines[x.name].in_columns for x in network}
        self.image(wants)
        sources = self.spread(IMAGE, wants)
        for layer in network:
            engine = engines[layer.name]
            inputs = tuple(sources.pop((layer.name, k)) for k in range(len(layer.inputs)))
            stream = StreamType(layer.operator.output, engine.out_columns)
            self.links[layer.name] = Link(layer.name, stream, orders[layer.name], layer.name)
            self.add(layer.name, engine, inputs, (layer.name,))
            sources |= self.spread(layer.name, wants)
        logits = self.one_a_beat(network.output)
        return Pipeline(tuple(self.instances), tuple(self.links.values()), PIXELS, logits)

    def one_a_beat(self, output: str) -> str:
        """Logits as hosts read them, though a wide kernel takes more columns to compute one."""
        link = self.links[output]
        last = self.regroup(output, 1) if link.stream.tensor.width == 1 else output
        if last != output:
            # the layer's output is what leaves the top
            self.links[last] = replace(self.links[last], layer=output)
            self.links[output] = replace(link, layer=None)
        return last

    def image(self, wants: Mapping[str, tuple[int, ...]]) -> None:
        """The input: interleaved pixels to a row stream, as wide as its first reader wants."""
        kind = self.network.image
        reader, operand = self.readers(IMAGE)[0]
        engine = ImageEngine(kind, self.plan.pixels, wants[reader][operand])
        pixel = TensorType(1, kind.height, kind.width, kind.bits * kind.channels)
        self.links[PIXELS] = Link(PIXELS, StreamType(pixel, self.plan.pixels), (0,))
        order = tuple(range(kind.channels))
        self.links[IMAGE] = Link(IMAGE, StreamType(kind, engine.out_columns), order)
        self.add(IMAGE, engine, (PIXELS,), (IMAGE,))

    def add(
        self, name: str, engine: Engine, inputs: tuple[str, ...], outputs: tuple[str, ...]
    ) -> None:
        """An engine's instance."""
        self.instances.append(Instance(name, engine, inputs, outputs))

    def readers(self, tensor: str) -> list[tuple[str, int]]:
        """(layer, operand) of everyone who reads a tensor."""
        return [
            (x.name, k) for x in self.network for k, name in enumerate(x.inputs) if name == tensor
        ]

    def spread(
        self, tensor: str, wants: Mapping[str, tuple[int, ...]]
    ) -> dict[tuple[str, int], str]:
        """Bring a tensor to its readers; gives the link for each (layer, operand)."""
        readers = self.readers(tensor)
        if not readers:
            return {}
        branches = [tensor]
        if len(readers) > 1:
            source = self.links[tensor]
            branches = [
                self.derive_link(f"{tensor}_to_{layer}", source.stream.columns, tensor)
                for layer, _ in readers
            ]
            name = self.free_name(f"{tensor}_broadcast")
            operator = Broadcast(name, source.stream.tensor)
            engine = BroadcastEngine(operator, source.stream, len(readers))
            self.add(name, engine, (tensor,), tuple(branches))
            branches = [
                self.queue(tensor, layer, branch)
                for (layer, _), branch in zip(readers, branches, strict=True)
            ]
        result: dict[tuple[str, int], str] = {}
        for (layer, operand), branch in zip(readers, branches, strict=True):
            columns = wants[layer][operand]
            result[layer, operand] = self.regroup(branch, columns)
        return result

    def queue(self, tensor: str, reader: str, branch: str) -> str:
        """A bypass queue, where the plan has one."""
        beats = next(
            (x.beats for x in self.plan.skips if (x.tensor, x.reader) == (tensor, reader)), 0
        )
        if not beats:
            return branch
        link = self.links[branch]
        out = self.derive_link(f"{branch}_fifo", link.stream.columns, branch)
        engine = FifoEngine(Fifo(out, link.stream.tensor), link.stream, beats)
        self.add(out, engine, (branch,), (out,))
        return out

    def regroup(self, source: str, columns: int) -> str:
        """A change of columns, where there is one."""
        link = self.links[source]
        if link.stream.columns == columns:
            return source
        out = self.derive_link(f"{source}_regroup", columns, source)
        engine = RegroupEngine(out, link.stream.tensor, link.stream.columns, columns)
        self.add(out, engine, (source,), (out,))
        return out

    def derive_link(self, name: str, columns: int, source: str) -> str:
        """A new link with a tensor that is already there; gives its name, changed if taken."""
        name = self.free_name(name)
        link = self.links[source]
        self.links[name] = Link(name, StreamType(link.stream.tensor, columns), link.order)
        return name

    def free_name(self, name: str) -> str:
        """A name for something new; underscores are added while it is taken."""
        while name in self.names:
            name += "_"
        self.names.add(name)
        return name
