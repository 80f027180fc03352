# SPDX-License-Identifier: Apache-2.0
"""How a tensor's integers are stored in the integer ONNX file.

Between layers: uint8, as `value - lo`, so that a signed tensor has the zero point `-lo`. Sums and
the network's output: int32, as they are.
"""

from __future__ import annotations

from firebrick.ir.graph import IMAGE
from firebrick.ir.network import Network
from firebrick.quantize.ops import recipe_of
from firebrick.quantize.ops.onnx_nodes import Storage


def storages(network: Network) -> dict[str, Storage]:
    """Storage of each tensor, the image included."""
    result = {IMAGE: Storage(network.image, wide=False)}
    for layer in network:
        wide = recipe_of(layer.operator).is_wide or layer.name == network.output
        result[layer.name] = Storage(layer.operator.output, wide)
    return result
