# SPDX-License-Identifier: Apache-2.0
"""The quantized network: operators and how they are joined. This is what hardware computes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import IntArray, TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ops.base import Operator
from firebrick.preprocessing import Preprocessing

T = TypeVar("T", bound=Operator)

RESERVED = ("pixels", "s_axis", "m_axis", "s_load", "loaded", "load_gate", "input0", "output")
"""Names that no layer may have: streams of the generated top and of its bench bear them."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An operator and the names of the tensors it reads (layer names, or `IMAGE`)."""

    operator: Operator
    inputs: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the layer and of its output tensor."""
        return self.operator.name


@dataclass(frozen=True, eq=False)
class Network:
    """Quantized layers in execution order; the last one gives the logits.

    Attributes:
        name: of the model.
        image: type of the input tensor: raw pixels, RGB order, uint8, with the border.
        layers: in execution order.
        preprocessing: how photographs become pixels, border included. Channel order, mean and std
            are folded into the first layer, and say which pixels stand for floats.
        scales: per tensor (image included), the real value of one integer step.
        labels: class names, empty when unknown.
    """

    name: str
    image: TensorType
    layers: tuple[Layer, ...]
    preprocessing: Preprocessing
    scales: Mapping[str, float]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check names, order and types of all joints, and the number of labels.

        Raises:
            FirebrickError: naming the layer and the rule.
        """
        if not self.layers:
            raise FirebrickError(f"network {self.name!r}: layers=0 is not a network")
        known = {IMAGE: self.image}
        for layer in self.layers:
            if layer.name in known:
                raise FirebrickError(f"layer {layer.name!r}: name used twice")
            if layer.name in RESERVED:
                raise FirebrickError(
                    f"layer {layer.name!r}: name is one of {', '.join(RESERVED)}, which hardware "
                    "uses itself"
                )
            if len(layer.inputs) != len(layer.operator.inputs):
                raise FirebrickError(
                    f"layer {layer.name!r}: inputs={len(layer.inputs)}, its operator takes "
                    f"{len(layer.operator.inputs)}"
                )
            for source, kind in zip(layer.inputs, layer.operator.inputs, strict=True):
                if source not in known:
                    raise FirebrickError(f"layer {layer.name!r}: input {source!r} is not computed")
                if known[source] != kind:
                    raise FirebrickError(
                        f"layer {layer.name!r}: input {source!r} is {known[source]}, expects {kind}"
                    )
            known[layer.name] = layer.operator.output
        classes = known[self.output].channels
        if self.labels and len(self.labels) != classes:
            raise FirebrickError(
                f"network {self.name!r}: labels={len(self.labels)} is not the number of logits, "
                f"{classes}"
            )

    def __iter__(self) -> Iterator[Layer]:
        """Layers in execution order."""
        return iter(self.layers)

    def each(self, kind: type[T]) -> Iterator[tuple[Layer, T]]:
        """Layers of one operator, in execution order."""
        return ((x, x.operator) for x in self.layers if isinstance(x.operator, kind))

    @property
    def output(self) -> str:
        """Name of the logits tensor."""
        return self.layers[-1].name

    def types(self) -> dict[str, TensorType]:
        """Type of each tensor, the image included."""
        return {IMAGE: self.image} | {x.name: x.operator.output for x in self.layers}

    def golden(self, image: IntArray) -> dict[str, IntArray]:
        """Reference integers of every layer.

        Args:
            image: RGB pixels, shape (N, C, H, W).

        Returns:
            Every layer's output by name, each (N, C, H, W).
        """
        tensors = {IMAGE: np.asarray(image, np.int64)}
        for layer in self.layers:
            tensors[layer.name] = layer.operator.golden(*(tensors[x] for x in layer.inputs))
        del tensors[IMAGE]
        return tensors

    def digest(self) -> str:
        """SHA-256 over everything that is computed: the model hash."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        """Computed once: every draft of a plan is held against it."""
        sha = hashlib.sha256()
        for layer in self.layers:
            operator = layer.operator
            sha.update(f"{operator.kind} {layer.name} {layer.inputs} ".encode())
            for field in operator.__dataclass_fields__:  # type: ignore[attr-defined]
                value = getattr(operator, field)
                sha.update(field.encode())
                if isinstance(value, np.ndarray):
                    sha.update(str(value.shape).encode() + value.astype("<i8").tobytes())
                else:
                    sha.update(repr(value).encode())
        return sha.hexdigest()
