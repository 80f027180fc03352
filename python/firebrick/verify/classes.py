# SPDX-License-Identifier: Apache-2.0
"""The best classes of each image, of an engine's logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from firebrick.hardware.tensor import IntArray
from firebrick.ir.network import Network

BEST = 5


class Guess(TypedDict):
    """A class: its index among the logits, its name, its logit at its real scale."""

    index: int
    name: str
    logit: float


def classify(network: Network, tensors: Mapping[str, IntArray]) -> list[list[Guess]]:
    """The best classes of each image, the best one first; of equal ones the one of lower index."""
    logits = tensors[network.output].reshape(len(tensors[network.output]), -1)
    scale = network.scales[network.output]
    return [
        [
            Guess(
                index=int(index),
                name=network.labels[index] if network.labels else f"class {index}",
                logit=round(float(row[index]) * scale, 4),
            )
            for index in np.argsort(-row, kind="stable")[:BEST]
        ]
        for row in logits
    ]
