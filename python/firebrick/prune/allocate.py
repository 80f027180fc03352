# SPDX-License-Identifier: Apache-2.0
"""How much each layer gives: where the network's output suffers least for what is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Of a layer's weights that go, at which its sensitivity is known; between, it is interpolated."""
STEPS = 60
"""Of a bisection."""


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """What pruning one layer alone does.

    Attributes:
        weights: it has, zeros left out.
        cost: of each of its weights.
        noise: power of the error of the logits, at each of `SHARES`.
    """

    weights: int
    cost: float
    noise: Sequence[float]

    def at(self, share: float) -> float:
        """Noise at any share."""
        return float(np.interp(share, SHARES, self.noise))


def allocate(layers: Mapping[str, Sensitivity], saved: float) -> dict[str, float]:
    """Share of its weights that each layer gives, so that `saved` of all cost goes.

    The shares that minimise the sum of noises for a price of cost: errors of different layers
    hardly correlate. The price is found by bisection; what is left between two prices is shared
    out by interpolation between their shares.
    """
    total = sum(x.weights * x.cost for x in layers.values())
    wanted = saved * total

    def choice(price: float) -> dict[str, float]:
        chosen = {}
        for name, layer in layers.items():
            gain = [
                noise - price * share * layer.weights * layer.cost
                for share, noise in zip(SHARES, layer.noise, strict=True)
            ]
            chosen[name] = SHARES[int(np.argmin(gain))]
        return chosen

    def cost(shares: Mapping[str, float]) -> float:
        return sum(x * layers[name].weights * layers[name].cost for name, x in shares.items())

    low, high = 0.0, 1.0
    while cost(choice(high)) < wanted and high < 1e30:
        high *= 10
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(choice(middle)) < wanted else (low, middle)
    below, above = choice(low), choice(high)
    less, more = cost(below), cost(above)
    part = 0.0 if more <= less else min(1.0, max(0.0, (wanted - less) / (more - less)))
    return {name: below[name] + part * (above[name] - below[name]) for name in layers}


def predicted(layers: Mapping[str, Sensitivity], shares: Mapping[str, float]) -> float:
    """Noise of all layers together."""
    return sum(layer.at(shares[name]) for name, layer in layers.items())
