# SPDX-License-Identifier: Apache-2.0
"""The hardware graph: module instances and the streams between them, ready to print.

Between two layers stands a `regroup` where their columns differ. A tensor with several readers goes
through a `broadcast`, and through a `fifo` on the way to readers that take it later (a bypass).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from firebrick.errors import FirebrickError
from firebrick.hardware.memory import Memory, cheap_kind
from firebrick.hardware.stream import StreamType
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Layer, Network
from firebrick.ops.add import Add, AddEngine
from firebrick.ops.avgpool import AvgPool, AvgPoolEngine
from firebrick.ops.base import Engine
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.operator import Conv
from firebrick.ops.image import ImageEngine
from firebrick.ops.maxpool import MaxPool, MaxPoolEngine
from firebrick.ops.regroup import RegroupEngine
from firebrick.plan.engines import ConvChoice, Derived, derive
from firebrick.plan.plan import FOLDING, LayerPlan, Plan

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
        module: name of the module.
        parameters: by name, lower case.
        memories: by suffix.
        inputs: links, in the order of the module's input streams.
        outputs: links.
        engine: the engine; None for plumbing.
    """

    name: str
    module: str
    parameters: Mapping[str, int]
    memories: Mapping[str, Memory]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    engine: Engine | None = None


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
    return build(network, plan, derive(network, choices(plan)))


def choices(plan: Plan) -> dict[str, ConvChoice]:
    """Foldings of the convolutions."""
    return {
        x.name: ConvChoice(columns=x.columns, **{f: getattr(x, f) for f in FOLDING})
        for x in plan.layers
        if x.lanes
    }


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
        engines = {
            layer.name: self.engine(layer, plan, self.derived.engines, orders)
            for layer, plan in zip(network, self.plan.layers, strict=True)
        }
        wants = {x.name: engines[x.name].in_columns for x in network}
        self.image(wants)
        sources = self.spread(IMAGE, wants)
        for layer in network:
            engine = engines[layer.name]
            inputs = tuple(sources.pop((layer.name, k)) for k in range(len(layer.inputs)))
            stream = StreamType(layer.operator.output, engine.out_columns)
            self.links[layer.name] = Link(layer.name, stream, orders[layer.name], layer.name)
            self.add(layer.operator.kind, layer.name, engine, inputs, layer.name)
            sources |= self.spread(layer.name, wants)
        return Pipeline(tuple(self.instances), tuple(self.links.values()), PIXELS, network.output)

    def engine(
        self,
        layer: Layer,
        plan: LayerPlan,
        convolutions: Mapping[str, ConvEngine],
        orders: Mapping[str, tuple[int, ...]],
    ) -> Engine:
        operator = layer.operator
        if isinstance(operator, Conv):
            return convolutions[layer.name]
        if isinstance(operator, MaxPool):
            return MaxPoolEngine(operator, plan.columns)
        if isinstance(operator, AvgPool):
            return AvgPoolEngine(operator, plan.columns, orders[layer.inputs[0]])
        if isinstance(operator, Add):
            return AddEngine(operator, plan.columns)
        raise FirebrickError(f"layer {layer.name!r}: operator={operator.kind} has no hardware")

    def image(self, wants: Mapping[str, tuple[int, ...]]) -> None:
        """The input: interleaved pixels to a row stream, as wide as its first reader wants."""
        kind = self.network.image
        reader, operand = self.readers(IMAGE)[0]
        engine = ImageEngine(kind, self.plan.pixels, wants[reader][operand])
        pixel = TensorType(1, kind.height, kind.width, kind.bits * kind.channels)
        self.links[PIXELS] = Link(PIXELS, StreamType(pixel, self.plan.pixels), (0,))
        order = tuple(range(kind.channels))
        self.links[IMAGE] = Link(IMAGE, StreamType(kind, engine.out_columns), order)
        self.add("image", IMAGE, engine, (PIXELS,), IMAGE)

    def add(
        self, module: str, name: str, engine: Engine, inputs: tuple[str, ...], output: str
    ) -> None:
        """An engine's instance."""
        parameters, memories = engine.parameters(), engine.memories()
        self.instances.append(
            Instance(name, module, parameters, memories, inputs, (output,), engine)
        )

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
            parameters = {"width": source.stream.data_bits, "copies": len(readers)}
            name = self.free_name(f"{tensor}_broadcast")
            self.plumb("broadcast", name, parameters, (tensor,), tuple(branches))
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
        width = link.stream.data_bits + 1  # tdata and tlast
        parameters = {"width": width, "depth": beats, "kind": int(cheap_kind(width, beats))}
        self.plumb("fifo", out, parameters, (branch,), (out,))
        return out

    def regroup(self, source: str, columns: int) -> str:
        """A change of columns, where there is one."""
        link = self.links[source]
        if link.stream.columns == columns:
            return source
        out = self.derive_link(f"{source}_regroup", columns, source)
        engine = RegroupEngine(out, link.stream.tensor, link.stream.columns, columns)
        self.add("regroup", out, engine, (source,), out)
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

    def plumb(
        self,
        module: str,
        name: str,
        parameters: dict[str, int],
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
    ) -> None:
        """An instance that is no engine."""
        self.instances.append(Instance(name, module, parameters, {}, inputs, outputs))
