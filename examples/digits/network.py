# SPDX-License-Identifier: Apache-2.0
"""A small Fire network for 8x8 grey images of digits, in PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn


def layer(channels: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution, batch normalization, ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


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


class Digits(nn.Module):
    """Logits (N, 10) of images (N, 1, 8, 8), whose pixels are scaled to 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            layer(1, 12, 3),
            nn.MaxPool2d(2),
            Fire(12, 8, 16),
            nn.Conv2d(32, 10, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.features(x)


def save(network: nn.Module, path: Path) -> None:
    """Keep weights as plain arrays, which no reader has to trust."""
    np.savez(path, **{name: x.numpy() for name, x in network.state_dict().items()})


def load(path: Path | str) -> Digits:
    """The trained network, ready to be exported: `eval()` has batch norm use its statistics."""
    network = Digits()
    with np.load(path) as arrays:
        network.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays})
    return network.eval()
