# SPDX-License-Identifier: Apache-2.0
"""Networks that nobody has trained yet."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from firebrick.api.models import FloatModel
from firebrick.errors import FirebrickError
from firebrick.families import squeezenet
from firebrick.families.blocks import he_normal
from firebrick.families.squeezenet import CLASSES, SIZE, VERSIONS
from firebrick.frontend.defaults import default
from firebrick.ir.graph import Shape
from firebrick.ir.rules import check_rules

FAMILIES = ("squeezenet",)


def build(
    family: str,
    *,
    version: str = "1.0",
    classes: int = CLASSES,
    size: int = SIZE,
    channels: int = 3,
    seed: int = 0,
    **metaparameters: Any,
) -> FloatModel:
    """A network with random weights, to be trained; `firebrick build` in a program.

    Args:
        family: ``squeezenet``.
        version: ``1.0`` or ``1.1``, where metaparameters begin.
        classes: number of them.
        size: sides of the image, pixels.
        channels: of the image.
        seed: of the weights.
        metaparameters: fields of `families.squeezenet.SqueezeNet` that differ from the version's.

    Raises:
        FirebrickError: naming the field, value and rule.
    """
    for field, name, known in (("family", family, FAMILIES), ("version", version, VERSIONS)):
        if name not in known:
            raise FirebrickError(f"build: {field}={name!r} is none of {', '.join(known)}")
    for field, value in (("classes", classes), ("size", size), ("channels", channels)):
        if value < 1:
            raise FirebrickError(f"build: {field}={value} is less than 1")
    spec = VERSIONS[version]
    unknown = metaparameters.keys() - {x.name for x in fields(spec)}
    if unknown:
        raise FirebrickError(f"build: {min(unknown)!r} is no metaparameter of {family}")
    changed = {x: value for x, value in metaparameters.items() if getattr(spec, x) != value}
    if changed:
        spec = replace(spec, name=f"{family}{version}-changed", **changed)
    image = Shape(channels, size, size)
    graph = squeezenet.build(spec, he_normal(seed), default(image), classes=classes, image=image)
    return FloatModel(check_rules(graph), "default of the image's size and channels")
