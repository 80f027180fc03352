# SPDX-License-Identifier: Apache-2.0
"""Train the small Fire network of `models/fashion_fire.onnx`: python train.py -o fashion_fire.onnx.

Needs PyTorch, which Firebrick does not: `pip install torch==2.13.0`. Takes a quarter of an hour on
one core. The network eats RGB, as all of Firebrick; its first layer looks at one of three equal
channels, for zeros cost nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import fashion
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from firebrick.frontend import onnx_writer
from firebrick.ir.graph import (
    IMAGE,
    ConcatNode,
    ConvNode,
    GlobalAveragePoolNode,
    Graph,
    MaxPoolNode,
    Node,
    Shape,
)
from firebrick.preprocessing import Preprocessing

SEED, BATCH, RATE, DECAY = 1, 128, 0.1, 5e-4
SHIFT = 2
"""Pixels by which a photograph moves at most while training."""
FIRES = {"fire2": (24, 16, 32), "fire3": (64, 16, 32), "fire4": (64, 32, 64)}
"""Channels in, of the squeeze, of each of the expands."""


class Fire(nn.Module):
    """Squeeze, then 1x1 and 3x3 filters side by side."""

    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = layer(channels, squeeze, 1)
        self.expand1x1 = layer(squeeze, expand, 1)
        self.expand3x3 = layer(squeeze, expand, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Both expands' channels, 1x1 first."""
        squeezed = self.squeeze(x)
        return torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], 1)


def layer(channels: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution, batch normalization, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class FireNetwork(nn.Module):
    """conv1, pool1, fire2, fire3, pool3, fire4, conv10, average."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = layer(1, FIRES["fire2"][0], 3)
        self.fires = nn.ModuleDict({name: Fire(*shape) for name, shape in FIRES.items()})
        self.conv10 = nn.Conv2d(2 * FIRES["fire4"][2], len(fashion.LABELS), 1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of grey photographs (N, 1, 28, 28), 0 to 255."""
        x = self.pool(self.conv1(x / 255))
        x = self.pool(self.fires["fire3"](self.fires["fire2"](x)))
        return self.conv10(self.fires["fire4"](x)).mean((2, 3))

    def graph(self) -> Graph:
        """The network as Firebrick reads it, batch normalization folded into the convolutions."""
        fires = (node for name in FIRES for node in self._fire(name))
        nodes = [
            folded("conv1", IMAGE, self.conv1),
            MaxPoolNode("pool1", ("conv1",), 3, 2, ceil=True),
            *fires,
            ConvNode("conv10", ("fire4",), array(self.conv10.weight), array(self.conv10.bias)),
            GlobalAveragePoolNode("average", ("conv10",)),
        ]
        after = [x.name for x in nodes].index("fire3") + 1
        nodes.insert(after, MaxPoolNode("pool3", ("fire3",), 3, 2, ceil=True))
        size = Shape(3, fashion.SIDE, fashion.SIDE)
        how = Preprocessing(fashion.SIDE, std=(255.0,) * 3)
        return Graph("fashion_fire", size, tuple(nodes), how, fashion.LABELS)

    def _fire(self, name: str) -> Iterator[Node]:
        source = {"fire2": "pool1", "fire3": "fire2", "fire4": "pool3"}[name]
        fire = self.fires[name]
        yield folded(f"{name}_squeeze", source, fire.squeeze)
        yield folded(f"{name}_expand1x1", f"{name}_squeeze", fire.expand1x1)
        yield folded(f"{name}_expand3x3", f"{name}_squeeze", fire.expand3x3)
        yield ConcatNode(name, (f"{name}_expand1x1", f"{name}_expand3x3"))


def array(values: Tensor) -> np.ndarray:
    """Values as the graph keeps them."""
    return values.detach().numpy().astype(np.float32)


def folded(name: str, source: str, block: nn.Sequential) -> ConvNode:
    """A `layer`, its normalization folded: w * scale, and bias - mean * scale."""
    conv, norm, _ = block
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weights = array(conv.weight * scale[:, None, None, None])
    if source == IMAGE:
        weights = np.pad(weights, ((0, 0), (0, 2), (0, 0), (0, 0)))
    pads = (conv.padding[0],) * 4
    bias = array(norm.bias - norm.running_mean * scale)
    return ConvNode(name, (source,), weights, bias, pads=pads, relu=True)


def batches(x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """An epoch in random order, photographs mirrored and moved."""
    for chosen in torch.randperm(len(x)).split(BATCH):
        part = functional.pad(x[chosen], (SHIFT,) * 4)
        top, left = torch.randint(2 * SHIFT + 1, (2,)).tolist()
        part = part[:, :, top : top + fashion.SIDE, left : left + fashion.SIDE]
        mirrored = torch.rand(len(chosen))[:, None, None, None] < 0.5
        yield torch.where(mirrored, part.flip(3), part).float(), y[chosen]


def accuracy(network: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of right answers."""
    network.eval()
    with torch.no_grad():
        guesses = torch.cat([network(part.float()).argmax(1) for part in x.split(1000)])
    return float((guesses == y).float().mean())


def train(folder: Path, epochs: int) -> FireNetwork:
    """Train on all 60,000 photographs; only the last epoch is looked at on the test set."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    x = torch.tensor(fashion.images(folder, fashion.TRAIN))[:, None]
    y = torch.tensor(fashion.labels(folder, fashion.TRAIN)).long()
    network = FireNetwork()
    optimizer = torch.optim.SGD(
        network.parameters(), RATE, momentum=0.9, weight_decay=DECAY, nesterov=True
    )
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    start = time.monotonic()
    for epoch in range(1, epochs + 1):
        network.train()
        total = 0.0
        for part, classes in batches(x, y):
            loss = functional.cross_entropy(network(part), classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(part)
        seconds = time.monotonic() - start
        print(f"epoch {epoch}: loss {total / len(x):.4f}, {seconds:.0f} s", flush=True)
    test = (fashion.images(folder, fashion.TEST), fashion.labels(folder, fashion.TEST))
    right = accuracy(network, torch.tensor(test[0])[:, None], torch.tensor(test[1]).long())
    print(f"accuracy on {len(test[0])} test photographs: {right:.2%}")
    return network.eval()


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="float ONNX file to write")
    data = fashion.default_folder()
    parser.add_argument("--data", type=Path, default=data, help="folder of the data set")
    parser.add_argument("--epochs", type=int, default=15)
    given = parser.parse_args()
    onnx_writer.write(train(given.data, given.epochs).graph(), given.output)


if __name__ == "__main__":
    main()
