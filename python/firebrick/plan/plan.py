# SPDX-License-Identifier: Apache-2.0
"""The plan: the numbers that, with the weights, determine the hardware; and what they promise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from firebrick.boards import NAME as BOARD_NAME
from firebrick.checked import Fields, parse
from firebrick.errors import FirebrickError
from firebrick.hardware.memory import MemoryKind
from firebrick.hardware.resources import Family, Resources
from firebrick.ir.network import Network
from firebrick.ops.conv.folding import Placement, fewest_columns
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool, most_columns

FORMAT = 2
"""Version of the file format."""
ONCHIP_LIMIT = 10 * 1024 * 1024
"""Bytes of weights, buffers and queues that a design may need on chip."""
MOST = 1 << 16
"""No folding number is larger."""
HUGE = 1 << 62
"""No prediction is larger."""


FOLDING = (
    *("lanes", "drain", "gap_bits", "queue_depth", "store_zeros", "dual", "fabric", "placement"),
    "tight",
)
"""Fields of a `LayerPlan` that, with the columns, make a convolution's `ConvChoice`."""


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """Folding of one layer.

    Attributes:
        name: of the layer.
        kind: its operator.
        columns: pixels of an output beat; for `avgpool`, of an input beat.
        cycles: predicted cycles a frame that its engine works; 0 where it only passes beats on.
        lanes: of a convolution; the following fields are 0 for all others.
        drain: requantized pixels a cycle.
        gap_bits: bits of a weight word's gap.
        queue_depth: partial sums that a lane may be ahead.
        store_zeros: zeros are stored and multiplied.
        dual: two products of a weight share a DSP slice.
        fabric: columns multiplied in LUTs.
        placement: what the memories are made of.
        tight: only the rows of a window are held: input and work take turns.
        resources: estimated, of the layer with the gearboxes and queues in front of it.
    """

    name: str
    kind: str
    columns: int
    cycles: int = 0
    lanes: int = 0
    drain: int = 0
    gap_bits: int = 0
    queue_depth: int = 0
    store_zeros: bool = False
    dual: bool = False
    fabric: int = 0
    placement: Placement = Placement()
    tight: bool = False
    resources: Resources = Resources()

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return self.lanes * self.columns


@dataclass(frozen=True, slots=True)
class SkipPlan:
    """Queue on the way from a tensor with several readers to one of them (a bypass).

    Attributes:
        tensor: name of the tensor.
        reader: name of the layer that reads it.
        beats: depth of the queue.
    """

    tensor: str
    reader: str
    beats: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Folding of a whole network, and its predicted figures.

    Attributes:
        model: name of the network.
        digest: `Network.digest()` of the network it belongs to.
        board: whose budget it is held against; None if none was named.
        family: of the device; resources are estimated for it.
        budget: what the board's device may give; None without a board.
        pixels: RGB pixels a beat at the input.
        layers: in execution order.
        skips: queues of bypasses.
        nonzero_macs: multiplications a frame by weights that are not zero.
        dense_macs: multiplications a frame by all weights, pruned ones included.
        cycles_per_frame: between frames, in the steady state.
        latency_cycles: from the first pixel in to the last logit out.
        bound_cycles: no plan within the limits was possible with fewer, by the search's estimates;
            0 if that was not asked.
        weight_bytes: read-only memory by what it holds.
        buffer_bytes: row buffers.
        queue_bytes: partial sums and bypass queues.
        resources: estimated, of the whole network and of its shell.
        memory_bits: bits that block RAM and UltraRAM are to hold.
    """

    model: str
    digest: str
    board: str | None
    family: Family
    budget: Resources | None
    pixels: int
    layers: tuple[LayerPlan, ...]
    skips: tuple[SkipPlan, ...]
    nonzero_macs: int = 0
    dense_macs: int = 0
    cycles_per_frame: int = 1
    latency_cycles: int = 1
    bound_cycles: int = 0
    weight_bytes: Mapping[str, int] = field(default_factory=dict, hash=False)
    buffer_bytes: int = 0
    queue_bytes: int = 0
    resources: Resources = Resources()
    memory_bits: int = 0

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return sum(x.multipliers for x in self.layers)

    @property
    def mac_efficiency(self) -> float:
        """Share of multiplier cycles that do nonzero work."""
        return self.nonzero_macs / (self.multipliers * self.cycles_per_frame)

    @property
    def onchip_bytes(self) -> dict[str, int]:
        """Memory by use."""
        weights = sum(self.weight_bytes.values())
        total = weights + self.buffer_bytes + self.queue_bytes
        return {
            "weights": weights,
            "buffers": self.buffer_bytes,
            "queues": self.queue_bytes,
            "total": total,
        }

    @property
    def fits(self) -> bool:
        """Whether everything stays on chip: within `ONCHIP_LIMIT`, and within a board's budget."""
        return self.onchip_bytes["total"] <= ONCHIP_LIMIT and not self.excess

    @property
    def excess(self) -> dict[str, tuple[int, int]]:
        """Resources that exceed the budget: needed and available by name."""
        return self.resources.excess(self.budget) if self.budget else {}

    @property
    def memory_use(self) -> float:
        """Bits used over bits occupied, of block RAM and UltraRAM."""
        occupied = self.resources.bram18 * 18_432 + self.resources.uram * 294_912
        return self.memory_bits / occupied if occupied else 1.0

    def fields(self) -> dict[str, object]:
        """What `firebrick plan --json` prints."""
        return {
            "board": self.board,
            "family": str(self.family),
            "fits": self.fits,
            "cycles_per_frame": self.cycles_per_frame,
            "latency_cycles": self.latency_cycles,
            "multipliers": self.multipliers,
            "nonzero_macs": self.nonzero_macs,
            "dense_macs": self.dense_macs,
            "mac_efficiency": round(self.mac_efficiency, 4),
            "bound_cycles": self.bound_cycles,
            "resources": self.resources.fields(),
            "budget": self.budget.fields() if self.budget else None,
            "memory_use": round(self.memory_use, 4),
            "onchip_bytes": self.onchip_bytes,
            "weight_bytes": dict(self.weight_bytes),
        }

    def to_json(self) -> str:
        """As text, for a file."""
        return json.dumps({"format": FORMAT} | asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "plan") -> Plan:
        """Read what `to_json` wrote; nothing in the text is trusted.

        Args:
            text: JSON.
            source: file name, for error messages.

        Raises:
            FirebrickError: naming file, layer, field, value and rule.
        """
        top = Fields(parse(text, source), source)
        top.whole("format", FORMAT, FORMAT)
        plan = cls(
            model=top.text("model"),
            digest=top.text("digest"),
            board=_board(top),
            family=Family(top.choice("family", [str(x) for x in Family])),
            budget=None if top.absent("budget") else _resources(top.inner("budget")),
            pixels=top.whole("pixels", 1, MOST),
            layers=tuple(_layer(x) for x in top.objects("layers", "name")),
            skips=tuple(
                SkipPlan(x.text("tensor"), x.text("reader"), x.whole("beats", 2, 1 << 24))
                for x in top.objects("skips", "reader")
            ),
            cycles_per_frame=top.whole("cycles_per_frame", 1, HUGE),
            latency_cycles=top.whole("latency_cycles", 1, HUGE),
            bound_cycles=top.whole("bound_cycles", 0, HUGE),
            nonzero_macs=top.whole("nonzero_macs", 0, HUGE),
            dense_macs=top.whole("dense_macs", 0, HUGE),
            weight_bytes=top.wholes("weight_bytes", 0, HUGE),
            buffer_bytes=top.whole("buffer_bytes", 0, HUGE),
            queue_bytes=top.whole("queue_bytes", 0, HUGE),
            resources=_resources(top.inner("resources")),
            memory_bits=top.whole("memory_bits", 0, HUGE),
        )
        top.close()
        names = [x.name for x in plan.layers]
        top.require(len(set(names)) == len(names), "layers", len(names), "have a name used twice")
        top.require(plan.multipliers > 0, "layers", len(names), "have no convolution among them")
        return plan

    def check(self, network: Network) -> None:
        """Refuse to build a network from another's plan.

        Raises:
            FirebrickError: naming layer, field, value and rule.
        """

        def require(rule: bool, what: str, value: object, text: str) -> None:
            if not rule:
                raise FirebrickError(f"plan for {self.model!r}: {what}={value} {text}")

        digest = network.digest()
        require(
            self.digest == digest,
            "digest",
            self.digest[:16],
            f"is not that of model {network.name!r}, {digest[:16]}: plan it again",
        )
        expected = [(x.name, x.operator.kind) for x in network]
        found = [(x.name, x.kind) for x in self.layers]
        require(found == expected, "layers", len(found), f"are not the model's {len(expected)}")
        ways = [(tensor, x.name) for x in network for tensor in x.inputs]
        for skip in self.skips:
            known = (skip.tensor, skip.reader) in ways
            what = f"skips to {skip.reader!r}: tensor"
            require(known, what, repr(skip.tensor), "is not read by such a layer")
        for layer, plan in zip(network, self.layers, strict=True):
            operator, where = layer.operator, f"layer {layer.name!r}: "
            convolution = isinstance(operator, Conv)
            width = operator.inputs[0].width if plan.kind == "avgpool" else operator.output.width
            if isinstance(operator, Conv):
                width = max(width, fewest_columns(operator))
            elif isinstance(operator, MaxPool):
                width = most_columns(operator)
            require(
                plan.columns <= width, where + "columns", plan.columns, f"exceeds the width {width}"
            )
            require(
                convolution == (plan.lanes > 0),
                where + "lanes",
                plan.lanes,
                "is 0" if convolution else "but it is no convolution",
            )
            if isinstance(operator, Conv):
                most = operator.weights[0].size
                require(
                    plan.lanes <= most,
                    where + "lanes",
                    plan.lanes,
                    f"exceeds {most} weights a channel",
                )


def _board(top: Fields) -> str | None:
    """Name of a board: never a path, which would be opened."""
    name = top.text_or_none("board")
    good = name is None or BOARD_NAME.fullmatch(name) is not None
    top.require(good, "board", name, "is no name of a board")
    return name


def _layer(x: Fields) -> LayerPlan:
    """One layer of a plan file."""
    columns = x.whole("columns", 1, MOST)
    lanes = x.whole("lanes", 0, MOST)
    return LayerPlan(
        name=x.text("name"),
        kind=x.text("kind"),
        columns=columns,
        cycles=x.whole("cycles", 0, HUGE),
        lanes=lanes,
        drain=x.whole("drain", 1, columns) if lanes else x.whole("drain", 0, 0),
        gap_bits=x.whole("gap_bits", 0, 7 if lanes else 0),
        queue_depth=x.whole("queue_depth", 2, 1024) if lanes else x.whole("queue_depth", 0, 0),
        store_zeros=x.flag("store_zeros"),
        dual=x.flag("dual"),
        fabric=x.whole("fabric", 0, columns if lanes else 0),
        placement=_placement(x.inner("placement")),
        tight=x.flag("tight"),
        resources=_resources(x.inner("resources")),
    )


def _placement(x: Fields) -> Placement:
    """Where the memories of a layer are."""
    kinds = {n: MemoryKind(x.whole(n, 0, max(MemoryKind))) for n in ("weights", "rows")}
    tables = {n: MemoryKind(x.whole(n, 0, MemoryKind.BLOCK)) for n in ("lengths", "requantize")}
    x.close()
    return Placement(**kinds, **tables)


def _resources(x: Fields) -> Resources:
    """Counts."""
    counts = {f.name: x.whole(f.name, 0, HUGE) for f in fields(Resources)}
    x.close()
    return Resources(**counts)
