# SPDX-License-Identifier: Apache-2.0
"""A quantized network as a PyTorch module, whose forward pass is that of the hardware, and back.

Trained are codebook values, latent weights that choose the nearest of them, and biases, through
straight-through estimators: Bengio, Leonard, Courville, arXiv 1308.3432; Han, Mao, Dally, Deep
Compression, ICLR 2016, section 3 (gradients of shared weights are summed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from firebrick.errors import FirebrickError
from firebrick.hardware.tensor import TensorType
from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.ops.add import Add
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.conv.operator import BIAS_BITS, Conv
from firebrick.ops.maxpool import MaxPool

Masks = Mapping[str, NDArray[np.bool_]]
"""By layer: weights (O, I, K, K) that are not pruned."""


class IntegerModule(nn.Module):
    """Computes a quantized network; every tensor in it is one of integers.

    Args:
        network: quantized.
        masks: of its convolutions.
    """

    def __init__(self, network: Network, masks: Masks) -> None:
        super().__init__()
        self.network = network
        self.layers = nn.ModuleDict()
        for index, layer in enumerate(network):
            if isinstance(layer.operator, Conv):
                self.layers[str(index)] = IntegerConv(layer.operator, masks[layer.name])
            elif not isinstance(layer.operator, Add | AvgPool | MaxPool):
                raise FirebrickError(f"layer {layer.name!r}: {layer.operator.kind} is not tuned")

    def forward(self, image: Tensor) -> Tensor:
        """Logits (N, classes), at their real scale, of pixels (N, C, H, W), 0 to 255."""
        return self.integers(image) * self.network.scales[self.network.output]

    def integers(self, image: Tensor) -> Tensor:
        """The integers that `Network.golden` gives as logits."""
        tensors = {IMAGE: image.float()}
        for index, layer in enumerate(self.network):
            inputs = [tensors[x] for x in layer.inputs]
            match layer.operator:
                case Conv():
                    y = self.layers[str(index)](inputs[0])
                case MaxPool() as pool:
                    y = _pooled(pool, inputs[0])
                case Add() as add:
                    total = sum(
                        m * x.double() for m, x in zip(add.multipliers, inputs, strict=True)
                    )
                    y = _requantized(total, add.shift, add.output)
                case AvgPool() as average:
                    total = inputs[0].double().sum((2, 3), keepdim=True)
                    total = total + torch.from_numpy(average.bias)[:, None, None]
                    y = (
                        total
                        if average.is_exact
                        else _requantized(total * average.multiplier, average.shift, average.output)
                    )
            tensors[layer.name] = y
        return y.flatten(1)

    def to_network(self) -> Network:
        """The network with what was trained."""
        layers = tuple(
            replace(layer, operator=self.layers[str(index)].to_operator())
            if str(index) in self.layers
            else layer
            for index, layer in enumerate(self.network)
        )
        return replace(self.network, layers=layers)


class IntegerConv(nn.Module):
    """A convolution of integers.

    Args:
        operator: where training begins.
        mask: weights that are not pruned.
    """

    def __init__(self, operator: Conv, mask: NDArray[np.bool_]) -> None:
        super().__init__()
        self.operator = operator
        self.register_buffer("mask", torch.from_numpy(mask))
        self.latent = nn.Parameter(torch.from_numpy(operator.weights.astype(np.float32)))
        self.book = nn.Parameter(torch.from_numpy(operator.codebook.astype(np.float32)))
        step = 2.0**operator.shift / np.maximum(operator.multiplier, 1)
        self.register_buffer("step", torch.from_numpy(step.astype(np.float32)))
        # In steps of the output, so that all layers' biases move alike.
        self.moved = nn.Parameter(torch.zeros(len(step)))
        self.register_buffer("bias", torch.from_numpy(operator.bias.astype(np.float32)))
        outer = mask.copy()
        centre = operator.kernel // 2
        outer[:, :, centre, centre] = False
        pointwise = ~outer.any((1, 2, 3)) & (operator.kernel > 1)
        order = np.argsort(~pointwise, kind="stable")
        self.split = int(pointwise.sum())
        self.register_buffer("order", torch.from_numpy(order))
        self.register_buffer("natural", torch.from_numpy(np.argsort(order)))

    def values(self) -> Tensor:
        """The codebook: integers, the first of them 0."""
        limit = 1 << (self.operator.value_bits - 1)
        book = _rounded(self.book.clamp(-limit, limit - 1))
        return torch.cat([torch.zeros(1), book[1:]])

    def codes(self) -> Tensor:
        """Of each weight: the nearest value's; of pruned ones 0."""
        values = self.values().detach()
        ascending, order = torch.sort(values, stable=True)
        middle = (ascending[1:] + ascending[:-1]) / 2
        nearest = order[torch.bucketize(self.latent.detach(), middle)]
        return torch.where(self.mask, nearest, 0)

    def biases(self) -> Tensor:
        """At accumulator scale: integers."""
        limit = 1 << (BIAS_BITS - 1)
        return _rounded((self.bias + self.moved * self.step).clamp(-limit, limit - 1))

    def weights(self) -> Tensor:
        """Integers, whose gradient goes to the codebook and to the latent weights."""
        chosen = self.values()[self.codes()]
        return (chosen + self.latent - self.latent.detach()) * self.mask

    def forward(self, x: Tensor) -> Tensor:
        """Integers of the output's type."""
        operator = self.operator
        top, left, bottom, right = operator.pads
        x = functional.pad(x, (left, right, top, bottom))
        weights, kernel = self.weights(), operator.kernel
        if self.split:  # filters of a single tap as 1x1, for speed
            weights = weights[self.order]
            at, last = kernel // 2, kernel - 1 - kernel // 2
            inner = x[:, :, at : x.shape[2] - last, at : x.shape[3] - last]
            centre = weights[: self.split, :, at : at + 1, at : at + 1]
            parts = [functional.conv2d(inner, centre, stride=operator.stride)]
            if self.split < len(weights):
                parts.append(functional.conv2d(x, weights[self.split :], stride=operator.stride))
            sums = torch.cat(parts, 1)[:, self.natural]
        else:
            sums = functional.conv2d(x, weights, stride=operator.stride)
        sums = sums[:, :, : operator.output.height, : operator.output.width].double()
        multiplier = torch.from_numpy(operator.multiplier)[:, None, None]
        total = (sums + self.biases().double()[:, None, None]) * multiplier
        return _requantized(total, operator.shift, operator.output)

    def to_operator(self) -> Conv:
        """With the integers that `forward` uses."""
        return replace(
            self.operator,
            codes=self.codes().numpy().astype(np.uint8),
            codebook=self.values().detach().numpy().astype(np.int64),
            bias=self.biases().detach().numpy().astype(np.int64),
        )


def _rounded(x: Tensor) -> Tensor:
    """To the nearest; its gradient is that of x."""
    return x + (torch.round(x) - x).detach()


def _requantized(total: Tensor, shift: int, kind: TensorType) -> Tensor:
    """Shift with halves up, then clamp; the gradient is that without rounding."""
    real = total / 2.0**shift
    whole = real + (torch.floor(real + 0.5) - real).detach()
    return whole.clamp(kind.lo, kind.hi).float()


def _pooled(pool: MaxPool, x: Tensor) -> Tensor:
    """Windows are clipped at the edges; what lies outside never wins."""
    out, stride, kernel = pool.output, pool.stride, pool.kernel
    bottom = max(0, (out.height - 1) * stride + kernel - x.shape[2] - pool.pad_top)
    right = max(0, (out.width - 1) * stride + kernel - x.shape[3] - pool.pad_left)
    x = functional.pad(x, (pool.pad_left, right, pool.pad_top, bottom), value=-torch.inf)
    return functional.max_pool2d(x, kernel, stride)[:, :, : out.height, : out.width]
