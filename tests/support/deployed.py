# SPDX-License-Identifier: Apache-2.0
"""Bundles of small networks, written by the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from command_line import fields, fill
from firebrick import images
from firebrick.ir.graph import Preprocessing
from firebrick.ir.network import Network
from firebrick.runtime import Bundle, Counters
from networks import CLASSES, small_network

LABELS = ("fox", "räven & sons", "<i>espresso</i>", "cat", "rocket", "umbrella", "teapot")
SIDE = 25


def network() -> Network:
    """A small network with labels; photographs are resized to somewhat more than its input."""
    assert len(LABELS) == CLASSES
    return replace(
        small_network(bypass=False, side=SIDE), labels=LABELS, preprocessing=Preprocessing(30)
    )


@dataclass(frozen=True)
class Made:
    """What `firebrick deploy` wrote.

    Attributes:
        folder: with q.onnx, plan.json and bundle/.
        network: in the bundle.
        fields: what the command printed.
    """

    folder: Path
    network: Network
    fields: dict[str, Any]

    @property
    def bundle(self) -> Path:
        """The folder that was written."""
        return self.folder / "bundle"


def make(folder: Path, *options: str, limits: tuple[str, ...] = ("--board", "pynq-z2")) -> Made:
    """Quantized model, plan, bundle."""
    made = network()
    fill(folder, made)
    fields(folder, "plan", "q.onnx", *limits, "-o", "plan.json")
    told = fields(folder, "deploy", "q.onnx", "plan.json", "-o", "bundle", *options)
    return Made(folder, made, told)


def golden(made: Network, pixels: np.ndarray) -> np.ndarray:
    """Logits (N, CLASSES) of pixels (N, H, W, C), by the reference."""
    logits = made.golden(pixels.transpose(0, 3, 1, 2))[made.output]
    return logits.reshape(len(pixels), -1).astype(np.int32)


def best_of(made: Network, source: str | Path) -> list[str]:
    """Names of the five best classes of a photograph, by the reference."""
    return [made.labels[x] for x in best_classes(made, source)]


def best_classes(made: Network, source: str | Path) -> list[int]:
    """The five best classes of a photograph, by the reference."""
    shape = (made.preprocessing.resize, made.image.height, made.image.width)
    pixels = images.load_pixels(source, *shape).transpose(1, 2, 0)
    order = np.argsort(-golden(made, pixels[None])[0], kind="stable")[:5]
    return [int(x) for x in order]


class ReferenceAccelerator:
    """A FAKE of the driver: no hardware, the reference's logits, cycles out of the air."""

    def __init__(self, made: Network) -> None:
        self._network = made
        self.counters = Counters(0, 0, 0)

    def __enter__(self) -> ReferenceAccelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None
    ) -> None:
        return None

    def infer(self, pixels: np.ndarray, timeout: float | None = None) -> np.ndarray:
        self.counters = Counters(0, 700 + 300 * len(pixels), 301 if len(pixels) > 1 else 0)
        return golden(self._network, pixels)


def fake_open(made: Network, asked: list[str]) -> Any:
    """Stands in for `Accelerator.open`."""

    def opened(bundle: Bundle, device: str) -> ReferenceAccelerator:
        assert bundle.model_hash == made.digest()
        asked.append(device)
        return ReferenceAccelerator(made)

    return staticmethod(opened)
