# SPDX-License-Identifier: Apache-2.0
"""Quantize by training: python train_brevitas.py digits/train -o digits_brevitas.onnx.

Weights of 6 bits and activations of 8, learned by Brevitas from the network that `train.py` made,
and written as QONNX. Needs `pip install brevitas`; takes a quarter of a minute on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import brevitas.nn as qnn
import torch
from brevitas.export import export_qonnx
from brevitas.quant import Int8WeightPerChannelFloat, Uint8ActPerTensorFloat
from network import Digits, load
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from train import images, train

SEED, RATE, WEIGHT_BITS = 1, 0.01, 6


class Weights(Int8WeightPerChannelFloat):
    """Signed weights, one scale a channel."""

    bit_width = WEIGHT_BITS


class Activations(Uint8ActPerTensorFloat):
    """Of a ReLU: unsigned, 8 bits, one scale a tensor."""


def quantized(conv: nn.Conv2d) -> qnn.QuantConv2d:
    """The same convolution, weights on a grid."""
    result = qnn.QuantConv2d(
        *(conv.in_channels, conv.out_channels, conv.kernel_size),
        padding=conv.padding,
        weight_quant=Weights,
    )
    result.load_state_dict(conv.state_dict(), strict=False)
    return result


def layer(block: nn.Sequential, relu: nn.Module) -> nn.Sequential:
    """Convolution with its batch normalization in it, ReLU."""
    conv, norm, _ = block
    return nn.Sequential(quantized(fuse_conv_bn_eval(conv, norm)), relu)


def put_on_grids(network: Digits) -> Digits:
    """Replace the layers of a trained network; what is concatenated shares one scale."""
    first, _, fire, last = network.features[:4]
    relus = [qnn.QuantReLU(act_quant=Activations) for _ in range(3)]
    network.features[0], network.features[3] = layer(first, relus[0]), quantized(last)
    fire.squeeze = layer(fire.squeeze, relus[1])
    fire.expand1x1 = layer(fire.expand1x1, relus[2])
    fire.expand3x3 = layer(fire.expand3x3, relus[2])
    return network


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder a class, of images")
    parser.add_argument("-o", "--output", type=Path, required=True, help="QONNX file to write")
    parser.add_argument("--start", type=Path, default=Path("digits.npz"), help="float weights")
    parser.add_argument("--epochs", type=int, default=10)
    given = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    network = put_on_grids(load(given.start))
    x, y = images(given.folder)
    train(network, x, y, given.epochs, RATE)
    export_qonnx(network.eval(), args=x[:1], export_path=str(given.output), external_data=False)


if __name__ == "__main__":
    main()
