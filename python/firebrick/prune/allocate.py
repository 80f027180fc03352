# SPDX-License-Identifier: Apache-2.0
"""How much each layer gives: where the network's output suffers least for what is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
TINY = 1e-30
"""Of which there is a logarithm."""

SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
"""Of a layer's weights that go, at which its sensitivity is known."""
FINE = np.arange(91) / 100
"""Shares that are chosen from."""
LEAST_POWER = 1.5
"""Noise grows at least with this power of a small share: the least weights go first."""
STEPS = 80
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

    def at(self, shares: FloatArray) -> FloatArray:
        """Noise at any shares: a power of the share between known ones, and below the first."""
        known, noise = np.log(SHARES[1:]), np.log(np.maximum(self.noise[1:], TINY))
        power = max(LEAST_POWER, (noise[1] - noise[0]) / (known[1] - known[0]))
        place = np.log(np.maximum(shares, TINY))
        below = noise[0] + power * (place - known[0])
        return np.exp(np.where(place < known[0], below, np.interp(place, known, noise)))


def allocate(layers: Mapping[str, Sensitivity], saved: float) -> dict[str, float]:
    """Share of its weights that each layer gives, so that `saved` of all cost goes.

    The shares that minimise the sum of noises for a price of cost: errors of different layers
    hardly correlate. The price is found by bisection; what is left between two prices is shared
    out by interpolation between their shares.
    """
    wanted = saved * sum(x.weights * x.cost for x in layers.values())
    noise = {name: layer.at(FINE) for name, layer in layers.items()}

    def choice(price: float) -> dict[str, float]:
        return {
            name: float(FINE[np.argmin(noise[name] - price * FINE * layer.weights * layer.cost)])
            for name, layer in layers.items()
        }

    def cost(shares: Mapping[str, float]) -> float:
        return sum(x * layers[name].weights * layers[name].cost for name, x in shares.items())

    low, high = -100.0, 100.0  # of the price's logarithm to the base 2
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(choice(2.0**middle)) < wanted else (low, middle)
    below, above = choice(2.0**low), choice(2.0**high)
    less, more = cost(below), cost(above)
    part = 0.0 if more <= less else min(1.0, max(0.0, (wanted - less) / (more - less)))
    return {name: below[name] + part * (above[name] - below[name]) for name in layers}


def predicted(layers: Mapping[str, Sensitivity], shares: Mapping[str, float]) -> float:
    """Noise of all layers together."""
    return sum(float(x.at(np.array(shares[name]))) for name, x in layers.items())
