# SPDX-License-Identifier: Apache-2.0
"""From a choice of lanes and columns to engines: all else follows from the weights.

Nothing here is stored in a plan: the same weights and the same numbers give the same hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from firebrick.hardware.tensor import IntArray
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.conv.encode import kept_weights
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.folding import Placement
from firebrick.ops.conv.operator import Conv
from firebrick.plan.lanes import assign
from firebrick.plan.order import balance_order

QUEUE_DEPTH = 32
"""Partial sums a lane may be ahead; the smallest LUT memory of a Xilinx device is as deep."""


@dataclass(frozen=True, slots=True)
class ConvChoice:
    """Folding of one convolution engine, see `ConvEngine`."""

    lanes: int
    columns: int
    drain: int
    gap_bits: int
    queue_depth: int = QUEUE_DEPTH
    store_zeros: bool = False
    dual: bool = False
    fabric: int = 0
    placement: Placement = Placement()
    tight: bool = False

    @property
    def multipliers(self) -> int:
        """Multipliers that work on weights."""
        return self.lanes * self.columns


@dataclass(frozen=True, slots=True)
class Derived:
    """Engines of all convolutions, and the channel order of every tensor."""

    engines: Mapping[str, ConvEngine]
    orders: Mapping[str, tuple[int, ...]]


Owners = dict[tuple[str, int, bool], IntArray]
"""Lane of each weight by layer, lanes, zeros stored or not: what takes longest to find."""


def derive(
    network: Network, choices: Mapping[str, ConvChoice], known: Owners | None = None
) -> Derived:
    """Deal weights to lanes, order channels, make the engines.

    Args:
        network: the network.
        choices: folding of each convolution.
        known: owners found before; those found now are added.
    """
    known = {} if known is None else known
    engines: dict[str, ConvEngine] = {}
    for layer in network:
        operator = layer.operator
        if isinstance(operator, Conv):
            choice = choices[layer.name]
            key = layer.name, choice.lanes, choice.store_zeros
            if key not in known:
                known[key] = assign(kept_weights(operator, choice.store_zeros), choice.lanes)
            engines[layer.name] = _engine(
                operator,
                choice,
                known[key],
                tuple(range(operator.input.channels)),
                tuple(range(operator.output.channels)),
            )
    orders = channel_orders(network, {n: x.entries() for n, x in engines.items()})
    for layer in network:
        operator = layer.operator
        if isinstance(operator, Conv):
            engines[layer.name] = _engine(
                operator,
                choices[layer.name],
                engines[layer.name].owner,
                orders[layer.inputs[0]],
                orders[layer.name],
            )
    return Derived(engines, orders)


def _engine(
    operator: Conv,
    choice: ConvChoice,
    owner: IntArray,
    in_order: tuple[int, ...],
    out_order: tuple[int, ...],
) -> ConvEngine:
    return ConvEngine(
        operator=operator,
        lanes=choice.lanes,
        columns=choice.columns,
        drain=choice.drain,
        gap_bits=choice.gap_bits,
        owner=owner,
        in_order=in_order,
        out_order=out_order,
        queue_depth=choice.queue_depth,
        store_zeros=choice.store_zeros,
        dual=choice.dual,
        fabric=choice.fabric,
        placement=choice.placement,
        tight=choice.tight,
    )


def channel_orders(network: Network, entries: Mapping[str, IntArray]) -> dict[str, tuple[int, ...]]:
    """Channel order of every tensor.

    Only convolutions choose an order, and average pooling undoes it; all else passes it on. So
    tensors joined by pooling or `add` share one order, balanced for all engines that produce them.

    Args:
        network: the network.
        entries: per convolution, entries (lanes, channels) in natural channel order.
    """
    parent = {name: name for name in network.types()}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    fixed = {IMAGE}
    for layer in network:
        if isinstance(layer.operator, AvgPool):
            fixed.add(layer.name)
        elif not isinstance(layer.operator, Conv):
            for source in layer.inputs:
                parent[root(source)] = root(layer.name)
    natural = {root(name) for name in fixed}
    producers: dict[str, list[IntArray]] = {}
    for name, counts in entries.items():
        producers.setdefault(root(name), []).append(counts)
    orders: dict[str, tuple[int, ...]] = {}
    for name, kind in network.types().items():
        group = root(name)
        if group not in orders:
            if group in natural or group not in producers:
                orders[group] = tuple(range(kind.channels))
            else:
                orders[group] = balance_order(_same_pace(producers[group]))
    return {name: orders[root(name)] for name in parent}


def _same_pace(engines: list[IntArray]) -> IntArray:
    """Lanes of several engines as lanes of one: each scaled to the same mean."""
    if len(engines) == 1:
        return engines[0]
    scaled = [np.round(x * (1000 / x.mean())).astype(np.int64) for x in engines]
    return np.concatenate(scaled)
