# SPDX-License-Identifier: Apache-2.0
"""Counting: how often a model is right, how close it is to another, what it takes for what."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOP = 5
CONFIDENCE = 0.95


def wilson(right: int, images: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval in which a share lies with some confidence, after so many of so many were right.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22
    (1927); recommended for any number of trials by Brown, Cai and DasGupta, Interval estimation for
    a binomial proportion, Statistical Science 16 (2001), section 3.1.1.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = right / images, z * z / images
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(slots=True)
class Scores:
    """Sums over images, which are added a few at a time.

    Attributes:
        images: so far.
        right: of these, those whose best class is the true one.
        right_of_top: those whose true class is among the `TOP` best.
        agreeing: those whose best class is that of the reference.
        signal: power of the reference's logits.
        noise: power of the difference to them.
        pairs: images by true class and best class.
        sha: over the logits, in order.
    """

    images: int = 0
    right: int = 0
    right_of_top: int = 0
    agreeing: int = 0
    signal: float = 0.0
    noise: float = 0.0
    pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    sha: Any = field(default_factory=hashlib.sha256)

    def add(
        self,
        logits: NDArray[Any],
        scale: float,
        classes: NDArray[np.int64],
        reference: NDArray[np.float32] | None,
    ) -> None:
        """Some images.

        Args:
            logits: (N, classes), integers or floats; of equal ones the first counts as the best.
            scale: real value of one step.
            classes: (N,), the true ones.
            reference: real logits to hold them against.
        """
        order = np.argsort(-logits, axis=1, kind="stable")[:, :TOP]
        best = order[:, 0]
        self.images += len(logits)
        self.right += int((best == classes).sum())
        self.right_of_top += int((order == classes[:, None]).any(1).sum())
        self.pairs.update(zip(classes.tolist(), best.tolist(), strict=True))
        kind = "<i8" if np.issubdtype(logits.dtype, np.integer) else "<f4"
        self.sha.update(np.ascontiguousarray(logits.astype(kind)).tobytes())
        if reference is not None:
            wanted = reference.astype(np.float64)
            self.agreeing += int((best == wanted.argmax(1)).sum())
            self.signal += float((wanted**2).sum())
            self.noise += float(((wanted - scale * logits.astype(np.float64)) ** 2).sum())

    @property
    def sqnr_db(self) -> float:
        """Signal to noise of the logits, pooled over images and classes, as `quality.sqnr_db`."""
        if self.noise == 0:
            return math.inf
        return 10 * math.log10(self.signal / self.noise) if self.signal else -math.inf
