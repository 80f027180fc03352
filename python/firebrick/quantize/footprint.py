# SPDX-License-Identifier: Apache-2.0
"""How much memory quantization takes, and what follows from it.

How many positions are sampled, and which tensors of the calibration crops are kept: all of it
stays within `MOST`, beside the network itself.
"""

from __future__ import annotations

from firebrick.errors import FirebrickError
from firebrick.ir.graph import Graph, Node, Shape
from firebrick.ir.rules import shapes
from firebrick.quantize.ops import recipe_for
from firebrick.quantize.options import QuantizeOptions
from firebrick.quantize.tensors import BATCH, BATCH_VALUES

MOST = 560 << 20
"""Bytes; what the allocator keeps of freed memory comes on top, some 200 MB."""
MAX_CROP_VALUES = 1 << 28
"""Most values of all crops."""
_STEP_BYTES = 24
"""Of a value that is computed: both streams, and sums in float64."""


def check(graph: Graph, options: QuantizeOptions) -> None:
    """Refuse what would take more.

    Raises:
        FirebrickError: naming layer, field, value and rule.
    """
    image = graph.input
    if image.values * options.crops > MAX_CROP_VALUES:
        raise FirebrickError(
            f"{graph.name}: image={image.width}x{image.height}: crops={options.crops} to calibrate "
            f"on exceed {MAX_CROP_VALUES} values: take a smaller image"
        )
    for node in graph.nodes:
        recipe_for(node).check(node)


def rooms(graph: Graph, options: QuantizeOptions) -> list[int]:
    """For each layer, the bytes that tensors may take while its output is needed."""
    known = shapes(graph)
    last = {source: at for at, node in enumerate(graph.nodes) for source in node.inputs}
    needs = [_need(x, known[x.name], options) for x in graph.nodes]
    return [
        MOST - max(needs[at : last.get(node.name, at) + 1]) for at, node in enumerate(graph.nodes)
    ]


def _need(node: Node, output: Shape, options: QuantizeOptions) -> int:
    """Bytes that quantizing a layer takes beside the tensors."""
    batch = _STEP_BYTES * max(min(BATCH * output.values, BATCH_VALUES), output.values)
    return max(batch, recipe_for(node).bytes_needed(node, options))
