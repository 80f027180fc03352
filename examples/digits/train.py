# SPDX-License-Identifier: Apache-2.0
"""Train the network of `network.py`: python train.py digits/train -o digits.npz.

Needs PyTorch, which Firebrick does not. Takes a quarter of a minute on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from network import Digits, save
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

SEED, BATCH, RATE, DECAY = 1, 32, 0.1, 5e-4


def images(folder: Path) -> tuple[Tensor, Tensor]:
    """Pixels scaled to 0..1, (N, 1, H, W), and classes of a folder a class."""
    paths = sorted(folder.glob("*/*.png"))
    pixels = np.stack([np.asarray(Image.open(x).convert("L")) for x in paths])
    classes = torch.tensor([int(x.parent.name) for x in paths])
    return torch.tensor(pixels)[:, None] / 255, classes


def moved(x: Tensor) -> Tensor:
    """Images moved by at most a pixel, each batch in a direction."""
    top, left = torch.randint(3, (2,)).tolist()
    height, width = x.shape[2:]
    return functional.pad(x, (1, 1, 1, 1))[:, :, top : top + height, left : left + width]


def train(network: nn.Module, x: Tensor, y: Tensor, epochs: int, rate: float = RATE) -> None:
    """Train in place; all that is looked at is the loss."""
    optimizer = torch.optim.SGD(network.parameters(), rate, momentum=0.9, weight_decay=DECAY)
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    network.train()
    for epoch in range(1, epochs + 1):
        total = 0.0
        for chosen in torch.randperm(len(x)).split(BATCH):
            loss = functional.cross_entropy(network(moved(x[chosen])), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch}: loss {total / len(x):.4f}", flush=True)


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder a class, of images")
    parser.add_argument("-o", "--output", type=Path, required=True, help=".npz file of weights")
    parser.add_argument("--epochs", type=int, default=60)
    given = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    network = Digits()
    train(network, *images(given.folder), given.epochs)
    save(network, given.output)


if __name__ == "__main__":
    main()
