# SPDX-License-Identifier: Apache-2.0
"""What the float and the quantized network make of the calibration crops, layer by layer.

A tensor that leaves room for what follows is kept, of all crops. One that does not is computed anew
whenever it is read, a few crops at a time, from those that are kept: the values are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from firebrick.images import PixelArray
from firebrick.ir.graph import IMAGE, FloatArray
from firebrick.quantize.exact import Array
from firebrick.quantize.rounding.hessian import Streams

BATCH = 4
"""Crops computed at a time; more would only take memory."""
BATCH_VALUES = 1 << 20
"""Values of a tensor computed at a time, at most, unless those of a single crop are more."""
VALUE_BYTES = 5
"""Of a value that is kept: a float32 and a byte."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerStep:
    """How a layer is computed.

    Attributes:
        inputs: tensors it reads.
        real: what the float network does.
        integer: what the quantized network does.
        values: of one frame of its output.
        scale: real value of one integer step of its output.
    """

    inputs: tuple[str, ...]
    real: Callable[..., FloatArray]
    integer: Callable[..., Array]
    values: int
    scale: float


class Tensors:
    """Tensors of both networks, of all crops.

    Args:
        crops: uint8 (N, C, H, W), which are the integers of the image.
    """

    def __init__(self, crops: PixelArray) -> None:
        self._count = len(crops)
        self._kept = {IMAGE: Streams(crops, crops, 1.0)}
        self._steps: dict[str, LayerStep] = {}

    def add(self, name: str, step: LayerStep, room: int) -> None:
        """Append a layer.

        Args:
            name: of the layer.
            step: how it is computed.
            room: bytes that tensors may take while this one is there.
        """
        self._steps[name] = step
        size = self._count * step.values * VALUE_BYTES
        if size + sum(x.real.nbytes + x.integer.nbytes for x in self._kept.values()) > room:
            return
        whole: Streams | None = None
        filled = 0
        for (part,) in self.batches([name]):
            if whole is None:
                shape = (self._count, *part.real.shape[1:])
                integer = np.empty(shape, part.integer.dtype)
                whole = Streams(np.empty(shape, np.float32), integer, step.scale)
            place = slice(filled, filled + len(part.real))
            whole.real[place], whole.integer[place] = part.real, part.integer
            filled = place.stop
        if whole is not None:
            self._kept[name] = whole
            del self._steps[name]

    def forget(self, alive: set[str]) -> None:
        """Drop what is not needed to give the tensors of these names."""
        needed = set(alive)
        for name in reversed(self._steps):
            if name in needed:
                needed.update(self._steps[name].inputs)
        for table in (self._kept, self._steps):
            for name in table.keys() - needed:
                del table[name]

    def batches(self, names: Sequence[str]) -> Iterator[tuple[Streams, ...]]:
        """Some tensors, a few crops at a time."""
        chain = self._chain(names)
        last = {source: name for name in chain for source in self._steps[name].inputs}
        largest = max([self._steps[x].values for x in chain], default=1)
        size = min(BATCH, max(1, BATCH_VALUES // largest))
        for start in range(0, self._count, size):
            part = slice(start, start + size)
            found: dict[str, Streams] = {}
            for name in chain:
                step = self._steps[name]
                inputs = [self._part(x, part, found) for x in step.inputs]
                real = step.real(*(x.real for x in inputs))
                integer = step.integer(*(x.integer for x in inputs))
                found[name] = Streams(real, integer, step.scale)
                for source in set(step.inputs) & found.keys() - set(names):
                    if last[source] == name:
                        del found[source]
            yield tuple(self._part(x, part, found) for x in names)

    def _chain(self, names: Sequence[str]) -> list[str]:
        """Layers to be computed anew for some tensors, in order."""
        needed = set(names)
        chain = []
        for name in reversed(self._steps):
            if name in needed:
                needed.update(self._steps[name].inputs)
                chain.append(name)
        return chain[::-1]

    def _part(self, name: str, part: slice, found: dict[str, Streams]) -> Streams:
        if name in found:
            return found[name]
        kept = self._kept[name]
        return Streams(
            kept.real[part].astype(np.float32, copy=False), kept.integer[part], kept.scale
        )
