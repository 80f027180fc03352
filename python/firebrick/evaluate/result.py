# SPDX-License-Identifier: Apache-2.0
"""What comes of evaluating a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Confusion:
    """Images of one class that were taken for another.

    Attributes:
        true: name of the class that they show.
        taken_for: name of the class that the model says.
        images: how many.
    """

    true: str
    taken_for: str
    images: int


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How often a model is right.

    Attributes:
        model: its name, or that of its file.
        engine: who computed it.
        images: that were classified.
        top1: share of them whose best class is the true one.
        top5: share of them whose true class is among the five best.
        interval: in which `top1` lies with 95 % confidence, were there more images (Wilson).
        agreement: share of them whose best class is that of the float reference; None without one.
        sqnr_db: signal to quantization noise of the logits against it; None without one.
        images_per_second: reading the images included, building simulations not.
        classes: how names of classes became logits.
        preprocessing: who says how an image becomes the model's input.
        worst: what was confused most often.
        logits_sha256: over all logits in order of the images, as little-endian int64 (of a float
            model float32): the same for two engines that agree in every bit.
        names: of the classes.
        pairs: images by true and best class, indices of `names`.
    """

    model: str
    engine: str
    images: int
    top1: float
    top5: float
    interval: tuple[float, float]
    agreement: float | None
    sqnr_db: float | None
    images_per_second: float
    classes: str
    preprocessing: str
    worst: tuple[Confusion, ...]
    logits_sha256: str
    names: tuple[str, ...] = field(repr=False)
    pairs: Mapping[tuple[int, int], int] = field(repr=False)

    def fields(self) -> dict[str, object]:
        """For machines; what was not measured is left out."""
        given = {
            "model": self.model,
            "engine": self.engine,
            "images": self.images,
            "top1": round(self.top1, 6),
            "top5": round(self.top5, 6),
            "interval": [round(x, 6) for x in self.interval],
            "agreement": None if self.agreement is None else round(self.agreement, 6),
            "sqnr_db": None if self.sqnr_db is None else round(self.sqnr_db, 2),
            "images_per_second": round(self.images_per_second, 1),
            "classes": self.classes,
            "preprocessing": self.preprocessing,
            "worst": [
                {"true": x.true, "taken_for": x.taken_for, "images": x.images} for x in self.worst
            ],
            "logits_sha256": self.logits_sha256,
        }
        return {name: value for name, value in given.items() if value is not None}
