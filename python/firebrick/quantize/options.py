# SPDX-License-Identifier: Apache-2.0
"""What a user may choose when quantizing."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum

from firebrick.errors import FirebrickError


class Scheme(StrEnum):
    """How weight values are chosen."""

    CODEBOOK = "codebook"
    """Any 2**weight_bits - 1 integers of value_bits, found by k-means, and zero."""
    LINEAR = "linear"
    """Consecutive integers."""


@dataclass(frozen=True, slots=True)
class QuantizeOptions:
    """Options of `quantize`.

    Attributes:
        weight_bits: bits of a stored weight code, 2 to 8.
        act_bits: bits of an activation, 2 to 8.
        scheme: how weight values are chosen.
        value_bits: bits of a codebook value, 2 to 8 and not below `weight_bits`.
        compensate: make up for each layer's output error (GPTQ); plain rounding if False.
        crops: random crops of the photographs to calibrate on.
        patches: positions of each crop that statistics are taken from, at most.
        seed: of every random choice.
    """

    weight_bits: int = 6
    act_bits: int = 8
    scheme: Scheme = Scheme.CODEBOOK
    value_bits: int = 8
    compensate: bool = True
    crops: int = 64
    patches: int = 160
    seed: int = 0

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            FirebrickError: naming field, value and rule.
        """
        object.__setattr__(self, "scheme", scheme_named(self.scheme))
        for field, low, high in (
            ("weight_bits", 2, 8),
            ("act_bits", 2, 8),
            ("value_bits", 2, 8),
            ("crops", 1, 4096),
            ("patches", 1, 65536),
            ("seed", 0, 2**63 - 1),
        ):
            value = getattr(self, field)
            try:
                value = operator.index(value)
            except TypeError:
                raise FirebrickError(f"quantize: {field}={value!r} is no whole number") from None
            object.__setattr__(self, field, value)
            if not low <= value <= high:
                raise FirebrickError(f"quantize: {field}={value} is not in {low}..{high}")
        if self.value_bits < self.weight_bits:
            raise FirebrickError(
                f"quantize: value_bits={self.value_bits} is not in {self.weight_bits}..8"
            )


def scheme_named(name: str) -> Scheme:
    """The scheme of a name.

    Raises:
        FirebrickError: there is none.
    """
    try:
        return Scheme(name)
    except ValueError:
        names = ", ".join(Scheme)
        raise FirebrickError(f"quantize: scheme={name} is none of {names}") from None
