# SPDX-License-Identifier: Apache-2.0
"""Which weights are pruned, and when: by magnitude, layer by layer, in steps.

Han, Pool, Tran, Dally, Learning both weights and connections, NIPS 2015; steps as in Zhu, Gupta, To
prune or not to prune, arXiv 1710.01878, equation 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.utils import prune

from firebrick.errors import FirebrickError


def share_of_step(keep: float, step: int, steps: int) -> float:
    """Share of the weights that is kept after a step of so many, 1 to `steps`.

    The first steps take most; the last ones few, since what is left matters.
    """
    return keep + (1 - keep) * (1 - step / steps) ** 3


def counts(convolutions: Mapping[str, nn.Conv2d], keep: float) -> dict[str, int]:
    """Weights to keep of each layer: of the first all, of the others the same share.

    The first layer has few weights, and everything depends on them.

    Args:
        convolutions: by name, in the order of the network.
        keep: share of all weights.

    Raises:
        FirebrickError: the first layer alone has more.
    """
    sizes = {name: conv.weight.numel() for name, conv in convolutions.items()}
    first = next(iter(sizes))
    others = sum(sizes.values()) - sizes[first]
    left = keep * sum(sizes.values()) - sizes[first]
    if left <= 0 or not others:
        raise FirebrickError(
            f"train: keep={keep} is less than the {sizes[first]} weights of {first!r}, which stays "
            f"whole, of {sum(sizes.values())}"
        )
    return {x: n if x == first else max(1, round(n * left / others)) for x, n in sizes.items()}


def prune_to(convolutions: Mapping[str, nn.Conv2d], wanted: Mapping[str, int]) -> None:
    """Prune the smallest weights of each layer until so many are left."""
    for name, conv in convolutions.items():
        kept = int(conv.weight_mask.sum()) if hasattr(conv, "weight_mask") else conv.weight.numel()
        surplus = kept - wanted[name]
        if surplus > 0:
            prune.l1_unstructured(conv, "weight", surplus, importance_scores=weights(conv))


def weights(conv: nn.Conv2d) -> Tensor:
    """Of a layer, pruned ones 0: its attribute `weight` is that of the last forward pass."""
    if hasattr(conv, "weight_mask"):
        return (conv.weight_orig * conv.weight_mask).detach()
    return conv.weight.detach()
