# SPDX-License-Identifier: Apache-2.0
"""Running a network layer by layer, each as fast as it can be computed exactly."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial, reduce

import numpy as np

from firebrick.ir.graph import IMAGE
from firebrick.ops.avgpool import AvgPool
from firebrick.ops.base import Operator
from firebrick.ops.conv.operator import Conv
from firebrick.ops.maxpool import MaxPool
from firebrick.quantize.exact import Array, IntConv, requantize_fast


def maxpool(x: Array, kernel: int, stride: int, height: int, width: int) -> Array:
    """Maximum of each window, windows clipped at the bottom and right edge."""
    rows = _pool_axis(x, kernel, stride, height, 2)
    return _pool_axis(rows, kernel, stride, width, 3)


def _pool_axis(x: Array, kernel: int, stride: int, count: int, axis: int) -> Array:
    """Maximum along one axis: a square window's maximum is that of its rows' maxima."""
    last = x.shape[axis] - 1
    starts = np.arange(count) * stride
    # beyond the edge, the window's last pixel again
    taps = (np.take(x, np.minimum(starts + tap, last), axis) for tap in range(kernel))
    return np.asarray(reduce(np.maximum, taps))


def fast_operator(operator: Operator) -> Callable[..., Array]:
    """A function that gives the integers of `operator.golden` sooner, in the smallest dtype."""
    if isinstance(operator, Conv):
        weights = operator.codebook[operator.codes]  # not kept, as `operator.weights` is
        sums = IntConv(weights, operator.input, operator.stride, operator.pads)
        return partial(_conv, operator, sums)
    if isinstance(operator, MaxPool):
        height, width = operator.output.height, operator.output.width
        return partial(
            maxpool,
            kernel=operator.kernel,
            stride=operator.stride,
            height=height,
            width=width,
        )
    return partial(_golden, operator)


Function = tuple[str, tuple[str, ...], Callable[..., Array]]
"""A layer: its name, the tensors it reads, what it does to them."""


def run_layers(functions: Iterable[Function], image: Array) -> Iterator[tuple[str, Array]]:
    """Names and outputs of layers in order; a tensor is dropped after its last reader."""
    functions = list(functions)
    last = {source: name for name, inputs, _ in functions for source in inputs}
    tensors = {IMAGE: image}
    for name, inputs, function in functions:
        tensors[name] = function(*(tensors[x] for x in inputs))
        for source in set(inputs):
            if last[source] == name:
                del tensors[source]
        yield name, tensors[name]


def last_layer(functions: Iterable[Function], image: Array) -> Array:
    """Output of the last of some layers."""
    return deque(run_layers(functions, image), 1).pop()[1]


def _conv(operator: Conv, sums: IntConv, x: Array) -> Array:
    acc = sums(x)[:, :, : operator.output.height, : operator.output.width]
    return requantize_fast(acc, operator.bias, operator.multiplier, operator.shift, operator.output)


def _golden(operator: Operator, *inputs: Array) -> Array:
    values = operator.golden(*(x.astype(np.int64) for x in inputs))
    if isinstance(operator, AvgPool):
        return values
    return values.astype(np.int8 if operator.output.signed else np.uint8)
