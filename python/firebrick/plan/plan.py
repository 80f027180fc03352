# SPDX-License-Identifier: Apache-2.0
"""The plan: the numbers that, with the weights, determine the hardware; and what they promise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from firebrick.boards import NAME as BOARD_NAME
from firebrick.checked.documents import parse_json
from firebrick.checked.fields import Fields
from firebrick.errors import FirebrickError
from firebrick.files.output import whole_file
from firebrick.hardware.resources import Family, Resources
from firebrick.ir.limits import MAX_LAYERS
from firebrick.ir.network import Network
from firebrick.ops import layer_engine
from firebrick.ops.folding import MOST, Folding

FORMAT = 2
"""Version of the file format."""
ONCHIP_LIMIT = 10 * 1024 * 1024
"""Bytes of weights, buffers and queues that a design may need on chip."""
HUGE = 1 << 62
"""No prediction is larger."""


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """Folding of one layer, and its predicted figures.

    Attributes:
        name: of the layer.
        kind: its operator.
        folding: how its engine is folded.
        cycles: predicted cycles a frame that its engine works; 0 where it only passes beats on.
        resources: estimated, of the layer with the gearboxes and queues in front of it.
    """

    name: str
    kind: str
    folding: Folding
    cycles: int = 0
    resources: Resources = Resources()

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return self.folding.multipliers

    def document(self) -> dict[str, object]:
        """For a file: the folding's fields stand among its own."""
        folding = asdict(self.folding)
        return {
            "name": self.name,
            "kind": self.kind,
            "columns": folding.pop("columns"),
            "cycles": self.cycles,
            **folding,
            "resources": asdict(self.resources),
        }

    @classmethod
    def read(cls, x: Fields) -> LayerPlan:
        """Read a document; nothing in it is trusted."""
        return cls(
            name=x.text("name"),
            kind=x.text("kind"),
            folding=Folding.read(x),
            cycles=x.whole("cycles", 0, HUGE),
            resources=_resources(x.inner("resources")),
        )


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

    def __repr__(self) -> str:
        """What it promises, without its layers."""
        board = f" on {self.board}" if self.board else ""
        return (
            f"Plan({self.model!r}{board}, {self.multipliers:,} multipliers, "
            f"{self.cycles_per_frame:,} cycles a frame)"
        )

    @property
    def foldings(self) -> dict[str, Folding]:
        """Folding of each layer."""
        return {x.name: x.folding for x in self.layers}

    def document(self) -> dict[str, object]:
        """For a file."""
        return {"format": FORMAT, **asdict(self), "layers": [x.document() for x in self.layers]}

    def to_json(self) -> str:
        """As text, for a file."""
        return json.dumps(self.document(), indent=2) + "\n"

    def save(self, path: str | Path) -> None:
        """Write `to_json`, whole or not at all.

        Raises:
            FirebrickError: naming the file and the rule.
        """
        with whole_file(Path(path)) as temporary:
            temporary.write_text(self.to_json())

    @classmethod
    def from_json(cls, text: str, source: str = "plan") -> Plan:
        """Read what `to_json` wrote; nothing in the text is trusted.

        Args:
            text: JSON.
            source: file name, for error messages.

        Raises:
            FirebrickError: naming file, layer, field, value and rule.
        """
        return cls.read(parse_json(text, source), source)

    @classmethod
    def read(cls, document: object, source: str) -> Plan:
        """Read what `document` gave, parsed; nothing in it is trusted.

        Args:
            document: as parsed.
            source: of it, for error messages.

        Raises:
            FirebrickError: naming file, layer, field, value and rule.
        """
        top = Fields(document, source)
        top.whole("format", FORMAT, FORMAT)
        plan = cls(
            model=top.text("model"),
            digest=top.text("digest"),
            board=_board(top),
            family=Family(top.choice("family", [str(x) for x in Family])),
            budget=None if top.absent("budget") else _resources(top.inner("budget")),
            pixels=top.whole("pixels", 1, MOST),
            layers=tuple(LayerPlan.read(x) for x in top.objects("layers", "name", MAX_LAYERS)),
            skips=tuple(
                SkipPlan(x.text("tensor"), x.text("reader"), x.whole("beats", 2, 1 << 24))
                for x in top.objects("skips", "reader", 2 * MAX_LAYERS)
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
            operator, where, folding = layer.operator, f"layer {layer.name!r}: ", plan.folding
            engine = layer_engine(operator)
            most_columns, most_lanes = engine.most_columns(operator), engine.most_lanes(operator)
            require(
                folding.columns <= most_columns,
                where + "columns",
                folding.columns,
                f"exceeds the width {most_columns}",
            )
            require(
                (most_lanes > 0) == (folding.lanes > 0),
                where + "lanes",
                folding.lanes,
                "is 0" if most_lanes else "but it is no convolution",
            )
            require(
                folding.lanes <= most_lanes,
                where + "lanes",
                folding.lanes,
                f"exceeds {most_lanes} weights a channel",
            )


def _board(top: Fields) -> str | None:
    """Name of a board: never a path, which would be opened."""
    name = top.text_or_none("board")
    good = name is None or BOARD_NAME.fullmatch(name) is not None
    top.require(good, "board", name, "is no name of a board")
    return name


def _resources(x: Fields) -> Resources:
    """Counts."""
    counts = {f.name: x.whole(f.name, 0, HUGE) for f in fields(Resources)}
    x.close()
    return Resources(**counts)
