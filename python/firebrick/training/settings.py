# SPDX-License-Identifier: Apache-2.0
"""What a user may choose when training."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from firebrick.errors import FirebrickError
from firebrick.quantize.options import QuantizeOptions


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of `train`.

    Attributes:
        epochs: through all images, of dense training.
        keep: share of the weights that pruning leaves, 1 for all.
        prune_epochs: at each of which some more weights are pruned.
        retrain_epochs: of what is left.
        tune_epochs: of the integers.
        weight_bits: bits of a weight code, 2 to 8.
        act_bits: bits of an activation, 2 to 8.
        batch: images at a time, of all processes together.
        rate: largest learning rate of dense training.
        decay: of the weights.
        shift: pixels that images are moved at most.
        mirror: half of the images are mirrored.
        held_out: share of the images that choices are made on.
        patience: epochs without a better result on these after which a stage ends; 0 for never.
        normalize: train with batch norms, folded in the end.
        seed: of every random choice.
    """

    epochs: int = 12
    keep: float = 1.0
    prune_epochs: int = 4
    retrain_epochs: int = 6
    tune_epochs: int = 4
    weight_bits: int = 6
    act_bits: int = 8
    batch: int = 128
    rate: float = 0.1
    decay: float = 5e-4
    shift: int = 0
    mirror: bool = False
    held_out: float = 1 / 12
    patience: int = 0
    normalize: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            FirebrickError: naming field, value and rule.
        """
        lows = {"epochs": 0, "prune_epochs": 1, "retrain_epochs": 0, "tune_epochs": 0, "batch": 1}
        for field, low in (lows | {"shift": 0, "patience": 0, "seed": 0}).items():
            if getattr(self, field) < low:
                raise FirebrickError(f"train: {field}={getattr(self, field)} is less than {low}")
        for field in ("keep", "rate"):
            value = getattr(self, field)
            if not (math.isfinite(value) and 0 < value <= 1):
                raise FirebrickError(f"train: {field}={value} is not more than 0, at most 1")
        _ = self.quantization  # what it refuses is said before hours are spent
        if not 0 < self.held_out < 1:
            raise FirebrickError(f"train: held_out={self.held_out} is not between 0 and 1")
        if not (math.isfinite(self.decay) and self.decay >= 0):
            raise FirebrickError(f"train: decay={self.decay} is less than 0")

    @property
    def quantization(self) -> QuantizeOptions:
        """Of the integers that are tuned.

        Raises:
            FirebrickError: bits are out of range.
        """
        return QuantizeOptions(weight_bits=self.weight_bits, act_bits=self.act_bits, seed=self.seed)

    def fields(self) -> dict[str, object]:
        """For a file."""
        return asdict(self)
