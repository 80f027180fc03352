# SPDX-License-Identifier: Apache-2.0
"""The float graph: a typed picture of the trained network, before it becomes integers.

Nodes are immutable and listed in execution order; a node's name is the name of its output tensor.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

IMAGE = "image"
"""Name of the graph's input tensor."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of one frame of a tensor."""

    channels: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a photograph becomes the network's float input.

    The photograph is resized so that its shorter side is `resize` pixels, and its centre is cut out
    at the network's input size. Then, per channel, `value = (pixel - mean) / std`.

    Attributes:
        resize: shorter side after resizing, pixels.
        channels: ``RGB`` or ``BGR``, the order the network expects.
        mean: per network channel, at pixel scale (0..255).
        std: per network channel, at pixel scale.
    """

    resize: int
    channels: str = "RGB"
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A layer. `inputs` are names of earlier nodes, or `IMAGE`."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ConvNode(Node):
    """Convolution, cross-correlation as in ONNX.

    Attributes:
        weights: float32 (O, I, K, K); groups are already expanded to zeros.
        bias: float32 (O,).
        stride: both directions.
        pads: top, left, bottom, right.
        relu: a ReLU follows.
    """

    weights: FloatArray
    bias: FloatArray
    stride: int = 1
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    relu: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BatchNormNode(Node):
    """y = (x - mean) / sqrt(var + epsilon) * scale + bias, each array float32 (C,)."""

    scale: FloatArray
    bias: FloatArray
    mean: FloatArray
    var: FloatArray
    epsilon: float = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class ReluNode(Node):
    """max(x, 0)."""


@dataclass(frozen=True, slots=True, eq=False)
class MaxPoolNode(Node):
    """Maximum over windows; a window that passes the bottom or right edge is clipped.

    Attributes:
        kernel: window side.
        stride: both directions.
        ceil: a last, partial window counts (as ONNX ceil_mode).
    """

    kernel: int
    stride: int
    ceil: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ConcatNode(Node):
    """Channel concatenation."""


@dataclass(frozen=True, slots=True, eq=False)
class AddNode(Node):
    """Elementwise sum of two tensors of the same shape, with an optional ReLU."""

    relu: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class GlobalAveragePoolNode(Node):
    """Mean over all pixels, including a constant ring around the tensor if there is one.

    `y[c] = (sum over pixels of x[c] + ring[c]) / count`.

    Attributes:
        ring: float32 (C,), sum of the constant pixels that are not in the tensor; None for none.
        count: number of pixels averaged, ring included; None for height * width.
    """

    ring: FloatArray | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class IdentityNode(Node):
    """A layer without effect on the integers or on the order of the logits.

    Attributes:
        op: what it was: Dropout, Flatten, Reshape, Squeeze, Identity or Softmax.
    """

    op: str = "Identity"


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A classifier: nodes in execution order; the last node's output is the logits.

    Attributes:
        name: of the model, e.g. ``squeezenet1.1``.
        input: shape of the image.
        nodes: in execution order.
        preprocessing: how photographs become input.
        labels: class names, empty when unknown.
    """

    name: str
    input: Shape
    nodes: tuple[Node, ...]
    preprocessing: Preprocessing
    labels: tuple[str, ...] = field(default=())
