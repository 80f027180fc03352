# SPDX-License-Identifier: Apache-2.0
"""How a photograph becomes a network's input, where nobody says it, and what a user may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from firebrick.errors import FirebrickError
from firebrick.ir.graph import Shape
from firebrick.preprocessing import RAW, Preprocessing, channel_orders

SMALL = 128
"""Sides of an input below this are of data sets whose images are taken whole (digits, CIFAR)."""
LEAST_STD = 0.1
"""Divisors on the scale 0..1 are hardly less: those of photographs and of digits are 0.2 to 0.5."""
PIXEL = 255.0
"""What the largest pixel is, in the scale of `Preprocessing`."""
SPREAD = 4.0
"""Normalized inputs hardly have a mean or a deviation beyond this."""
COLOURS = 3
"""Channels of a colour photograph."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What a family of trained models expects of colour photographs.

    Attributes:
        channels: ``RGB`` or ``BGR``.
        mean: per channel in that order, at pixel scale.
        std: likewise.
    """

    channels: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        # of ImageNet, which torchvision has on the scale 0..1
        "torchvision": Preset(
            "RGB",
            (PIXEL * 0.485, PIXEL * 0.456, PIXEL * 0.406),
            (PIXEL * 0.229, PIXEL * 0.224, PIXEL * 0.225),
        ),
        "caffe": Preset("BGR", (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)),
        "keras": Preset("RGB", (127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
        "none": Preset("RGB", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    }
)
"""By name. Keras' own ``mode="tf"`` is ``keras`` (MobileNet, Xception: -1..1), its ``caffe``
(ResNet, VGG) and ``torch`` (DenseNet) are ``caffe`` and ``torchvision``. ``none`` is the pixels,
0..255."""


def raw(shape: Shape) -> Preprocessing:
    """The pixels themselves, for a network that normalizes them itself."""
    zeros, ones = (0.0,) * shape.channels, (1.0,) * shape.channels
    return Preprocessing(resize(shape), channel_orders(shape.channels)[0], zeros, ones)


def default(shape: Shape) -> Preprocessing:
    """What torchvision does to colour photographs; grey and other images are scaled to 0..1."""
    if shape.channels == COLOURS:
        return replace(raw(shape), **of_preset("torchvision", shape.channels))
    return replace(raw(shape), std=(PIXEL,) * shape.channels)


def of_preset(name: str, channels: int) -> dict[str, Any]:
    """Fields of `Preprocessing` that a preset has, for an image of so many channels.

    Raises:
        FirebrickError: it has none for them; naming the presets and options that do.
    """
    preset, orders = PRESETS[name], channel_orders(channels)
    if channels == COLOURS:
        return {"channels": preset.channels, "mean": preset.mean, "std": preset.std}
    if orders == (RAW,):
        raise FirebrickError(
            f"preprocessing.preset={name} is of photographs, which have 1 or 3 channels, not "
            f"{channels}: give --mean and --std"
        )
    fields = of_channels({"mean": preset.mean, "std": preset.std}, channels)
    if len(fields["mean"]) != channels or len(fields["std"]) != channels:
        alike = " or ".join(x for x, y in PRESETS.items() if len({*y.mean}) == len({*y.std}) == 1)
        raise FirebrickError(
            f"preprocessing.preset={name} is of {COLOURS} colours, the image is grey: give "
            f"--preset {alike}, or --mean and --std"
        )
    return {"channels": orders[0], **fields}


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

    Arrays of sensors may want small ones, too: where one alone is small, the user means it.

    Args:
        chosen: fields of `Preprocessing` that the user gives.

    Raises:
        FirebrickError: naming the values that are meant.
    """
    mean, std = chosen.get("mean", ()), chosen.get("std", ())
    of_mean = any(mean) and all(0 <= x <= 1 for x in mean)
    of_std = bool(std) and all(LEAST_STD <= x < 1 for x in std)
    if (of_mean and (of_std or not std)) or (of_std and not mean):
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


def doubt(own: Preprocessing, before: Preprocessing) -> str:
    """What to say of a model whose own layers normalize its image; nothing where all is as usual.

    Nothing tells whether it is so meant, but that trained models hardly are.

    Args:
        own: what its layers do, as if they were given pixels.
        before: what is done to pixels before.
    """
    if any(before.mean) or any(x != 1 for x in before.std):
        if _is_of_pixels(own):
            return (
                "; the layers look made for pixels of 0..255, which are normalized twice then: if "
                "so give --preset none"
            )
    elif _is_fraction(own.std) and (_is_small(own.mean) or not any(own.mean)):
        return "; they look made for pixels of 0..1: if so give --mean 0 0 0 --std 255 255 255"
    return ""


def _is_of_pixels(how: Preprocessing) -> bool:
    """Whether it is no use on what has been normalized already."""
    return min(how.std) > SPREAD or max(abs(x) for x in how.mean) > SPREAD


def _is_small(mean: Sequence[float]) -> bool:
    """Whether means are of pixels 0..1."""
    return any(mean) and all(abs(x) <= 1 for x in mean)


def _is_fraction(std: Sequence[float]) -> bool:
    """Whether divisors are of pixels 0..1."""
    return bool(std) and all(0 < x < 1 for x in std)


def resize(shape: Shape) -> int:
    """The shorter side that photographs are resized to: torchvision's share; small ones whole."""
    side = max(shape.height, shape.width)
    return side if side < SMALL else round(side * 256 / 224)
