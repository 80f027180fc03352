# SPDX-License-Identifier: Apache-2.0
"""How much memory quantization takes, and what follows from it.

How many positions are sampled, and which tensors of the calibration crops are kept: all of it
stays within `MOST`, beside the network itself.
"""

from __future__ import annotations

from firebrick.errors import FirebrickError
from firebrick.ir.graph import ConvNode, Graph, Node, Shape
from firebrick.ir.verify import shapes
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.tensors import BATCH, BATCH_VALUES

MOST = 560 << 20
"""Bytes; what the allocator keeps of freed memory comes on top, some 200 MB."""
MAX_CROP_VALUES = 1 << 28
"""Most values of all crops."""
MAX_SAMPLES = 3 << 23
"""Most inputs, and most outputs, of a layer that its statistics are taken from."""
MAX_TAPS = 4608
"""Most weights of an output: those of 512 channels under a 3x3 kernel. Statistics take its
square."""
_STEP_BYTES = 24
"""Of a value that is computed: both streams, and sums in float64."""


def check(graph: Graph, options: QuantizeOptions) -> None:
    """Refuse what would take more.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    image = graph.input
    values = image.channels * image.height * image.width
    if values * options.crops > MAX_CROP_VALUES:
        raise FirebrickError(
            f"{graph.name}: image={image.width}x{image.height}: crops={options.crops} to calibrate "
            f"on exceed {MAX_CROP_VALUES} values: take a smaller image"
        )
    for node in graph.nodes:
        if isinstance(node, ConvNode) and _taps(node) > MAX_TAPS:
            raise node.fail("weights an output", _taps(node), f"exceeds {MAX_TAPS} in quantizing")


def patches(node: ConvNode, options: QuantizeOptions) -> int:
    """Positions of each crop that a layer's statistics are taken from."""
    width = max(_taps(node), len(node.weights))
    return max(1, min(options.patches, MAX_SAMPLES // (width * options.crops)))


def rooms(graph: Graph, options: QuantizeOptions) -> list[int]:
    """For each layer, the bytes that tensors may take while its output is needed."""
    known = shapes(graph)
    last = {source: at for at, node in enumerate(graph.nodes) for source in node.inputs}
    needs = [_need(x, known[x.name], options) for x in graph.nodes]
    return [
        MOST - max(needs[at : last.get(node.name, at) + 1]) for at, node in enumerate(graph.nodes)
    ]


def _taps(node: ConvNode) -> int:
    return int(node.weights[0].size)


def _need(node: Node, output: Shape, options: QuantizeOptions) -> int:
    """Bytes that quantizing a layer takes beside the tensors."""
    values = output.channels * output.height * output.width
    batch = _STEP_BYTES * max(min(BATCH * values, BATCH_VALUES), values)
    if not isinstance(node, ConvNode):
        return batch
    rows, taps = patches(node, options) * options.crops, _taps(node)
    inputs, outputs = 4 * rows * taps, 4 * rows * len(node.weights)
    # Both moments while the second is made; the Hessian and three times a part of it, see `gptq`.
    statistics = max(3 * inputs + 20 * taps**2, inputs + 32 * taps**2, inputs + 3 * outputs)
    return max(batch, statistics)
