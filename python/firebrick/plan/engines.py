# SPDX-License-Identifier: Apache-2.0
"""From foldings to the engines of convolutions: all else follows from the weights.

Nothing here is stored in a plan: the same weights and the same numbers give the same hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from firebrick.hardware.tensor import IntArray
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops import layer_engine
from firebrick.ops.base import ChannelOrder, Order
from firebrick.ops.conv.encode import Deal
from firebrick.ops.conv.engine import ConvEngine
from firebrick.ops.conv.operator import Conv
from firebrick.ops.folding import Folding
from firebrick.plan.order import balance_order


@dataclass(frozen=True, slots=True)
class Derived:
    """Engines of all convolutions, and the channel order of every tensor."""

    engines: Mapping[str, ConvEngine]
    orders: Mapping[str, Order]


@dataclass(slots=True)
class Deals:
    """Weights dealt to lanes so far: what takes longest to find."""

    owners: dict[tuple[str, int, bool], IntArray] = field(default_factory=dict)
    deals: dict[tuple[str, int, int, bool], Deal] = field(default_factory=dict)

    def deal(self, operator: Conv, folding: Folding) -> Deal:
        """The deal of a convolution."""
        owner_key = operator.name, folding.lanes, folding.store_zeros
        key = operator.name, *Deal.key(folding)
        if key not in self.deals:
            made = Deal.of(operator, folding, self.owners.get(owner_key))
            self.owners[owner_key] = made.owner
            self.deals[key] = made
        return self.deals[key]


def derive(
    network: Network, foldings: Mapping[str, Folding], known: Deals | None = None
) -> Derived:
    """Deal weights to lanes, order channels, make the engines.

    Args:
        network: the network.
        foldings: of each convolution; others are not looked at.
        known: deals found before; those found now are added.
    """
    known = known or Deals()
    deals = {x.name: known.deal(conv, foldings[x.name]) for x, conv in network.each(Conv)}
    orders = channel_orders(network, {name: deal.lengths for name, deal in deals.items()})
    engines = {
        x.name: ConvEngine(
            conv, foldings[x.name], deals[x.name], orders[x.inputs[0]], orders[x.name]
        )
        for x, conv in network.each(Conv)
    }
    return Derived(engines, orders)


def channel_orders(network: Network, entries: Mapping[str, IntArray]) -> dict[str, Order]:
    """Channel order of every tensor.

    Some engines choose an order, some undo it; all others pass it on. So tensors joined by pooling
    or an addition share one order, balanced for all engines that produce them. Nobody stands behind
    the output to put its classes back: what reaches it is in natural order.

    Args:
        network: the network.
        entries: per convolution, entries (lanes, channels) in natural channel order.
    """
    parent = {name: name for name in network.types()}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    fixed = {IMAGE, network.output}
    for layer in network:
        order = layer_engine(layer.operator).CHANNELS
        if order is ChannelOrder.NATURAL:
            fixed.add(layer.name)
        elif order is ChannelOrder.KEPT:
            for source in layer.inputs:
                parent[root(source)] = root(layer.name)
    natural = {root(name) for name in fixed}
    producers: dict[str, list[IntArray]] = {}
    for name, counts in entries.items():
        producers.setdefault(root(name), []).append(counts)
    orders: dict[str, Order] = {}
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
