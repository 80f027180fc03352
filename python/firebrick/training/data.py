# SPDX-License-Identifier: Apache-2.0
"""Images of known classes, in memory, and how an epoch goes through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from firebrick.errors import FirebrickError
from firebrick.evaluate.classes import truth
from firebrick.evaluate.labelled import Labelled
from firebrick.images import PixelArray
from firebrick.ir.graph import Graph
from firebrick.ir.rules import shapes
from firebrick.preprocessing import Preprocessing
from firebrick.progress import Progress

MAX_BYTES = 8 << 30
"""Most memory that images may take."""
CHUNK = 256
WORKERS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Images and their classes.

    Attributes:
        pixels: uint8 (N, C, H, W), as the quantized network takes them, without border.
        classes: int64 (N,).
    """

    pixels: Tensor
    classes: Tensor

    def __len__(self) -> int:
        """Number of images."""
        return len(self.classes)

    def part(self, chosen: Tensor) -> Examples:
        """Some of them."""
        return Examples(self.pixels[chosen], self.classes[chosen])

    def split(self, share: float, seed: int) -> tuple[Examples, Examples]:
        """Those to train on, and a share that is held out for choices, drawn by the seed."""
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed))
        held = max(1, round(share * len(self)))
        return self.part(order[held:].sort()[0]), self.part(order[:held].sort()[0])


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is done to images while training, each time anew.

    Attributes:
        shift: pixels that a batch is moved at most, in each direction; black comes in.
        mirror: half of the images are mirrored.
    """

    shift: int = 0
    mirror: bool = False

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Of a batch (N, C, H, W)."""
        if self.shift:
            height, width = x.shape[2:]
            x = functional.pad(x, (self.shift,) * 4)
            top, left = torch.randint(2 * self.shift + 1, (2,), generator=generator).tolist()
            x = x[:, :, top : top + height, left : left + width]
        if self.mirror:
            flipped = torch.rand(len(x), generator=generator)[:, None, None, None] < 0.5
            x = torch.where(flipped, x.flip(3), x)
        return x


def load(
    data: Labelled, graph: Graph, labels: tuple[str, ...], source: str | None, progress: Progress
) -> tuple[Examples, tuple[str, ...]]:
    """All images of labelled data.

    Args:
        data: of known classes.
        graph: whose images they become.
        labels: names of the logits, or none.
        source: the user's file that they come from, or None.
        progress: told the share of images that are read.

    Returns:
        The images, and the names of the classes.

    Raises:
        FirebrickError: an image cannot be read, they are too many, or classes have no images.
    """
    shape, how = graph.input, graph.preprocessing
    count = shapes(graph)[graph.nodes[-1].name].channels
    found = truth(data, count, labels, source)
    size = len(data) * shape.values
    if size > MAX_BYTES:
        raise FirebrickError(f"{data.place}: bytes={size} of all images exceed {MAX_BYTES}")
    empty = sorted(set(range(count)) - set(found.indices.tolist()))
    if empty:
        raise FirebrickError(f"{data.place}: class {found.names[empty[0]]!r} has no images")
    pixels = np.empty((len(data), shape.channels, shape.height, shape.width), np.uint8)
    done = 0
    for part in data.pixels(how, shape.height, shape.width, CHUNK, WORKERS):
        pixels[done : done + len(part)] = part
        done += len(part)
        progress("reading images", done / len(data))
    return Examples(torch.from_numpy(pixels), torch.from_numpy(found.indices)), found.names


def normalized(x: Tensor, how: Preprocessing) -> Tensor:
    """What `images.to_float` gives, of a batch of pixels."""
    ordered = x.flip(1) if how.channels == "BGR" else x
    mean, std = (torch.tensor(v)[:, None, None] for v in (how.mean, how.std))
    return (ordered.float() - mean) / std


def epoch(
    examples: Examples,
    batch: int,
    augmentation: Augmentation,
    seed: tuple[int, ...],
    *,
    rank: int = 0,
    world: int = 1,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Every image once, in an order that follows from the seed; pixels and classes.

    Args:
        examples: to go through.
        batch: images at a time, of all processes together.
        augmentation: of the pixels.
        seed: numbers that tell this epoch from others.
        rank: of this process, which gets its share of each batch.
        world: number of processes.
    """
    (number,) = np.random.SeedSequence(seed).generate_state(1).tolist()
    generator = torch.Generator().manual_seed(number)
    for chosen in torch.randperm(len(examples), generator=generator).split(batch):
        mine = chosen[rank::world]
        pixels = augmentation(examples.pixels[mine], generator)
        if len(chosen) >= world:
            yield pixels, examples.classes[mine]


def calibration(examples: Examples, count: int, seed: int) -> PixelArray:
    """Some images to quantize on, drawn by the seed."""
    order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))[:count]
    return examples.pixels[order].numpy()
