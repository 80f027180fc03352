# SPDX-License-Identifier: Apache-2.0
"""One photograph through an accelerator: best classes, time, cycles, what each engine does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from firebrick.arrays import is_array, read_array
from firebrick.errors import CheckFailed, FirebrickError
from firebrick.preprocessing import Preprocessing
from firebrick.web.photographs import read_pixels, to_pixels

BEST = 5
"""Classes that are shown."""
Pixels = NDArray[np.uint8]
Logits = NDArray[np.int32]


@dataclass(frozen=True)
class Model:
    """What a bundle says about its network, as far as it is shown.

    Attributes:
        name: of the network.
        digest: model hash.
        board: name of the board it was planned for; None if for none.
        height: of the input, border included.
        width: of the input, border included.
        channels: of the input.
        how: preprocessing: how photographs and arrays become the input.
        scale: real value of one step of a logit.
        labels: class names.
        cycles_per_frame: predicted.
        latency_cycles: predicted.
        clock_mhz: ASSUMED clock of the board; None without one.
        engines: name, operator and predicted cycles a frame of each engine.
    """

    name: str
    digest: str
    board: str | None
    height: int
    width: int
    channels: int
    how: Preprocessing
    scale: float
    labels: Sequence[str]
    cycles_per_frame: int
    latency_cycles: int
    clock_mhz: int | None
    engines: Sequence[tuple[str, str, int]]

    @property
    def cut(self) -> tuple[int, int, int]:
        """Of a photograph: shorter side after resizing, height and width of what is cut out.

        Raises:
            FirebrickError: the network takes none.
        """
        self.how.require_photographs(self.name)
        return self.how.resize, *self.how.cut(self.height, self.width)

    def of_photograph(self, data: bytes) -> Pixels:
        """The input (H, W, C), of the bytes of a photograph.

        Raises:
            BadPhotograph: it is none.
            FirebrickError: the network takes none.
        """
        frame: Pixels = self.how.of_photographs(to_pixels(data, *self.cut)[None])[0]
        return frame

    def of_array(self, array: NDArray[Any], place: str) -> Pixels:
        """The input (H, W, C), of an array; see `Preprocessing.of_arrays`.

        Raises:
            FirebrickError: naming the place and the rule; or it holds several.
        """
        frames = self.how.of_arrays(place, array, self.height, self.width)
        if len(frames) != 1:
            raise FirebrickError(f"{place}: images={len(frames)} is not 1")
        frame: Pixels = frames[0]
        return frame

    def read(self, path: Path) -> Pixels:
        """The input (H, W, C), of a photograph or of a ``.npy`` file.

        Raises:
            FirebrickError: naming the file and the rule.
        """
        if is_array(path):
            return self.of_array(read_array(path), str(path))
        frame: Pixels = self.how.of_photographs(read_pixels(path, *self.cut)[None])[0]
        return frame

    def frames_per_second(self, cycles: int) -> float | None:
        """At the assumed clock; None without one."""
        return round(self.clock_mhz * 1e6 / cycles, 1) if self.clock_mhz else None


@dataclass(frozen=True)
class Guess:
    """One of the best classes.

    Attributes:
        index: of the class.
        name: its label.
        logit: at its real scale.
        share: by softmax over all classes.
    """

    index: int
    name: str
    logit: float
    share: float


class Device(Protocol):
    """What is needed of `firebrick.runtime.Accelerator`."""

    def run(self, images: Pixels, seconds: float) -> tuple[Logits, int, int]:
        """Logits of frames (N, H, W, C); cycles of the run, and between the last two frames."""


@dataclass(frozen=True)
class Result:
    """What one photograph gave.

    Attributes:
        model: of the bundle.
        logits: integers, one a class.
        milliseconds: from pixels to logits, as the host saw it.
        latency_cycles: of the accelerator, from start to done.
        frame_cycles: measured between two frames back to back.
    """

    model: Model
    logits: Logits
    milliseconds: float
    latency_cycles: int
    frame_cycles: int

    @property
    def frames_per_second(self) -> float | None:
        """At the assumed clock; None without one."""
        return self.model.frames_per_second(self.frame_cycles)

    @property
    def best(self) -> list[Guess]:
        """Best classes."""
        real = self.logits.astype(np.float64) * self.model.scale
        shares = np.exp(real - real.max())
        shares /= shares.sum()
        order = np.argsort(-self.logits.astype(np.int64), kind="stable")[:BEST]
        labels = self.model.labels
        return [
            Guess(int(x), labels[x], round(float(real[x]), 4), round(float(shares[x]), 6))
            for x in order
        ]

    def fields(self) -> dict[str, object]:
        """For JSON."""
        return {
            "top5": [asdict(x) for x in self.best],
            "milliseconds": round(self.milliseconds, 3),
            "latency_cycles": self.latency_cycles,
            **speed(self.model, self.frame_cycles),
        }


class Classifier:
    """Sends photographs to an accelerator, one at a time.

    Two frames go through it at once, so what does not work shows before the first photograph.

    Args:
        model: what the accelerator computes.
        device: the accelerator.
        seconds: longest wait for it.

    Raises:
        FirebrickError: the accelerator failed.
    """

    def __init__(self, model: Model, device: Device, seconds: float = 60.0) -> None:
        self.model = model
        self._device = device
        self._seconds = seconds
        grey = np.full((2, model.height, model.width, model.channels), 128, np.uint8)
        logits, _, self.frame_cycles = device.run(grey, seconds)
        if not np.array_equal(logits[0], logits[1]) or self.frame_cycles < 1:
            raise CheckFailed(f"{model.name}: two equal frames gave different logits or no cycles")

    def classify(self, data: bytes) -> Result:
        """Classify the bytes of a photograph.

        Raises:
            BadPhotograph: it is none.
            FirebrickError: the accelerator failed.
        """
        return self.infer(self.model.of_photograph(data))

    def infer(self, pixels: Pixels) -> Result:
        """Classify an input, pixels (H, W, C).

        Raises:
            FirebrickError: the accelerator failed.
        """
        start = time.perf_counter()
        logits, cycles, _ = self._device.run(pixels[None], self._seconds)
        taken = time.perf_counter() - start
        return Result(self.model, logits[0], 1e3 * taken, cycles, self.frame_cycles)


def speed(model: Model, frame_cycles: int) -> dict[str, object]:
    """Cycles between frames, what they are at the assumed clock, and each engine's busy share."""
    return {
        "frame_cycles": frame_cycles,
        "predicted_frame_cycles": model.cycles_per_frame,
        "assumed_clock_mhz": model.clock_mhz,
        "frames_per_second": model.frames_per_second(frame_cycles),
        "activity": [
            {
                "name": name,
                "kind": kind,
                "cycles": cycles,
                "busy": round(cycles / frame_cycles, 4),
            }
            for name, kind, cycles in model.engines
        ],
    }
