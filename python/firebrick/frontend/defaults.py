# SPDX-License-Identifier: Apache-2.0
"""How a photograph becomes a network's input, where nobody says it, and what a user may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firebrick.errors import FirebrickError
from firebrick.ir.graph import Shape
from firebrick.preprocessing import Preprocessing, channel_orders

SMALL = 128
"""Sides of an input below this are of data sets whose images are taken whole (digits, CIFAR)."""
PIXEL = 255.0
"""What the largest pixel is, in the scale of `Preprocessing`."""
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
"""Of ImageNet, on the scale 0..1, as torchvision has them."""


def raw(shape: Shape) -> Preprocessing:
    """The pixels themselves, for a network that normalizes them itself."""
    zeros, ones = (0.0,) * shape.channels, (1.0,) * shape.channels
    return Preprocessing(_resize(shape), channel_orders(shape.channels)[0], zeros, ones)


def default(shape: Shape) -> Preprocessing:
    """What torchvision does to colour photographs; grey and other images are scaled to 0..1."""
    is_colour = shape.channels == len(_MEAN)
    mean = _MEAN if is_colour else (0.0,) * shape.channels
    std = _STD if is_colour else (1.0,) * shape.channels
    return Preprocessing(
        _resize(shape),
        channel_orders(shape.channels)[0],
        mean=tuple(PIXEL * x for x in mean),
        std=tuple(PIXEL * x for x in std),
    )


def of_channels(chosen: Mapping[str, Any], channels: int) -> dict[str, Any]:
    """What a user gives, for an image of so many channels: equal numbers stand for any number."""
    return {
        field: values[:1] * channels
        if field in ("mean", "std") and len(set(values)) == 1
        else values
        for field, values in chosen.items()
    }


def check_scale(chosen: Mapping[str, Any]) -> None:
    """Refuse means and divisors on the scale 0..1, as most training code has them.

    Args:
        chosen: fields of `Preprocessing` that the user gives.

    Raises:
        FirebrickError: naming the values that are meant.
    """
    mean, std = chosen.get("mean", ()), chosen.get("std", ())
    of_mean = _is_small(mean)
    if of_mean or _is_fraction(std):
        meant = " ".join(
            f"--{field} {' '.join(f'{PIXEL * x:.10g}' for x in values)}"
            for field, values in (("mean", mean), ("std", std))
            if values
        )
        field = "mean" if of_mean else "std"
        raise FirebrickError(
            f"preprocessing.{field}={tuple(chosen[field])} is on the scale 0..1, pixels are 0..255:"
            f" give {meant}"
        )


def doubt(how: Preprocessing) -> str:
    """What to say of a model whose own layers normalize pixels as if they were 0..1; else nothing.

    Nothing tells whether it is so meant, but that trained models hardly are.
    """
    if _is_fraction(how.std) and (_is_small(how.mean) or not any(how.mean)):
        return "; they look made for pixels of 0..1: if so give --mean 0 0 0 --std 255 255 255"
    return ""


def _is_small(mean: Sequence[float]) -> bool:
    """Whether means are of pixels 0..1."""
    return any(mean) and all(abs(x) <= 1 for x in mean)


def _is_fraction(std: Sequence[float]) -> bool:
    """Whether divisors are of pixels 0..1."""
    return bool(std) and all(0 < x < 1 for x in std)


def _resize(shape: Shape) -> int:
    side = max(shape.height, shape.width)
    return side if side < SMALL else round(side * 256 / 224)
